"""The application: binds the table of routes to Starlette. Decoding, authorization and failures happen here, once.

A request is admitted first, then its query and body are decoded into the structs that the route names, then the handler
answers. Whatever is raised becomes the failure envelope. No route is known here by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from time import perf_counter
from typing import Any, cast

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Router
from starlette.routing import Route as Path
from starlette.types import ASGIApp, Receive, Scope, Send

from playhead.errors import MethodNotAllowed, PlayheadError
from playhead.model.results import KeyRecord
from playhead.server import problems
from playhead.server.body import LARGE_BYTES, Guest, check_depth, read_body
from playhead.server.guards import HostCheck, SecurityHeaders
from playhead.server.intake import Intake
from playhead.server.query import bind
from playhead.server.services import Services
from playhead.server.table import Call, Route

Endpoints = dict[str, "Endpoint"]


class Endpoint:
    """One route, ready to be called: its decoder is prepared once."""

    def __init__(self, route: Route, services: Services) -> None:
        self.route = route
        self._services = services
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Any if route.raw else route.body)

    async def answer(self, request: Request) -> Response:
        """Admit, decode, handle, encode."""
        route, services = self.route, self._services
        key = await self._admitted(request, route.scope) if route.scope is not None else None
        try:
            answer = await self._handled(request, key)
        except PlayheadError as error:
            raise error if key is None else await services.redactions.told(error, key.project.no) from None
        return answer if isinstance(answer, Response) else problems.struct_response(answer, route.status)

    async def _handled(self, request: Request, key: KeyRecord | None) -> Any:
        route, services = self.route, self._services
        query = bind(route.query, request.scope["query_string"]) if route.query is not None else None
        with services.room.guest(None if key is None else key.project.no) as guest:
            body = await self._body(request, guest) if route.takes_body else None
            return await route.handler(Call(request, services, key, query, body))

    async def _admitted(self, request: Request, scope: str) -> KeyRecord:
        gate = self._services.gate
        if gate.asks_remotely:
            return gate.admit(await self._services.read(gate.recognize, request), scope)
        return gate.admit(gate.recognize(request), scope)

    async def _body(self, request: Request, guest: Guest) -> Any:
        raw = await read_body(request, self._services.settings, guest)
        if self.route.raw:
            return raw
        if len(raw) > LARGE_BYTES:
            return await self._services.read(self._decoded, raw)
        return self._decoded(raw if raw.strip() or not self.route.optional else b"{}")

    def _decoded(self, raw: bytes) -> Any:
        check_depth(raw, self._services.settings.max_depth)
        try:
            return self._decoder.decode(raw)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise problems.of_decoding(error) from None


class Door:
    """One path and the endpoints of its methods, as an ASGI application."""

    def __init__(self, endpoints: Endpoints, services: Services) -> None:
        self._services = services
        self._endpoints = endpoints | ({"HEAD": endpoints["GET"]} if "GET" in endpoints else {})
        self._allow = {"Allow": ", ".join(sorted(self._endpoints))}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a caller that went away is not answered."""
        intake = Intake(receive)
        request = Request(scope, intake.receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        if response.status_code >= 400 and intake.is_pending(request):
            await intake.send_early(response, scope, send, self._services.settings.max_body_bytes)
        else:
            await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        endpoint = self._endpoints.get(request.method)
        if endpoint is None:
            return problems.problem(MethodNotAllowed(), self._allow)
        began, meter = perf_counter(), self._services.meter
        meter.active += 1
        try:
            response = await _answer(endpoint, request)
        finally:
            meter.active -= 1
        meter.request(request.method, endpoint.route.path, response.status_code, perf_counter() - began)
        return response


async def _answer(endpoint: Endpoint, request: Request) -> Response:
    try:
        return await endpoint.answer(request)
    except PlayheadError as error:
        return problems.problem(error)
    except ClientDisconnect:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, the caller gets the envelope and the log the rest
        return problems.problem(problems.unexpected(error))


def bind_routes(routes: Iterable[Route], services: Services) -> list[BaseRoute]:
    """Return Starlette's routes for the table's: one a path, fixed segments before parameters."""
    ordered = sorted(routes, key=lambda route: (_shape(route.path), route.path))
    return [
        Path(path, Door({route.method: Endpoint(route, services) for route in rows}, services))
        for path, rows in groupby(ordered, key=lambda route: route.path)
    ]


def _shape(path: str) -> list[bool]:
    return ["{" in segment for segment in path.split("/")]


class Paths:
    """Starlette's routers, one for each number of segments that a path can have: few routes are tried for a request."""

    def __init__(self, routes: Sequence[BaseRoute], pages: ASGIApp | None) -> None:
        self._other = Router(default=pages, redirect_slashes=False)
        lengths = {_length(route) for route in routes}
        self._routers = {
            length: Router(
                [route for route in routes if _length(route) == length], default=pages, redirect_slashes=False
            )
            for length in lengths
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._routers.get(scope["path"].count("/"), self._other)(scope, receive, send)


def _length(route: BaseRoute) -> int:
    return cast(Path, route).path.count("/")


def make_app(routes: Iterable[Route], services: Services, pages: ASGIApp | None = None) -> ASGIApp:
    """Return the ASGI application: the table's routes, and ``pages`` (the dashboard) for every other path."""
    app = Starlette(exception_handlers={HTTPException: _failure})
    app.router.redirect_slashes = False
    app.router.default = Paths(bind_routes(routes, services), pages)
    return SecurityHeaders(HostCheck(app, services))


async def _failure(_: Request, error: Exception) -> Response:
    return problems.problem(problems.of_http(error) if isinstance(error, HTTPException) else problems.unexpected(error))
