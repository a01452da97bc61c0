"""What every request passes: a Host that is ours, and headers that keep captured text from ever running."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playhead.errors import BadRequest, PlayheadError
from playhead.server.problems import problem
from playhead.server.services import Services

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
SECURITY = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class HostCheck:
    """Refuses requests for a Host that is not ours, before anything else looks at them."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 403, or 400."""
        if scope["type"] == "http":
            try:
                self._services.gate.check_host(_only(Request(scope).headers.getlist("host")))
            except PlayheadError as error:
                await problem(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _only(hosts: list[str]) -> str:
    """Return a request's Host, or nothing. Of several, a proxy may have looked at another (RFC 9112, 3.2)."""
    if len(hosts) > 1:
        raise BadRequest("The request has more than one Host")
    return hosts[0] if hosts else ""


class SecurityHeaders:
    """Puts the security headers on every answer that does not bring its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its answer with the headers."""

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in SECURITY if pair[0] not in given)]
            await send(message)

        await self._app(scope, receive, send_secured)
