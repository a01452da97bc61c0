"""``playhead open``: plays an exported file in the browser, from this machine alone."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from playhead.errors import Invalid, TooLarge

if TYPE_CHECKING:
    from playhead.cli.exported import Recording

HOST: Final = "127.0.0.1"
HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def open_file(
    file: Annotated[Path, typer.Argument(help="A session exported as json, ndjson or html.", show_default=False)],
    *,
    session: Annotated[
        str | None, typer.Option(help="Which session, when the file holds several.", show_default=False)
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the browser, or only print the address.")] = True,
) -> None:
    """Play an exported file in the browser. It is served to this machine alone, under an address that nobody can guess.

    No recording is stored and no server asked. Ctrl-C stops it.
    """
    import webbrowser

    player = _Player(_chosen(file, session))
    print(f"Playing {file} at {player.url}", flush=True)
    print("Press Ctrl-C to stop.", file=sys.stderr, flush=True)
    if browser:
        webbrowser.open(player.url)
    with player, suppress(KeyboardInterrupt):
        player.serve_forever()


def _chosen(file: Path, session_id: str | None) -> Recording:
    """Return the recording that is asked for. Raises Invalid, TooLarge, NotBuilt."""
    from playhead.cli.exported import recordings_of
    from playhead.server.recording_file import check_size, page_chunks

    found = {recording.session_id: recording for recording in recordings_of(file)}
    names = ", ".join(list(found)[:20])
    if session_id is None and len(found) > 1:
        raise Invalid(f"{file} holds {len(found)} sessions; --session takes one of them: {names}")
    recording = next(iter(found.values()), None) if session_id is None else found.get(session_id)
    if recording is None:
        raise Invalid(f"{file}: there is no session {session_id or ''} in it; there are: {names or 'none'}")
    try:
        check_size(recording.events, recording.size_bytes)
    except TooLarge as failure:
        raise TooLarge(f"{file}: {failure.message.replace('an html file', 'a page')}") from None
    next(page_chunks(()))
    return recording


class _Player(ThreadingHTTPServer):
    """Serves one page to this machine: under a random path, to requests that name this address as their host."""

    daemon_threads = True

    def __init__(self, recording: Recording) -> None:
        super().__init__((HOST, 0), _Request)
        self.recording = recording
        self.path = f"/{secrets.token_urlsafe(24)}/"
        self.host = f"{HOST}:{self.server_port}"
        self.url = f"http://{self.host}{self.path}"

    def chunks(self) -> Iterator[bytes]:
        """Yield the page."""
        from playhead.server.recording_file import page_chunks

        return page_chunks(self.recording.lines())


class _Request(BaseHTTPRequestHandler):
    server: _Player

    def do_GET(self) -> None:  # the name that http.server calls
        """Answer with the page, or with 404."""
        path = self.path.partition("?")[0]
        if self.headers.get("Host") != self.server.host or not secrets.compare_digest(
            path.encode(), self.server.path.encode()
        ):
            self.send_error(404)
            return
        self.send_response(200)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(ConnectionError):  # a reader that has left needs no more
            for chunk in self.server.chunks():
                self.wfile.write(chunk)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that http.server gives it
        """Say nothing: the address is a secret."""
