"""Applications under the servers that people run them with, in a thread of the test, and what they recorded."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import uvicorn
from tests.support.recordings import eventually
from werkzeug.serving import WSGIRequestHandler, make_server

from playhead.testing import MemoryServer

Event = dict[str, Any]


class Quiet(WSGIRequestHandler):
    """Writes no log."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's names
        """Write nothing."""


@contextlib.contextmanager
def uvicorn_server(app: Any) -> Iterator[httpx.Client]:
    """Serve an ASGI application, and give a client of it."""
    config = uvicorn.Config(app, port=0, log_level="critical", lifespan="auto", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(20)


@contextlib.contextmanager
def werkzeug_server(app: Any) -> Iterator[httpx.Client]:
    """Serve a WSGI application with a thread for each request, and give a client of it."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False, timeout=20) as client:
            yield client
    finally:
        server.shutdown()
        thread.join(20)
        server.server_close()


class Recorded:
    """What a recorder sent, once it has."""

    def __init__(self) -> None:
        self.server = MemoryServer()
        self.recorder = self.server.recorder()

    def events(self, kind: str, count: int = 1) -> list[Event]:
        """Return the events of a kind, of which there must be ``count``, waiting for them."""
        found = eventually(lambda: kinds if len(kinds := self.server.of_type(kind)) >= count else None)
        assert found is not None
        assert len(found) == count
        return found

    def one(self, kind: str) -> Any:
        """Return the data of the only event of a kind."""
        (event,) = self.events(kind)
        return event["data"]

    def steps(self, count: int) -> list[Any]:
        """Return the data of the steps of kind http, in the order of their ends."""
        return [event["data"] for event in self.events("step", count)]
