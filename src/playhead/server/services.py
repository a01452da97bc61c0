"""What handlers work with: the store, the registry, the gate, the clock. Put together once, at start.

Time and randomness come from here, so that a test can stand in for both. Nothing here blocks the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import ParamSpec, TypeVar

from playhead.server.auth import Gate
from playhead.server.settings import Settings
from playhead.store.base import Registry, Store

P = ParamSpec("P")
T = TypeVar("T")


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

    async def read(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something that blocks (a store read) on a reader thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.readers, partial(function, *args, **kwargs))

    async def written(self, future: Future[T]) -> T:
        """Wait until a write is on stable storage; giving up waiting does not undo it."""
        return await asyncio.shield(asyncio.wrap_future(future))
