"""Answering before the body is in: a refusal goes out at once, and the caller gets a while to finish and read it.

Closing at once would reset the connection under a caller that is still sending, which then never sees the answer. What
arrives meanwhile is dropped, up to a limit in bytes and time; then the connection closes.
"""

from __future__ import annotations

import asyncio
import contextlib

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

LINGER_S = 10.0
SMALL_BYTES = 65_536


class Intake:
    """The arriving side of one request: hands messages on, and knows whether the body is complete."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.complete = False

    async def receive(self) -> Message:
        """Return the next message."""
        message = await self._receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            self.complete = True
        return message

    def is_pending(self, request: Request) -> bool:
        """Say whether much of the body may still be on its way."""
        if self.complete:
            return False
        declared = request.headers.get("content-length", "0")
        return "transfer-encoding" in request.headers or not declared.isdecimal() or int(declared) > SMALL_BYTES

    async def drop(self, limit: int) -> None:
        """Drop what arrives until the body is complete, ``limit`` bytes have come, or ``LINGER_S`` seconds passed."""
        size = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while not self.complete and size <= limit:
                    size += len((await self.receive()).get("body", b""))

    async def send_early(self, response: Response, scope: Scope, send: Send, limit: int) -> None:
        """Send an answer now, drop what still arrives, then close the connection."""

        async def send_open(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["more_body"] = True
            await send(message)

        response.headers["Connection"] = "close"
        await response(scope, self.receive, send_open)
        await self.drop(limit)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
