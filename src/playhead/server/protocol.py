"""HTTP itself: uvicorn's protocol, with patience that ends, and with our envelope for what is no HTTP."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from playhead.errors import BadRequest
from playhead.server.problems import problem


class Protocol(HttpToolsProtocol):
    """One connection."""

    head_s: ClassVar[float] = 30.0
    """Seconds that the head of a request may take to arrive."""
    _deadline: asyncio.TimerHandle | None = None

    @classmethod
    def within(cls, head_s: float) -> type[Protocol]:
        """Return the protocol with another patience."""
        return type(cls.__name__, (cls,), {"head_s": head_s})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a first request."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._head_arrived()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a further request's head."""
        super().on_message_begin()
        self._wait_for_head()

    def on_headers_complete(self) -> None:
        """Take a request whose head is there."""
        self._head_arrived()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse bytes that are no HTTP request, or one whose address is too long, and close the connection."""
        response = problem(BadRequest(f"{msg.rstrip('.')}: not HTTP, or an address that is too long"))
        status = HTTPStatus(response.status_code)
        head = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
        head += [name + b": " + value for name, value in response.raw_headers]
        self.transport.write(b"\r\n".join([*head, b"connection: close", b"", b""]) + bytes(response.body))
        self.transport.close()

    def _wait_for_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.head_s, self.transport.close)

    def _head_arrived(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
