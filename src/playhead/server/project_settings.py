"""Projects' settings as a server uses them: with its own in the place of what was never set, and remembered shortly.

A change through this server counts at once, one through another server within five seconds. Used from the event loop
alone; the registry is asked on a thread. Decides nothing about what settings mean.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final, NamedTuple

from playhead.model.audit import NewEntry, Origin, Target
from playhead.model.project_settings import ProjectSettings, Retention, SettingsChange, SettingsInForce, SettingsPatch
from playhead.model.redaction import Redaction
from playhead.server.settings import Settings
from playhead.store.base import Registry

FRESH_S: Final = 4.0
"""How long an answer of the registry counts, from before it was asked: what others change is seen within five
seconds."""


def in_force(settings: ProjectSettings, server: Settings) -> SettingsInForce:
    """Return what counts for a project that has set this, on a server with these settings."""
    timeout_s = settings.session_timeout_s
    return SettingsInForce(
        retention=Retention(days=server.retention_days) if settings.retention is None else settings.retention,
        redaction=settings.redaction or Redaction(),
        session_timeout_s=server.session_timeout_s if timeout_s is None else timeout_s,
    )


class SettingsCache:
    """Remembers what projects have set. ``clock_s`` is any clock that never goes back."""

    def __init__(
        self, registry: Registry, server: Settings, threads: Executor, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._registry = registry
        self._server = server
        self._threads = threads
        self._clock_s = clock_s
        self._known: dict[int, tuple[float, SettingsInForce]] = {}
        self._asking: dict[int, _Asking] = {}

    async def of(self, project: int) -> SettingsInForce:
        """Return what counts for a project: at once, or after one question that all who wait for it share.

        Raises Unavailable when the registry cannot be asked: nothing older than five seconds is ever answered.
        """
        known = self._known.get(project)
        if known is not None and self._clock_s() - known[0] < FRESH_S:
            return known[1]
        return await self._asked(project)

    async def change(self, project: int, patch: SettingsPatch, now_us: int, origin: Origin) -> SettingsChange:
        """Apply a change to a project's settings, enter it in the audit log, and return them as they were and are.
        Atomic, and on stable storage; of two changes at once neither undoes the other."""

        def changed(settings: ProjectSettings) -> ProjectSettings:
            return patch.applied(settings, in_force(settings, self._server))

        def entry(change: SettingsChange) -> NewEntry:
            target = Target("settings")
            return origin.entry(project, now_us, "settings.change", target, details=change.differences())

        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(
                self._threads, self._registry.set_project_settings, project, changed, now_us, entry
            )
        finally:
            self.forget(project)

    def forget(self, project: int) -> None:
        """Have the next question about a project asked anew; one that is being asked is not remembered."""
        self._known.pop(project, None)
        self._asking.pop(project, None)

    async def _asked(self, project: int) -> SettingsInForce:
        asking = self._asking.get(project)
        if asking is None or asking.answer.done():
            loop = asyncio.get_running_loop()
            since_s = self._clock_s()
            answer = loop.run_in_executor(self._threads, self._registry.project_settings, project)
            asking = self._asking[project] = _Asking(since_s, answer)
        found = in_force(await asyncio.shield(asking.answer), self._server)
        if self._asking.get(project) is asking:
            self._known[project] = asking.since_s, found
        return found


class _Asking(NamedTuple):
    """A question to the registry: since when it is being asked, and what will be its answer."""

    since_s: float
    answer: asyncio.Future[ProjectSettings]
