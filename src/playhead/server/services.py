"""What handlers work with: the store, the registry, the gate, the clock. Put together once, at start.

Time and randomness come from here, so that a test can stand in for both. Nothing here blocks the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import ParamSpec, TypeVar

from playhead.replay.cost import PriceTable
from playhead.server.attempts import Attempts
from playhead.server.audit import Audit
from playhead.server.auth import Gate
from playhead.server.body import Room
from playhead.server.hub import Hub
from playhead.server.ingest import Ingest
from playhead.server.meter import Meter
from playhead.server.project_settings import SettingsCache
from playhead.server.redacting import Redactions
from playhead.server.sampler import Sampler
from playhead.server.settings import Settings
from playhead.store.base import Registry, Store

P = ParamSpec("P")
T = TypeVar("T")

READERS = 4


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of a running server. ``clock`` returns microseconds since the epoch, ``random_bytes`` secrets."""

    settings: Settings
    store: Store
    registry: Registry
    gate: Gate
    clock: Callable[[], int]
    random_bytes: Callable[[int], bytes]
    readers: ThreadPoolExecutor
    prices: PriceTable
    ingest: Ingest
    hub: Hub
    sampler: Sampler
    meter: Meter
    room: Room
    project_settings: SettingsCache
    redactions: Redactions
    audit: Audit
    attempts: Attempts = field(default_factory=Attempts)

    async def read(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something that blocks (a store read) on a reader thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.readers, partial(function, *args, **kwargs))

    async def written(self, future: Future[T]) -> T:
        """Wait until a write is on stable storage; giving up waiting does not undo it."""
        loop = asyncio.get_running_loop()
        written = asyncio.Event()

        def tell(_: Future[T]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(written.set)

        future.add_done_callback(tell)
        await written.wait()
        return future.result()


def make_services(
    store: Store,
    registry: Registry,
    settings: Settings,
    *,
    clock: Callable[[], int],
    random_bytes: Callable[[int], bytes],
) -> Services:
    """Put the parts together around a store."""
    prices, meter = PriceTable(), Meter()
    readers = ThreadPoolExecutor(READERS, thread_name_prefix="playhead-reader")
    project_settings = SettingsCache(registry, settings, readers)
    return Services(
        settings=settings,
        store=store,
        registry=registry,
        gate=Gate(registry, settings, clock),
        clock=clock,
        random_bytes=random_bytes,
        readers=readers,
        prices=prices,
        ingest=Ingest(settings, prices, random_bytes),
        hub=Hub(),
        sampler=Sampler(),
        meter=meter,
        room=Room(settings.queue_bytes),
        project_settings=project_settings,
        redactions=Redactions(project_settings),
        audit=Audit(registry, meter),
    )
