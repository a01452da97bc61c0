"""Upkeep: a thread that looks after ``playhead.db`` between the writes.

Owns when a dictionary is trained, and when free pages are given back to the file system. It looks now and then after
commits, and sleeps when nothing is written. Whatever it changes goes through the writer's queue in steps of a few
milliseconds, so that no write waits for it. Nothing depends on it: without it a database is merely larger.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from playhead.errors import PlayheadError
from playhead.store.sqlite.connection import ReaderPool
from playhead.store.sqlite.dictionaries import Trained, draw_samples, is_due, keep_dictionary, train_dictionary
from playhead.store.sqlite.vacuum import free_pages, give_back
from playhead.store.sqlite.writer import WriteScope

LOOK_S = 1.0
STEP_S = 0.02

log = logging.getLogger("playhead.store")


class Upkeep:
    """Looks after a database; ``submit`` queues a write, ``commits`` counts those that are done."""

    def __init__(
        self,
        readers: ReaderPool,
        submit: Callable[[Callable[[WriteScope], Any]], Future[Any]],
        commits: Callable[[], int],
    ) -> None:
        self._readers = readers
        self._submit = submit
        self._commits = commits
        self._tried_bytes = 0
        self._woken = False
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._change = threading.Condition()

    def wake(self) -> None:
        """Say that something was committed. Returns at once."""
        if self._woken:
            return
        with self._change:
            self._woken = True
            if self._thread is None and not self._stopping:
                self._thread = threading.Thread(target=self._run, name="playhead-upkeep", daemon=True)
                self._thread.start()
            self._change.notify_all()

    def stop(self) -> None:
        """End the thread after what it is at, a second at most."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> None:
        """Do what is due, now."""
        self._train()
        self._give_back()

    def _run(self) -> None:
        while self._wait():
            try:
                self.look()
            except PlayheadError as error:  # busy, full or closing: the next look will do
                log.info("The database could not be looked after: %s", error)
            except Exception:  # a database without upkeep is merely larger
                log.exception("The database could not be looked after")

    def _wait(self) -> bool:
        """Wait for commits, then a while; return whether to go on."""
        with self._change:
            self._change.wait_for(lambda: self._woken or self._stopping)
            self._woken = False
            self._change.wait_for(lambda: self._stopping, LOOK_S)
            return not self._stopping

    def _train(self) -> None:
        with self._readers.read() as db:
            if not is_due(db, self._tried_bytes):
                return
            samples = draw_samples(db)
        self._tried_bytes = samples.database_bytes
        trained = train_dictionary(samples)
        if trained is not None:
            self._submit(lambda scope: keep_dictionary(scope.db, trained)).result()
            self._submit(lambda scope: _use(scope, trained)).result()
            log.info("Trained dictionary %d of %d bytes", trained.id, len(trained.content))

    def _give_back(self) -> None:
        """Shrink the file a step at a time, until somebody writes."""
        commits = self._commits()
        with self._readers.read() as db:
            free = free_pages(db)
        while free and not self._stopping and self._commits() == commits:
            free = self._submit(lambda scope: give_back(scope.db)).result()
            commits += 1
            with self._change:
                self._change.wait_for(lambda: self._stopping, STEP_S)


def _use(scope: WriteScope, trained: Trained) -> None:
    scope.packer.dictionary = trained.id
