"""The audit log's entries of readers: on stable storage before the answer, many in one commit, one in a while of each.

Entries of changes go with the changes into the store; here are those of what changes nothing. When the store cannot
take them, reads go on: what is missing is counted and logged. Used from the event loop alone.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeAlias

import structlog
from msgspec import Struct

from playhead.errors import PlayheadError
from playhead.model.audit import NewEntry
from playhead.server.meter import Meter
from playhead.store.audit import AuditLog

WINDOW_US: Final = 600_000_000
"""How long the same reader reading the same is one entry."""
MOST_WINDOWS: Final = 50_000
MOST_STRANGERS: Final = 100
LOG = structlog.get_logger()

Waiting: TypeAlias = "asyncio.Future[bool]"


class _Window(Struct, frozen=True):
    from_us: int
    entered: Waiting


class Audit:
    """Appends entries in a thread of its own. Those that come while it waits for the disk share the next commit."""

    def __init__(self, log: AuditLog, meter: Meter) -> None:
        self._log = log
        self._meter = meter
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="playhead-audit")
        self._waiting: list[tuple[NewEntry, Waiting]] = []
        self._appending: asyncio.Task[None] | None = None
        self._strangers: set[str] = set()
        self._strangers_from_us = 0
        self._windows: dict[tuple[object, ...], _Window] = {}

    async def enter(self, entry: NewEntry) -> bool:
        """Append an entry and return once it is on stable storage; False when it could not be."""
        return await asyncio.shield(self._submit(entry))

    async def enter_once(self, entry: NewEntry, about: str = "") -> None:
        """Append an entry unless its actor has one of the same action, target and ``about`` from this while."""
        name = (entry.project_no, entry.action, entry.outcome, entry.actor, entry.target, about)
        window = self._windows.get(name)
        if window is None or not covers(window.from_us, entry.at_us):
            self._make_room(entry.at_us)
            self._windows[name] = window = _Window(entry.at_us, self._submit(entry))
        if not await asyncio.shield(window.entered) and self._windows.get(name) is window:
            del self._windows[name]

    async def enter_stranger(self, entry: NewEntry) -> None:
        """Append the entry of somebody who was refused for having no key: once in a while for each address, and at
        most ``MOST_STRANGERS`` in all, so that nobody without a key fills the disk."""
        if not covers(self._strangers_from_us, entry.at_us):
            self._strangers_from_us = entry.at_us
            self._strangers.clear()
        if entry.address in self._strangers or len(self._strangers) < MOST_STRANGERS:
            self._strangers.add(entry.address)
            await self.enter_once(entry, entry.address)

    def close(self) -> None:
        """Append what waits, and stop the thread."""
        self._thread.shutdown()

    def _submit(self, entry: NewEntry) -> Waiting:
        entered = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, entered))
        if self._appending is None or self._appending.done():
            self._appending = asyncio.create_task(self._append_all())
        return entered

    async def _append_all(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            done = await self._append([entry for entry, _ in group])
            for _, entered in group:
                entered.set_result(done)

    async def _append(self, entries: list[NewEntry]) -> bool:
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._log.add_entries, entries)
        except Exception as error:  # noqa: BLE001  # whatever it is, nobody is kept from reading by it
            self._meter.audit_missed += len(entries)
            reason = error.message if isinstance(error, PlayheadError) else repr(error)
            LOG.warning("entries of the audit log are missing", count=len(entries), reason=reason)
            return False
        return True

    def _make_room(self, now_us: int) -> None:
        if len(self._windows) < MOST_WINDOWS:
            return
        self._windows = {name: window for name, window in self._windows.items() if covers(window.from_us, now_us)}
        for name in list(self._windows)[: max(0, len(self._windows) - MOST_WINDOWS // 2)]:
            del self._windows[name]


def covers(from_us: int, at_us: int) -> bool:
    """Say whether a moment lies in the while that began at one. A clock that was set back begins anew."""
    return from_us <= at_us < from_us + WINDOW_US
