"""``playhead serve``: runs the server until it is told to stop."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from playhead.cli.options import DataDir
from playhead.errors import PlayheadError

if TYPE_CHECKING:
    from playhead.server.run import Ready
    from playhead.server.settings import Settings

Host = Annotated[
    str | None, typer.Option(help="Address to listen on; else PLAYHEAD_HOST, else 127.0.0.1.", show_default=False)
]
Port = Annotated[
    str | None,
    typer.Option(help="Port to listen on, 0 for a free one; else PLAYHEAD_PORT, else 4747.", show_default=False),
]


def serve(host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Run the server: recording, dashboard and API on one port. Ctrl-C stops it when everything is written.

    Every other setting is an environment variable PLAYHEAD_…; see docs/settings.md.
    """
    from playhead.server.settings import from_environment

    run_server(from_environment(host=host, port=port, data_dir=data_dir), announce)


def run_server(settings: Settings, on_ready: Callable[[Ready], None]) -> None:
    """Run a server until it is told to stop; an address that cannot be had is told in words. Raises PlayheadError."""
    from playhead.server import run

    try:
        run.serve(settings, on_ready)
    except OSError as failure:
        if failure.filename is not None:
            raise
        raise PlayheadError(
            f"cannot listen on {settings.host}:{settings.port}: {failure.strerror}; --port takes another one"
        ) from failure


def announce(ready: Ready) -> None:
    """Say where the server listens (the first line of stdout, exactly), how to sign in, and a new key."""
    print(f"Playhead listening on {ready.url}", flush=True)
    if ready.sign_in_url is not None:
        print(f"Open the dashboard: {ready.sign_in_url}", flush=True)
    else:
        print(f"Open the dashboard: {ready.url} (sign in with a key)", flush=True)
    announce_key(ready)
    print("Press Ctrl-C to stop.", file=sys.stderr, flush=True)


def announce_key(ready: Ready) -> None:
    """Show the admin key that this start made, if it made one."""
    if ready.new_key is not None:
        print(f"Admin key of project default, shown this once: {ready.new_key}", flush=True)
