"""The writer: one thread, one connection, many writes in one commit.

Owns the transaction, and what becomes of a write when the disk is full or a statement fails. A write is a function that
is called with a ``WriteScope``; this module knows none of them. Each runs inside a savepoint of its own, so that one
that fails leaves nothing and disturbs no other; a future has its result only when the commit is on stable storage.

Writes may also be given as descriptions (``submit_bulk``). Those that stand behind each other are handed to
``together`` at once, which answers for each by itself; should that fail as a whole, they are tried one by one. Where a
transaction has nothing else in it they need no savepoint.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import groupby
from typing import Any, TypeAlias, TypeVar

import apsw

from playhead.errors import PlayheadError, Unavailable
from playhead.store.payload import Packer
from playhead.store.sqlite.connection import failure_of
from playhead.store.sqlite.dictionaries import newest_dictionary
from playhead.store.sqlite.messages import KnownNodes
from playhead.store.sqlite.wal import WriteAheadLog
from playhead.store.write_queue import MAX_BYTES, MAX_CHANGES, Write, WriteQueue

T = TypeVar("T")
log = logging.getLogger("playhead.store")

# These leave the transaction as it was before their statement; after any other the whole group is given up.
_ONE_WRITE_ONLY = (apsw.ConstraintError, apsw.TooBigError, apsw.MismatchError, apsw.RangeError)


class WriteScope:
    """What a write may use: the connection, inside a transaction, what makes payloads, and what is remembered."""

    def __init__(self, db: apsw.Connection, packer: Packer) -> None:
        self.db = db
        self.known = KnownNodes(db)
        self.packer = packer
        self.wal = WriteAheadLog(db)


Together: TypeAlias = Callable[[WriteScope, Sequence[Any]], Sequence[Any]]
"""Does described writes in order; returns for each its result, or the PlayheadError for which nothing was done."""


class Writer:
    """Applies writes, each project's in the order they are submitted.

    ``on_commit`` is called in the writing thread after each commit; it must be quick. ``check_files`` is called before
    a commit is acknowledged, and raises Unavailable where that would not be true. ``max_changes`` and ``max_bytes``
    bound what is queued or being written.
    """

    def __init__(
        self,
        db: apsw.Connection,
        *,
        together: Together = lambda _scope, _descriptions: (),
        on_commit: Callable[[], None] = lambda: None,
        packer: Packer | None = None,
        check_files: Callable[[], None] = lambda: None,
        max_changes: int = MAX_CHANGES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._db = db
        self._scope = WriteScope(db, packer or Packer())
        self._together = together
        self._on_commit = on_commit
        self._check_files = check_files
        self._commits = 0
        self._data_version: int | None = None
        self._failure: Unavailable | None = None
        self._queue = WriteQueue(self._write, self._after, max_changes=max_changes, max_bytes=max_bytes)

    # --- the callers' side ---------------------------------------------------------------------------------------

    def submit(
        self,
        run: Callable[[WriteScope], T],
        *,
        changes: int = 0,
        size_bytes: int = 0,
        project: int | None = None,
    ) -> Future[T]:
        """Queue a write, in its project's lane, and return its future at once.

        ``changes`` and ``size_bytes`` count against the bounds; a write of no changes is always taken. Raises
        StoreBusy when the queue is full, Unavailable when the store is closed or the writer has died.
        """
        return self._queue.put(Write(run, None, changes, size_bytes, project))

    def submit_bulk(self, description: object, *, changes: int, size_bytes: int, project: int) -> Future[Any]:
        """Queue a write that ``together`` does; otherwise like ``submit``."""

        def alone(scope: WriteScope) -> Any:
            (result,) = self._together(scope, [description])
            return result

        return self._queue.put(Write(alone, description, changes, size_bytes, project))

    def check(self) -> None:
        """Raise Unavailable, StoreBusy or StoreFull when a write would fail for a reason that is known already."""
        self._queue.check()
        if self._failure is not None:
            raise self._failure

    @property
    def failed(self) -> bool:
        """Whether the last commit failed: there was no room, or the files are damaged or gone."""
        return self._failure is not None

    @property
    def commits(self) -> int:
        """How many commits are done."""
        return self._commits

    def gauges(self) -> dict[str, float]:
        """Return queue_depth (changes), queue_bytes, commits_total and wal_pages."""
        return {**self._queue.gauges(), "commits_total": self._commits, "wal_pages": self._scope.wal.pages}

    def close(self) -> None:
        """Write what is queued, stop the thread, empty the log and close the connection."""
        if self._queue.close():
            self._scope.wal.close()
            self._db.close()

    # --- the writing thread --------------------------------------------------------------------------------------

    def _write(self, group: list[Write[Any]]) -> None:
        try:
            self._commit(group)
        except apsw.Error as error:
            self._give_up(group, failure_of(error), error)
        except Unavailable as failure:
            self._give_up(group, failure, failure)

    def _after(self) -> None:
        self._on_commit()
        self._scope.wal.between_commits()

    def _commit(self, group: list[Write[Any]]) -> None:
        runs = [list(run) for _, run in groupby(group, key=_is_described)]
        self._begin()
        if not (len(runs) == 1 and _is_described(group[0]) and self._attempt_whole(group)):
            for writes in runs:
                if not (_is_described(writes[0]) and len(writes) > 1 and self._attempt_together(writes)):
                    for write in writes:
                        self._attempt(write)
        self._db.execute("COMMIT")
        self._commits += 1
        self._scope.wal.after_commit()
        self._check_files()
        self._failure = None

    def _begin(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._notice_other_writers()

    def _begin_anew(self) -> None:
        self._db.execute("ROLLBACK")
        self._begin()

    def _attempt(self, write: Write[Any]) -> None:
        with self._savepoint() as failed:
            write.outcome = write.run(self._scope)
        if failed:
            write.outcome = failed[0]

    def _attempt_together(self, writes: list[Write[Any]]) -> bool:
        with self._savepoint() as failed:
            self._do_together(writes)
        return not failed

    def _attempt_whole(self, writes: list[Write[Any]]) -> bool:
        """Do described writes that have the transaction for themselves, and so need no savepoint."""
        with self._taking_back(self._begin_anew) as failed:
            self._do_together(writes)
        return not failed

    def _do_together(self, writes: list[Write[Any]]) -> None:
        results = self._together(self._scope, [write.description for write in writes])
        for write, result in zip(writes, results, strict=True):
            write.outcome = result

    @contextmanager
    def _savepoint(self) -> Iterator[list[Exception]]:
        self._db.execute("SAVEPOINT one")
        with self._taking_back(lambda: self._db.execute("ROLLBACK TO one")) as failed:
            yield failed
        self._db.execute("RELEASE one")

    @contextmanager
    def _taking_back(self, undo: Callable[[], object]) -> Iterator[list[Exception]]:
        """Take back what is done inside when it raises, and note what; failures of the database go through."""
        failed: list[Exception] = []
        try:
            yield failed
        except Exception as error:
            if isinstance(error, apsw.Error) and not isinstance(error, _ONE_WRITE_ONLY):
                raise
            if not isinstance(error, PlayheadError):
                log.exception("a write failed")
            failed.append(error)
            self._scope.known.forget()
            undo()

    def _give_up(self, group: list[Write[Any]], failure: Unavailable, error: Exception) -> None:
        self._scope.known.forget()
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._failure = failure
        log.error("a commit of %d writes failed: %s", len(group), error)
        for write in group:
            write.outcome = failure

    def _notice_other_writers(self) -> None:
        version: int = self._db.pragma("data_version")
        if version != self._data_version:
            self._scope.known.forget()
            self._scope.packer.dictionary = newest_dictionary(self._db)
        self._data_version = version


def _is_described(write: Write[Any]) -> bool:
    return write.description is not None
