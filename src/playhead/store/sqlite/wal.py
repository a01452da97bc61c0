"""The write-ahead log: when it is copied into the database, and when it is emptied.

Owns checkpoints. They are made by the writing thread between commits, so that no answer waits for one.
"""

from __future__ import annotations

import logging

import apsw

from playhead.store.sqlite.connection import BUSY_TIMEOUT_MS

CHECKPOINT_PAGES = 4_000
LARGEST_PAGES = 16_000
PATIENCE_MS = 250

log = logging.getLogger("playhead.store")


class WriteAheadLog:
    """The log of one writing connection; called by the thread that writes."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._copied = 0
        self.pages = 0
        self.must_be_emptied = False
        db.set_wal_hook(self._note_pages)

    def after_commit(self) -> None:
        """Empty the log at once if that was asked for, before the commit is acknowledged."""
        if self.must_be_emptied:
            self._empty()

    def between_commits(self) -> None:
        """Copy the log into the database now and then; empty it when readers have kept it from beginning anew."""
        if self.must_be_emptied:
            self._empty()
        elif self.pages - self._copied >= CHECKPOINT_PAGES:
            self._copied = self.pages
            if self.pages < LARGEST_PAGES:
                self._checkpoint(apsw.SQLITE_CHECKPOINT_PASSIVE)
            else:
                self._empty()

    def close(self) -> None:
        """Copy everything and empty the log, unless somebody else is at work."""
        self._checkpoint(apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def _note_pages(self, _db: apsw.Connection, _name: str, pages: int) -> int:
        if pages < self.pages:  # the log began anew
            self._copied = 0
        self.pages = pages
        return apsw.SQLITE_OK

    def _empty(self) -> None:
        """Empty the log if no reader holds it up for long; where that was asked for, it stays due."""
        self._db.set_busy_timeout(PATIENCE_MS)
        try:
            if self._checkpoint(apsw.SQLITE_CHECKPOINT_TRUNCATE):
                self.pages = self._copied = 0
                self.must_be_emptied = False
        finally:
            self._db.set_busy_timeout(BUSY_TIMEOUT_MS)

    def _checkpoint(self, mode: int) -> bool:
        try:
            self._db.wal_checkpoint(mode=mode)
        except apsw.BusyError:  # a reader is at work in the log; the next time will do
            return False
        except apsw.Error as error:  # the log stays and is read as before; commits say when the disk is full
            log.warning("the write-ahead log could not be copied into the database: %s", error)
            return False
        return True
