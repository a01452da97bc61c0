"""The follower: a thread that keeps search index and rollups up with the events, so that neither holds up a write.

Owns when to index and to fold; ``indexing`` and ``folding`` know how. It is woken after commits of its own process,
gathers for a moment, and takes bounded steps until the queue is empty. Now and then it looks by itself, for what a
server that is gone left behind.
"""

from __future__ import annotations

import logging
import threading
from typing import Final

from playhead.store.postgres.confirming import PATIENCE_S
from playhead.store.postgres.connection import Db, connect
from playhead.store.postgres.folding import fold
from playhead.store.postgres.indexing import step

GATHER_S: Final = 0.1
BUSY_S: Final = 0.05
POLL_S: Final = 5.0
RETRY_S: Final = 2.0
MEMORY: Final = "SET work_mem = '64MB'"
"""The index of words gathers what is new and takes it in at once; this much at a time, in half the time."""

log = logging.getLogger("playhead.store")


class Follower:
    """Follows ``index_queue`` of a database."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._change = threading.Condition()
        self._woken = True
        self._steps = 0
        self._awaited = 0
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="playhead-index", daemon=True)

    def start(self) -> None:
        """Begin with what was left to do, if anything."""
        self._thread.start()

    def wake(self) -> None:
        """Say that something was committed. Returns at once."""
        with self._change:
            self._woken = True
            self._change.notify_all()

    def stop(self) -> None:
        """End the thread after the step that it is at; one that a standby does not confirm is left to the database."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
        if self._thread.is_alive():
            self._thread.join(PATIENCE_S)

    def await_step(self, timeout_s: float) -> None:
        """Block until something has been indexed, without gathering, or the time is over."""
        with self._change:
            seen = self._steps
            self._awaited += 1
            self._woken = True
            self._change.notify_all()
            self._change.wait_for(lambda: self._steps != seen or self._stopping, timeout_s)
            self._awaited -= 1

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._follow()
            except Exception as error:  # noqa: BLE001  # the index comes later, the program goes on
                log.warning("Indexing failed (%s); trying again in %s s", type(error).__name__, RETRY_S)
                self._pause(RETRY_S)

    def _follow(self) -> None:
        db = connect(self._url)
        try:
            db.execute(MEMORY)
            while self._wait():
                self._catch_up(db)
        finally:
            db.close()

    def _wait(self) -> bool:
        """Wait for something to do, then for more of it; return whether to go on."""
        with self._change:
            self._change.wait_for(lambda: self._woken or self._stopping, POLL_S)
            self._change.wait_for(lambda: self._awaited or self._stopping, GATHER_S)
            self._woken = False
            return not self._stopping

    def _catch_up(self, db: Db) -> None:
        more: bool | None = True
        news = True
        while (more is not False or news) and not self._stopping:
            more = step(db)
            news = fold(db)
            with self._change:
                self._steps += 1
                self._change.notify_all()
            if more is None:
                self._pause(BUSY_S)

    def _pause(self, seconds: float) -> None:
        with self._change:
            self._change.wait_for(lambda: self._stopping, seconds)
