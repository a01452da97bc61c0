"""The queue in front of a store's single writer: bounded, in order, many writes at a time.

Owns what callers wait for and how much may wait; which thread writes, and what becomes of the queue when that fails.
How a group of writes is committed is the engine's: ``commit`` is called in the writing thread with all that is queued,
and sets each write's ``outcome``; futures are resolved behind it. While it waits for the disk, the next group gathers.
The thread starts with the first write.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from playhead.errors import StoreBusy, Unavailable

MAX_CHANGES = 20_000
MAX_BYTES = 48 << 20

T = TypeVar("T")
log = logging.getLogger("playhead.store")


class Write(Generic[T]):
    """A write in the queue: how it is done by itself, and its description if it can be done together with others."""

    def __init__(self, run: Callable[[Any], T], description: object, changes: int, size_bytes: int) -> None:
        self.run = run
        self.description = description
        self.changes = changes
        self.size_bytes = size_bytes
        self.future: Future[T] = Future()
        self.outcome: T | Exception

    def resolve(self) -> None:
        """Tell who waits."""
        if isinstance(self.outcome, Exception):
            self.future.set_exception(self.outcome)
        else:
            self.future.set_result(self.outcome)


class WriteQueue:
    """Hands writes to ``commit`` in the order they are submitted; ``after`` runs in the writing thread behind each.

    ``max_changes`` and ``max_bytes`` bound what is queued or being written. A commit that raises ends the thread:
    whatever waits fails with Unavailable, and so does every later write.
    """

    def __init__(
        self,
        commit: Callable[[list[Write[Any]]], None],
        after: Callable[[], None],
        *,
        max_changes: int = MAX_CHANGES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._commit = commit
        self._after = after
        self._max_changes = max_changes
        self._max_bytes = max_bytes
        self._queue: deque[Write[Any]] = deque()
        self._changes = 0
        self._bytes = 0
        self._closing = False
        self._dead: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._change = threading.Condition()

    def put(self, write: Write[T]) -> Future[T]:
        """Queue a write and return its future at once; a write of no changes is always taken.

        Raises StoreBusy when the queue is full, Unavailable when the store is closed or the writer has died.
        """
        with self._change:
            self._refuse_if_stopped()
            if write.changes and self._changes and self._over(write.changes, write.size_bytes):
                raise StoreBusy(details={"queued": self._changes, "queuedBytes": self._bytes})
            self._queue.append(write)
            self._changes += write.changes
            self._bytes += write.size_bytes
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="playhead-writer", daemon=True)
                self._thread.start()
            self._change.notify_all()
        return write.future

    def check(self) -> None:
        """Raise Unavailable or StoreBusy when a write would not be taken."""
        with self._change:
            self._refuse_if_stopped()
            if self._changes and self._over(1, 0):
                raise StoreBusy

    def gauges(self) -> dict[str, float]:
        """Return queue_depth (changes) and queue_bytes."""
        with self._change:
            return {"queue_depth": self._changes, "queue_bytes": self._bytes}

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

    def _over(self, changes: int, size_bytes: int) -> bool:
        return self._changes + changes > self._max_changes or self._bytes + size_bytes > self._max_bytes

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
        """Wait for writes and return all of them; nothing when the store is closing and all is written."""
        with self._change:
            while not self._queue and not self._closing:
                self._change.wait()
            group = list(self._queue)
            self._queue.clear()
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
            self._changes -= sum(write.changes for write in group)
            self._bytes -= sum(write.size_bytes for write in group)

    def _die(self, error: BaseException, group: list[Write[Any]]) -> None:
        with self._change:
            self._dead = error
            lost = [*group, *self._queue]
            self._queue.clear()
        for write in lost:
            if not write.future.done():
                write.future.set_exception(Unavailable(f"The writer has stopped: {error!r}"))
