"""The table of routes, put together from its parts: the one place that binding, OpenAPI, docs and tests read."""

from __future__ import annotations

from playhead.server.routes import keys, live, recording, signin, system
from playhead.server.table import Route

ROUTES: tuple[Route, ...] = (*recording.ROUTES, *live.ROUTES, *keys.ROUTES, *signin.ROUTES, *system.ROUTES)
