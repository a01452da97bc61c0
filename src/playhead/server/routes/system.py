"""The server about itself: whether it lives, whether it can store."""

from __future__ import annotations

from functools import cache

import msgspec
from starlette.responses import Response

from playhead import __version__
from playhead.errors import Unavailable
from playhead.model.answers import Health
from playhead.model.event import Object
from playhead.server.openapi import document
from playhead.server.reference import STYLE, page
from playhead.server.table import Call, Route

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
HTML = "text/html; charset=utf-8"
CSS = "text/css; charset=utf-8"


async def health(_: Call) -> Health:
    """Answer as long as the process lives."""
    return Health(status="ok", version=__version__)


async def ready(call: Call) -> Health:
    """Answer as long as something could be stored. Raises Unavailable."""
    await call.services.read(call.services.store.check_writable)
    return Health(status="ready", version=__version__)


async def metrics(call: Call) -> Response:
    """Answer in Prometheus' text format."""
    services = call.services
    gauges = await services.read(services.store.gauges)
    return Response(services.meter.exposition(gauges), media_type=PROMETHEUS)


async def openapi(_: Call) -> Response:
    """Answer with the OpenAPI document of every route."""
    return Response(_openapi(), media_type="application/json")


async def docs(_: Call) -> Response:
    """Answer with the same document as a page for people."""
    return Response(page(msgspec.json.decode(_openapi())), media_type=HTML)


async def docs_style(_: Call) -> Response:
    """Answer with that page's style."""
    return Response(STYLE, media_type=CSS)


@cache
def _openapi() -> bytes:
    from playhead.server.routes import ROUTES as ALL  # noqa: PLC0415  # the table holds this module's routes too

    return msgspec.json.encode(document(ALL))


ROUTES: tuple[Route, ...] = (
    Route(method="GET", path="/health", scope=None, handler=health, answer=Health, summary="Alive?", tag="system"),
    Route(
        method="GET",
        path="/ready",
        scope=None,
        handler=ready,
        answer=Health,
        summary="Can it store?",
        tag="system",
        errors=(Unavailable,),
    ),
    Route(
        method="GET",
        path="/metrics",
        scope=None,
        handler=metrics,
        answer=PROMETHEUS,
        summary="Counts and gauges for Prometheus",
        tag="system",
    ),
    Route(
        method="GET",
        path="/openapi.json",
        scope=None,
        handler=openapi,
        answer=Object,
        summary="This API's OpenAPI document",
        tag="system",
    ),
    Route(
        method="GET", path="/docs", scope=None, handler=docs, answer=HTML, summary="This API for people", tag="system"
    ),
    Route(
        method="GET",
        path="/docs/style.css",
        scope=None,
        handler=docs_style,
        answer=CSS,
        summary="The style of /docs",
        tag="system",
        hidden=True,
    ),
)
