"""The table of routes, put together from its parts: the one place that binding, OpenAPI, docs and tests read."""

from __future__ import annotations

from playhead.server.routes import recording, system
from playhead.server.table import Route

ROUTES: tuple[Route, ...] = (*recording.ROUTES, *system.ROUTES)
