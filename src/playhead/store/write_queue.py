"""The queue in front of a store's single writer: bounded, fair between projects, many writes at a time.

Owns what callers wait for and how much may wait; which thread writes, and what becomes of the queue when that fails.
How a group of writes is committed is the engine's: ``commit`` is called in the writing thread with a group, and sets
each write's ``outcome``; futures are resolved behind it. While it waits for the disk, the next group gathers. The
thread starts with the first write.

Every project has a lane of its own, in which its writes keep their order; what belongs to no project has another. A
group takes a write of each lane in turn until it is large enough, so that a flood in one lane delays the others by one
group at most, and each lane's part of the bounds is its ``Allowance``.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from playhead.errors import StoreBusy, Unavailable
from playhead.store.allowance import Allowance

MAX_CHANGES = 20_000
MAX_BYTES = 48 << 20
GROUP_CHANGES = 400
GROUP_BYTES = 8 << 20
FEW_CHANGES = 64
GATHER_S = 0.002
"""How long small writes that came together before are waited for, to be committed together again."""

T = TypeVar("T")
log = logging.getLogger("playhead.store")


class Write(Generic[T]):
    """A write in the queue: how it is done by itself, and its description if it can be done together with others.

    ``project`` is the number of the project whose lane it waits in, None for what belongs to none.
    """

    def __init__(
        self, run: Callable[[Any], T], description: object, changes: int, size_bytes: int, project: int | None = None
    ) -> None:
        self.run = run
        self.description = description
        self.changes = changes
        self.size_bytes = size_bytes
        self.project = project
        self.future: Future[T] = Future()
        self.outcome: T | Exception

    def resolve(self) -> None:
        """Tell who waits."""
        if isinstance(self.outcome, Exception):
            self.future.set_exception(self.outcome)
        else:
            self.future.set_result(self.outcome)


class WriteQueue:
    """Hands writes to ``commit`` in groups; ``after`` runs in the writing thread behind each.

    ``max_changes`` and ``max_bytes`` bound what is queued or being written. ``group_changes`` and ``group_bytes`` are
    how much is enough for a group. A commit that raises ends the thread: whatever waits fails with Unavailable, and so
    does every later write.
    """

    def __init__(
        self,
        commit: Callable[[list[Write[Any]]], None],
        after: Callable[[], None],
        *,
        max_changes: int = MAX_CHANGES,
        max_bytes: int = MAX_BYTES,
        group_changes: int = GROUP_CHANGES,
        group_bytes: int = GROUP_BYTES,
    ) -> None:
        self._commit = commit
        self._after = after
        self._group_changes = group_changes
        self._group_bytes = group_bytes
        self._lanes: defaultdict[int | None, deque[Write[Any]]] = defaultdict(deque)
        self._changes = Allowance(max_changes)
        self._bytes = Allowance(max_bytes)
        self._waiting = 0
        self._wanted = 1
        self._usual = 1
        self._closing = False
        self._dead: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._change = threading.Condition()

    def put(self, write: Write[T]) -> Future[T]:
        """Queue a write and return its future at once; a write of no changes is always taken.

        Raises StoreBusy when the queue, or the project's part of it, is full, Unavailable when the store is closed or
        the writer has died.
        """
        with self._change:
            self._refuse_if_stopped()
            if write.changes and not self._has_room(write.project, write.changes, write.size_bytes):
                raise self._busy(write.project)
            self._lanes[write.project].append(write)
            self._changes.take(write.project, write.changes)
            self._bytes.take(write.project, write.size_bytes)
            self._waiting += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="playhead-writer", daemon=True)
                self._thread.start()
            if self._waiting >= self._wanted or write.changes > FEW_CHANGES:
                self._change.notify_all()
        return write.future

    def check(self) -> None:
        """Raise Unavailable or StoreBusy when a write would not be taken."""
        with self._change:
            self._refuse_if_stopped()
            if not self._has_room(None, 1, 0):
                raise StoreBusy

    def gauges(self) -> dict[str, float]:
        """Return queue_depth (changes) and queue_bytes."""
        with self._change:
            return {"queue_depth": self._changes.total, "queue_bytes": self._bytes.total}

    def close(self) -> bool:
        """Write what is queued and stop the thread; False when that has been done before."""
        with self._change:
            if self._closing:
                return False
            self._closing = True
            self._change.notify_all()
        if self._thread is not None:
            self._thread.join()
        return True

    def _has_room(self, project: int | None, changes: int, size_bytes: int) -> bool:
        """Say whether a write fits; one that finds nothing else waiting always does."""
        if not self._changes.total:
            return True
        return self._changes.has_room(project, changes) and self._bytes.has_room(project, size_bytes)

    def _busy(self, project: int | None) -> StoreBusy:
        queued = {"queued": self._changes.total, "queuedBytes": self._bytes.total}
        return StoreBusy(details=queued | {"queuedOfProject": self._changes.used(project)})

    def _refuse_if_stopped(self) -> None:
        if self._dead is not None:
            raise Unavailable(f"The writer has stopped: {self._dead!r}")
        if self._closing:
            raise Unavailable("The store is closed")

    # --- the writing thread --------------------------------------------------------------------------------------

    def _run(self) -> None:
        group: list[Write[Any]] = []
        try:
            while group := self._next_group():
                self._write(group)
                self._after()
        except BaseException as error:
            log.critical("the writer has stopped", exc_info=error)
            self._die(error, group)

    def _next_group(self) -> list[Write[Any]]:
        """Wait for writes and return a group of them; nothing when the store is closing and all is written."""
        with self._change:
            while not self._waiting and not self._closing:
                self._change.wait()
            self._gather()
            group = self._take_group()
            self._usual = len(group)
        return group

    def _gather(self) -> None:
        """Wait a moment for as many small writes as came together the last time: a commit costs more than a write."""
        until_s = time.monotonic() + GATHER_S
        self._wanted = self._usual
        while self._waiting < self._wanted and self._changes.total <= FEW_CHANGES and not self._closing:
            if not self._change.wait(until_s - time.monotonic()):
                break
        self._wanted = 1

    def _take_group(self) -> list[Write[Any]]:
        """Take a write of each lane in turn."""
        group: list[Write[Any]] = []
        changes = size_bytes = 0
        while self._waiting and changes < self._group_changes and size_bytes < self._group_bytes:
            project, lane = next(iter(self._lanes.items()))
            write = lane.popleft()
            del self._lanes[project]
            if lane:
                self._lanes[project] = lane
            group.append(write)
            self._waiting -= 1
            changes += write.changes
            size_bytes += write.size_bytes
        return group

    def _write(self, group: list[Write[Any]]) -> None:
        live = [write for write in group if write.future.set_running_or_notify_cancel()]
        try:
            if live:
                self._commit(live)
        finally:
            self._leave(group)
        for write in live:
            write.resolve()

    def _leave(self, group: list[Write[Any]]) -> None:
        with self._change:
            for write in group:
                self._changes.give_back(write.project, write.changes)
                self._bytes.give_back(write.project, write.size_bytes)

    def _die(self, error: BaseException, group: list[Write[Any]]) -> None:
        with self._change:
            self._dead = error
            lost = [*group, *(write for lane in self._lanes.values() for write in lane)]
            self._lanes.clear()
            self._waiting = 0
        for write in lost:
            if not write.future.done():
                write.future.set_exception(Unavailable(f"The writer has stopped: {error!r}"))
