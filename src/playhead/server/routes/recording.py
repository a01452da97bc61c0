"""Recording: starting, feeding, ending, changing and erasing sessions."""

from __future__ import annotations

from playhead.server.table import Route

ROUTES: tuple[Route, ...] = ()
