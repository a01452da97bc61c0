"""The server about itself: whether it lives, whether it can store."""

from __future__ import annotations

from starlette.responses import Response

from playhead import __version__
from playhead.errors import Unavailable
from playhead.model.answers import Health
from playhead.server.table import Call, Route

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


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
)
