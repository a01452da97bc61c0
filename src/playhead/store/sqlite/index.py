"""The follower: a thread that keeps ``search.db`` up with ``playhead.db``, so that indexing never holds up a write.

Owns when to index; ``indexing`` knows how. It is woken after commits, gathers for a moment, and takes a bounded step
at a time. In a flood of writes, when more is queued during a step than the step did, it rests behind each, so that it
takes an eighth of a processor from them at most, and makes good afterwards what it fell behind by. Texts that were
erased are found no more after their step; to write the index anew without their words is left until no more are
erased for a while, unless somebody waits for that, because it takes as long for one session as for a thousand. What it
has done is in the index's position: after a crash it goes on there.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

import apsw

from playhead.store.sqlite.connection import open_reader, open_search
from playhead.store.sqlite.indexing import has_erased, last_queued, position, step
from playhead.store.sqlite.places import is_purged, purge_step
from playhead.store.sqlite.vacuum import give_back_step

GATHER_S = 0.1
POLL_S = 5.0  # other processes write without waking this one
RETRY_S = 5.0
PRUNE_ROWS = 2000
FLOOD_SHARE = 8
"""In a flood, how many times the processor time that a step took is to pass until the next."""
PURGE_QUIET_S = 5.0
PURGE_LATEST_S = 300.0
"""Erased words are purged so long after the last erasure, and at the latest so long after the first."""

log = logging.getLogger("playhead.store")


class Follower:
    """Follows ``index_queue``. ``prune`` is told the number up to which rows are needed no more; ``clock_s`` says since
    when nothing was erased."""

    def __init__(
        self,
        data_dir: Path,
        prune: Callable[[int], object] = lambda _: None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._data_dir = data_dir
        self._prune = prune
        self._clock_s = clock_s
        self._pruned = 0
        self._done = 0
        self._seen = 0
        self._purged = True
        self._first_erased_s = self._last_erased_s = -math.inf
        self._thread: threading.Thread | None = None
        self._change = threading.Condition()
        self._woken = False
        self._awaited = 0
        self._stopping = False

    def start(self) -> None:
        """Begin with what was left to do, if anything; otherwise the first ``wake`` does."""
        source, index = open_reader(self._data_dir, search=False), open_search(self._data_dir)
        try:
            self._done = self._pruned = position(index)[0]
            self._purged = is_purged(index)
            self._seen = last_queued(source)
        finally:
            source.close()
            index.close()
        if self._done < self._seen or not self._purged:
            self.wake()

    def wake(self) -> None:
        """Say that something was committed. Returns at once."""
        with self._change:
            self._woken = True
            if self._thread is None and not self._stopping:
                self._thread = threading.Thread(target=self._run, name="playhead-index", daemon=True)
                self._thread.start()
            self._change.notify_all()

    def stop(self) -> None:
        """End the thread after the step that it is at."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
        if self._thread is not None:
            self._thread.join()

    def caught_up_to(self, queue_no: int, timeout_s: float) -> bool:
        """Block until the index holds that row of the queue, without gathering, and nothing that was erased before.

        False when that took too long.
        """

        def is_there() -> bool:
            return self._done >= queue_no and self._purged

        if not is_there():
            self.wake()
        with self._change:
            self._awaited += 1
            self._change.notify_all()
            self._change.wait_for(lambda: is_there() or self._stopping, timeout_s)
            self._awaited -= 1
            return is_there()

    @property
    def done(self) -> int:
        """The last row of the queue that is in the index."""
        return self._done

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._follow()
            except apsw.FullError:
                log.warning("There is no room on the disk to index; trying again in %s s", RETRY_S)
                self._pause(RETRY_S)
            except Exception:  # the index comes later, the program goes on
                log.exception("Indexing failed; trying again in %s s", RETRY_S)
                self._pause(RETRY_S)

    def _follow(self) -> None:
        source, index = open_reader(self._data_dir, search=False), open_search(self._data_dir)
        try:
            while self._wait():
                self._catch_up(source, index)
        finally:
            source.close()
            index.close()

    def _wait(self) -> bool:
        """Wait for something to do, then for more of it; return whether to go on."""
        with self._change:
            self._change.wait_for(lambda: self._woken or self._awaited or self._stopping, POLL_S)
            self._change.wait_for(lambda: self._awaited or self._stopping, GATHER_S)
            self._woken = False
            return not self._stopping

    def _catch_up(self, source: apsw.Connection, index: apsw.Connection) -> None:
        """Index what is queued; between the writes remove what was erased, and give free pages back."""
        while not self._stopping:
            self._seen = last_queued(source)
            if self._done < self._seen:
                self._take_turn(source, index)
                continue
            if self._purged:
                if not give_back_step(index):
                    break
            elif self._purge_is_due():
                self._purge(index)
            else:
                break

    def _take_turn(self, source: apsw.Connection, index: apsw.Connection) -> None:
        """Index a step, and rest behind it when the writes are more than can be kept up with."""
        began_s, began_computing_s, done = time.monotonic(), time.thread_time(), self._done
        self._index(source, index)
        if last_queued(source) - self._seen > self._done - done:
            due_s = began_s + FLOOD_SHARE * (time.thread_time() - began_computing_s)
            self._rest(due_s - time.monotonic())

    def _rest(self, seconds: float) -> None:
        """Leave the processor to the writes for a while, if that is not over, unless somebody waits for the index."""
        with self._change:
            self._change.wait_for(lambda: self._awaited or self._stopping, seconds)

    def _index(self, source: apsw.Connection, index: apsw.Connection) -> None:
        done = step(source, index)
        purged = is_purged(index)
        if not purged and has_erased(source, self._done, done):
            self._last_erased_s = self._clock_s()
            if self._purged:
                self._first_erased_s = self._last_erased_s
        with self._change:
            self._done, self._purged = done, purged
            self._change.notify_all()
        if done - self._pruned >= PRUNE_ROWS:
            self._prune(done)
            self._pruned = done

    def _purge_is_due(self) -> bool:
        """Say whether to purge what was erased now, or to wait for what else may be."""
        now_s = self._clock_s()
        settled = self._last_erased_s + PURGE_QUIET_S <= now_s or self._first_erased_s + PURGE_LATEST_S <= now_s
        return settled or self._awaited > 0

    def _purge(self, index: apsw.Connection) -> None:
        purge_step(index)
        if is_purged(index):
            index.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            with self._change:
                self._purged = True
                self._change.notify_all()

    def _pause(self, seconds: float) -> None:
        with self._change:
            self._change.wait_for(lambda: self._stopping, seconds)
