"""HTTP itself: uvicorn's protocol, with patience that ends, answers that leave in one piece, and our envelope for what
is no HTTP."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from playhead.errors import BadRequest
from playhead.server.problems import problem

MANY_BYTES = 65_536


class Outgoing:
    """The sending side of a connection: what is written in one turn of the event loop leaves together.

    An answer's head and body are written one behind the other; sent so, they would be two packets and wake the caller
    twice. Anything but ``write`` is the transport's own.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send bytes, at the end of this turn or when they have become many."""
        if not self._parts:
            self._loop.call_soon(self.flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > MANY_BYTES:
            self.flush()

    def close(self) -> None:
        """Send what is left and close."""
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        """Send what was written until now."""
        parts, self._parts, self._size = self._parts, [], 0
        if parts and not self._transport.is_closing():
            self._transport.write(b"".join(parts))


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
        super().connection_made(cast(asyncio.Transport, Outgoing(transport, self.loop)))  # which it is in all but name
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
