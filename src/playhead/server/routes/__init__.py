"""The table of routes, put together from its parts: the one place that binding, OpenAPI, docs and tests read."""

from __future__ import annotations

from playhead.server.routes import (
    activity,
    auditing,
    comparing,
    exporting,
    keys,
    live,
    notes,
    reading,
    recording,
    searching,
    settings,
    shared,
    sharing,
    signin,
    stats,
    system,
)
from playhead.server.table import Route

ROUTES: tuple[Route, ...] = (
    *recording.ROUTES,
    *reading.ROUTES,
    *searching.ROUTES,
    *stats.ROUTES,
    *comparing.ROUTES,
    *activity.ROUTES,
    *live.ROUTES,
    *exporting.ROUTES,
    *sharing.ROUTES,
    *shared.ROUTES,
    *notes.ROUTES,
    *keys.ROUTES,
    *auditing.ROUTES,
    *settings.ROUTES,
    *signin.ROUTES,
    *system.ROUTES,
)
