"""HTTP itself: uvicorn's protocol, with patience and room that end, answers that leave in one piece, and our envelope
for what is no HTTP."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, ClassVar, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from playhead.errors import BadRequest, PlayheadError, TooLarge
from playhead.server.problems import problem

MANY_BYTES = 65_536
PAUSE = 10
"""How many times as long a caller may take nothing of an answer: somebody may be reading it a page at a time."""
MOST_HEAD_BYTES = 131_072
"""Bytes that a head may have, and again what stands around and behind the parts of a chunked body."""


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

    patience_s: ClassVar[float] = 30.0
    """Seconds that the head of a request may take to arrive, and what is left of a body that was answered early."""
    _stalled: asyncio.TimerHandle | None = None
    _deadline: asyncio.TimerHandle | None = None
    _fruitless_bytes = 0
    """What arrived since a head was last complete or a body last grew."""
    _arriving = False
    """Whether a request's head is there and its body is not, or not whole."""

    @classmethod
    def within(cls, patience_s: float) -> type[Protocol]:
        """Return the protocol with another patience."""
        return type(cls.__name__, (cls,), {"patience_s": patience_s})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a first request."""
        super().connection_made(cast(asyncio.Transport, Outgoing(transport, self.loop)))  # which it is in all but name
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait_no_more()
        self._watch_no_more()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Send no more until the caller has taken what waits. One who takes nothing at all is let go after a while."""
        super().pause_writing()
        self._watch_no_more()
        self._watch()

    def resume_writing(self) -> None:
        """Send on."""
        self._watch_no_more()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Read on. Who asks for another protocol is answered in this one, body and all, as RFC 9110 (7.8) allows."""
        self._unset_keepalive_if_required()
        while data and not self.transport.is_closing():
            self._fruitless_bytes += len(data)
            data = self._feed(data)
        if self._fruitless_bytes > MOST_HEAD_BYTES:
            self._refuse(
                TooLarge(f"The request's head, or what stands around its body, is over {MOST_HEAD_BYTES} bytes")
            )

    def _feed(self, data: bytes) -> bytes:
        """Let the parser read, and return what it has to read again, which is nothing as a rule.

        It takes what follows a head with ``Upgrade`` for the other protocol. So it begins anew, with the same head but
        for the wish.
        """
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self.parser.get_method() != b"CONNECT":
                return self._head_without_upgrade() + data[upgrade.args[0] :]
            self._refuse(BadRequest("CONNECT is for proxies, and this is none"))
        except httptools.HttpParserError:
            self._refuse(BadRequest("Not HTTP, or an address that is too long"))
        return b""

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a further request's head."""
        super().on_message_begin()
        self._wait()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; nobody reads those behind a body."""
        if not self._arriving:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Take a request whose head is there."""
        self._fruitless_bytes = 0
        if self.parser.should_upgrade():
            return
        self._arriving = True
        self._wait_no_more()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._fruitless_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Take a request that is whole."""
        if self.parser.should_upgrade():
            return
        self._arriving = False
        self._wait_no_more()
        super().on_message_complete()
        if self.cycle.response_complete:
            self._wait()

    def on_response_complete(self) -> None:
        """Wait for the next request; for the rest of one that was answered early only so long."""
        super().on_response_complete()
        if self._arriving and self.cycle.response_complete:
            self._wait()

    def _head_without_upgrade(self) -> bytes:
        """Return the head that was read, without ``Upgrade``, for a parser that begins again."""
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (method, self.url, version)]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return b"\r\n".join([*lines, b"", b""])

    def _refuse(self, error: PlayheadError) -> None:
        """Answer what is no request, or none that is taken, and close the connection."""
        if self.transport.is_closing():
            return
        response = problem(error)
        status = HTTPStatus(response.status_code)
        head = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
        head += [name + b": " + value for name, value in response.raw_headers]
        self.transport.write(b"\r\n".join([*head, b"connection: close", b"", b""]) + bytes(response.body))
        self.transport.close()

    def _watch(self) -> None:
        waiting_bytes = self.transport.get_write_buffer_size()
        self._stalled = self.loop.call_later(PAUSE * self.patience_s, self._look, waiting_bytes)

    def _look(self, before_bytes: int) -> None:
        if self.transport.get_write_buffer_size() < before_bytes:
            self._watch()
        else:
            self.transport.abort()

    def _watch_no_more(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _wait(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.patience_s, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
