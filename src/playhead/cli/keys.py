"""``playhead keys``: make, list and revoke API keys, also beside a running server."""

from __future__ import annotations

import re
import secrets
import time
from typing import Annotated

import typer

from playhead.cli.options import DataDir
from playhead.errors import Invalid, KeyNotFound
from playhead.model.moment import format_us, parse_us
from playhead.model.results import Scope

app = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)

UNITS_US = {"m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000, "w": 604_800_000_000}


@app.command()
def create(
    project: Annotated[str, typer.Option(help="Project that the key belongs to; made when there is none.")] = "default",
    scope: Annotated[Scope, typer.Option(help="ingest records, read reads, admin does everything.")] = "ingest",
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    expires: Annotated[
        str | None, typer.Option(help="When it ends: 12h, 30d, 8w, a date or an RFC 3339 time.", show_default="never")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Make a key and print it. It is shown this once."""
    from playhead.cli.source import command_line, open_store
    from playhead.server.keyring import make_key
    from playhead.server.settings import from_environment

    now_us = time.time_ns() // 1000
    expires_us = _expiry_us(expires, now_us)
    _check(project, label)
    with open_store(data_dir, make=True) as opened:
        record, key = make_key(
            opened.registry,
            opened.registry.ensure_project(project, now_us),
            scope=scope,
            now_us=now_us,
            random_bytes=secrets.token_bytes,
            label=label,
            expires_us=expires_us,
            origin=command_line("playhead keys create"),
        )
    typer.echo(key)
    typer.echo(
        f"{record.id}: {scope} of project {project} in {from_environment(data_dir=data_dir).place}; shown this once",
        err=True,
    )


@app.command("list")
def list_keys(data_dir: DataDir = None) -> None:
    """List all keys: never the keys themselves."""
    from rich.console import Console

    from playhead.cli.look import line, print_table
    from playhead.cli.source import open_store

    with open_store(data_dir) as opened:
        keys = opened.registry.list_keys()
    now_us = time.time_ns() // 1000
    print_table(
        Console(),
        ("key", "project", "scope", "state", "made", "expires", "label"),
        (
            (
                key.id,
                key.project.name,
                key.scope,
                _state(key.revoked_us, key.expires_us, now_us),
                _day(key.created_us),
                _day(key.expires_us),
                line(key.label, 60),
            )
            for key in keys
        ),
        elastic="label",
        spare=("made", "expires"),
    )


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `playhead keys list` shows it.")],
    data_dir: DataDir = None,
) -> None:
    """Revoke a key. A running server refuses it at once."""
    from playhead.cli.source import command_line, open_store
    from playhead.server.keyring import entry_of_key

    with open_store(data_dir) as opened:
        record, now_us = opened.registry.get_key(key_id), time.time_ns() // 1000
        if record is None:
            raise KeyNotFound
        entry = entry_of_key("key.revoke", record, command_line("playhead keys revoke"), now_us)
        opened.registry.revoke_key(key_id, now_us, entry=entry)
    typer.echo(f"{record.id} is revoked")


def _day(us: int | None) -> str:
    return "never" if us is None else format_us(us)[:16] + "Z"


def _state(revoked_us: int | None, expires_us: int | None, now_us: int) -> str:
    if revoked_us is not None:
        return "revoked"
    return "expired" if expires_us is not None and expires_us <= now_us else "active"


def _expiry_us(text: str | None, now_us: int) -> int | None:
    if text is None:
        return None
    span = re.fullmatch(r"(\d{1,6})([mhdw])", text.strip())
    try:
        expires_us = now_us + int(span[1]) * UNITS_US[span[2]] if span else parse_us(text)
        format_us(expires_us)
    except (ValueError, OverflowError):
        raise Invalid(f"--expires: {text!r} is neither a span like 12h, 30d or 8w nor a time") from None
    if expires_us <= now_us:
        raise Invalid(f"--expires: {text} has passed already")
    return expires_us


def _check(project: str, label: str) -> None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", project):
        raise Invalid("--project: expected 1 to 64 of a-z 0-9 -, beginning with a letter or a digit")
    if len(label) > 200 or "\x00" in label:
        raise Invalid("--label: expected at most 200 characters")
