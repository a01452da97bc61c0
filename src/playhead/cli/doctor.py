"""``playhead doctor``: examines a data directory and says how it is; changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from playhead.cli.options import DataDir
from playhead.errors import Invalid

if TYPE_CHECKING:
    from pathlib import Path

    from playhead.store.health import Health, Size

MARKS = {"ok": "ok", "warning": "look", "error": "DAMAGED"}
MOST_TABLES = 12


def doctor(
    data_dir: DataDir = None,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Read every page and every event; takes as long as that takes.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Examine the recordings: whether everything is there and can be read, and what takes how much room.

    Works beside a running server, and changes nothing. Leaves with 1 when something is damaged.
    """
    from playhead.store.sqlite.doctor import examine

    health = examine(directory_of(data_dir), thorough=thorough)
    if as_json:
        import msgspec

        print(msgspec.json.format(msgspec.json.encode(health)).decode())
    else:
        _print(health)
    if not health.is_sound:
        raise typer.Exit(1)


def directory_of(data_dir: str | None) -> Path:
    """Return the directory that an option or the settings name. Raises Invalid when there are no recordings in one."""
    from playhead.server.settings import from_environment

    place = from_environment(data_dir=data_dir).place
    if place.database_url is not None:
        raise Invalid(f"recordings are in {place}, which has tools of its own for this; --data-dir names a directory")
    if not place.exists():
        raise Invalid(f"there are no recordings in {place}; name a directory with --data-dir")
    return place.data_dir


def _print(health: Health) -> None:
    from playhead.cli.look import line

    counts = ", ".join(f"{health.counts.get(name, 0):,} {name}" for name in ("projects", "sessions", "events"))
    print(f"Recordings in {line(health.place, 400)}: {counts}\n")
    for finding in health.findings:
        print(f"{MARKS[finding.level]:8} {finding.subject:13} {line(finding.message, 400)}")
    print("\n   bytes of files")
    print_sizes(health.files)
    print("\n   bytes of tables and indexes")
    print_sizes(health.tables[:MOST_TABLES])
    print("\nEverything can be read." if health.is_sound else "\nSomething is damaged: see above.")


def print_sizes(sizes: list[Size]) -> None:
    """Print a size a line."""
    for size in sizes:
        print(f"{size.size_bytes:>16,} {size.name}")
