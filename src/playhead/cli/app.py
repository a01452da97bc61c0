"""The tree of commands, and what becomes of their failures: a sentence and an exit code, never a traceback."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from playhead import __version__
from playhead.cli import (  # named as the commands are
    compact,
    demo,
    doctor,
    keys,
    list,  # noqa: A004 - as above
    migrate,
    open,  # noqa: A004 - as above
    replay,
    serve,
    show,
)
from playhead.errors import PlayheadError

app = typer.Typer(
    name="playhead",
    help="The flight recorder for AI applications: records sessions, keeps them, plays them back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.add_typer(keys.app, name="keys")
app.command("list")(list.list_sessions)
app.command("show")(show.show)
app.command("replay")(replay.replay)
app.command("migrate")(migrate.migrate)
app.command("open")(open.open_file)
app.command("doctor")(doctor.doctor)
app.command("compact")(compact.compact)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"playhead {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """The flight recorder for AI applications: records sessions, keeps them, plays them back."""


def run() -> int:
    """Run the command of this process's arguments and return its exit code."""
    try:
        app()
    except PlayheadError as failure:
        return _fail(failure.message)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has left; so do we
        return 0
    except OSError as failure:
        return _fail(f"{failure.strerror or failure}{f': {failure.filename}' if failure.filename else ''}")
    return 0


def _fail(message: str) -> int:
    from playhead.cli.look import safe

    typer.echo(f"playhead: {safe(message)}", err=True)
    return 1
