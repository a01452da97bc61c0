"""Middleware for ASGI applications: Starlette, FastAPI, Litestar, Django and others. Touches no message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

from playhead.record.web._middleware import Head, Middleware
from playhead.record.web._request import RecordedRequest

Send: TypeAlias = Callable[[Any], Awaitable[None]]

LAST = frozenset({"http.response.body", "http.response.pathsend", "http.response.zerocopysend"})


class PlayheadASGI(Middleware):
    """An application whose requests are recorded, each as a step in a session that is current inside.

        app = PlayheadASGI(app, include=["/api/*"], user=lambda scope: scope["user"].username)

    ``user`` is given the scope. Messages pass as they are, one by one; web sockets and lifespan are not looked at.
    """

    integration = "asgi"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request as the application does."""
        request = self._begin(scope) if scope["type"] == "http" else None
        if request is None:
            await self.app(scope, receive, send)
            return
        try:
            with request.place:
                await self.app(scope, receive, _watched(send, request))
        except BaseException as error:
            request.failed(error)
            raise
        finally:
            request.close()

    def _spelled(self, header: str) -> bytes:
        return header.lower().encode("latin-1")

    def _head(self, surroundings: Any) -> Head:
        conversation = _value(surroundings.get("headers", ()), self._header)
        return Head(surroundings["method"], surroundings["path"], conversation, surroundings)


def _watched(send: Send, request: RecordedRequest) -> Send:
    async def watched(message: Any) -> None:
        await send(message)
        with request.guarded():
            kind = message["type"]
            if kind == "http.response.start":
                request.answered(message["status"])
            elif kind in LAST and not message.get("more_body", False):
                request.complete()

    return watched


def _value(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    for key, value in headers:
        if key.lower() == name:
            return value.decode("latin-1").strip() or None
    return None
