"""The writer: one thread, one connection, many writes in one commit; over again when the database asks for it.

Owns the transaction, and what becomes of a write when the database goes away. A write is a function that is called with
a ``WriteScope``; this module knows none of them. Each runs inside a savepoint of its own, so that one that fails leaves
nothing and disturbs no other; a future has its result only when the commit is on stable storage.

A group that met another server in a deadlock is done again, and so is one whose connection died before its commit was
asked for. When the answer to a commit is lost, or does not come (``confirming``), nobody knows whether it was made: its
writes fail with Unavailable, and whoever repeats them under the same ids is told what is there. While the database, or
the standby that has to confirm, is away writes are refused at once, and it is asked again with growing pauses.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from itertools import groupby
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import psycopg

from playhead.errors import PlayheadError, StoreFull, Unavailable
from playhead.model.audit import NewEntry
from playhead.store.postgres.audit import enter
from playhead.store.postgres.confirming import Unconfirmed, check_confirmed, commit
from playhead.store.postgres.connection import AWAY, Db, Pause, connect, failure_of, is_passing
from playhead.store.postgres.ledgers import lock_sessions
from playhead.store.postgres.messages import KnownNodes
from playhead.store.postgres.partitions import Months, MonthUnknown
from playhead.store.write_queue import MAX_BYTES, MAX_CHANGES, Write, WriteQueue

T = TypeVar("T")
log = logging.getLogger("playhead.store")

TRIES: Final = 5


class WriteScope:
    """What a write may use: the connection, inside a transaction, and what is remembered between writes.

    ``entries`` go into the audit log when the whole group is done, so that its lock is the last that is taken.
    """

    def __init__(self, db: Db) -> None:
        self.db = db
        self.known = KnownNodes(db)
        self.months = Months(db)
        self.entries: list[NewEntry] = []

    def forget(self) -> None:
        """Trust the database only."""
        self.known.forget()


class Description(Protocol):
    """A write that is done together with others."""

    def touches(self) -> Iterable[tuple[int, str]]:
        """Yield the sessions that it writes to, by project and id."""
        ...


Together: TypeAlias = Callable[[WriteScope, Sequence[Any]], Sequence[Any]]
"""Does described writes in order; returns for each its result, or the PlayheadError for which nothing was done."""


class Writer:
    """Applies writes in the order they are submitted.

    ``on_commit`` is called in the writing thread after each commit; it must be quick. ``max_changes`` and ``max_bytes``
    bound what is queued or being written.
    """

    def __init__(
        self,
        url: str,
        *,
        together: Together,
        on_commit: Callable[[], None] = lambda: None,
        max_changes: int = MAX_CHANGES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._url = url
        self._together = together
        self._on_commit = on_commit
        self._scope: WriteScope | None = None
        self._pause = Pause()
        self._commits = 0
        self._repeated = 0
        self._full = False
        self._unconfirmed = False
        self._queue = WriteQueue(self._write, self._after, max_changes=max_changes, max_bytes=max_bytes)

    # --- the callers' side ---------------------------------------------------------------------------------------

    def submit(
        self, run: Callable[[WriteScope], T], *, changes: int = 0, size_bytes: int = 0, project: int | None = None
    ) -> Future[T]:
        """Queue a write and return its future at once.

        ``changes`` and ``size_bytes`` count against the bounds, also the ``project``'s; a write of no changes is always
        taken. Raises StoreBusy when the queue is full, Unavailable when the store is closed or the database is away.
        """
        self._pause.check()
        return self._queue.put(Write(run, None, changes, size_bytes, project))

    def submit_bulk(
        self, description: Description, *, changes: int, size_bytes: int, project: int | None = None
    ) -> Future[Any]:
        """Queue a write that ``together`` does; otherwise like ``submit``."""

        def alone(scope: WriteScope) -> Any:
            (result,) = self._together(scope, [description])
            return result

        self._pause.check()
        return self._queue.put(Write(alone, description, changes, size_bytes, project))

    def check(self) -> None:
        """Raise Unavailable, StoreBusy or StoreFull when a write would fail for a reason that is known already."""
        self._queue.check()
        self._pause.check()
        if self._full:
            raise StoreFull

    @property
    def unconfirmed(self) -> bool:
        """Whether the last commit was not confirmed in time."""
        return self._unconfirmed

    @property
    def full(self) -> bool:
        """Whether the last commit found no room."""
        return self._full

    def gauges(self) -> dict[str, float]:
        """Return queue_depth (changes), queue_bytes, commits_total and commits_repeated_total."""
        return {
            **self._queue.gauges(),
            "commits_total": self._commits,
            "commits_repeated_total": self._repeated,
        }

    def close(self) -> None:
        """Write what is queued, stop the thread and close the connection."""
        if self._queue.close():
            self._disconnect()

    # --- the writing thread --------------------------------------------------------------------------------------

    def _write(self, group: list[Write[Any]]) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                self._commit_in_its_month(group)
            except _CommitUnknown as error:
                self._give_up(group, error.cause)
            except psycopg.Error as error:
                if attempt < TRIES and self._may_repeat(error, attempt):
                    self._repeated += 1
                    continue
                self._give_up(group, error)
            except Unavailable as error:  # the pause is not over
                _fail(group, error)
            except Exception as error:  # whatever it is, it must not end the thread
                log.exception("a commit of %d writes failed", len(group))
                self._disconnect()
                _fail(group, error)
            return

    def _after(self) -> None:
        self._on_commit()

    def _commit_in_its_month(self, group: list[Write[Any]]) -> None:
        try:
            self._commit(group)
        except MonthUnknown as error:
            self._take_back()
            self._connected().months.make(error.month)
            self._commit_in_its_month(group)

    def _commit(self, group: list[Write[Any]]) -> None:
        scope = self._connected()
        db = scope.db
        scope.entries.clear()
        db.execute("BEGIN")
        if len(group) > 1:
            self._lock(db, group)
        for described, run in groupby(group, key=lambda write: write.description is not None):
            writes = list(run)
            if not (described and len(writes) > 1 and self._attempt_together(scope, writes)):
                for write in writes:
                    self._attempt(scope, write)
        enter(db, scope.entries)
        try:
            commit(db)
        except psycopg.OperationalError as error:
            raise _CommitUnknown(error) from error
        self._full = False
        self._commits += 1

    @staticmethod
    def _lock(db: Db, group: list[Write[Any]]) -> None:
        described = (write.description for write in group if write.description is not None)
        places = {place for each in described for place in each.touches() if "\x00" not in place[1]}  # type: ignore[attr-defined]  # a Description: Write does not say of what kind
        if places:
            lock_sessions(db, places)

    def _attempt(self, scope: WriteScope, write: Write[Any]) -> None:
        with self._savepoint(scope) as failed:
            write.outcome = write.run(scope)
        if failed:
            write.outcome = failed[0]

    def _attempt_together(self, scope: WriteScope, writes: list[Write[Any]]) -> bool:
        with self._savepoint(scope) as failed:
            results = self._together(scope, [write.description for write in writes])
            for write, result in zip(writes, results, strict=True):
                write.outcome = result
        return not failed

    @contextmanager
    def _savepoint(self, scope: WriteScope) -> Iterator[list[Exception]]:
        """Take back what is done inside when it raises, and note what; failures of the database go through."""
        failed: list[Exception] = []
        before = len(scope.entries)
        try:
            with scope.db.transaction():
                yield failed
        except Exception as error:
            if isinstance(error, MonthUnknown) or (isinstance(error, psycopg.Error) and is_passing(error)):
                raise
            if not isinstance(error, PlayheadError):
                log.exception("a write failed")
            failed.append(error)
            del scope.entries[before:]
            scope.forget()

    # --- when the database fails -----------------------------------------------------------------------------------

    def _connected(self) -> WriteScope:
        if self._scope is None:
            self._pause.check()
            self._scope = WriteScope(connect(self._url))
            self._check_confirmed(self._scope.db)
            self._pause.succeeded()
        return self._scope

    def _check_confirmed(self, db: Db) -> None:
        if self._unconfirmed:
            try:
                check_confirmed(db)
            except Unavailable as error:
                self._pause.failed(error.message)
                self._disconnect()
                raise
            self._unconfirmed = False

    def _disconnect(self) -> None:
        if self._scope is not None:
            self._scope.db.close()
            self._scope = None

    def _may_repeat(self, error: psycopg.Error, attempt: int) -> bool:
        """Take back what was done, and say whether to do it again: after a deadlock, or once on a new connection."""
        if isinstance(error, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure):
            self._take_back()
            return True
        lost = self._scope is not None and (self._scope.db.broken or not isinstance(error, psycopg.OperationalError))
        self._disconnect()
        return lost and attempt == 1

    def _take_back(self) -> None:
        if self._scope is None:
            return
        self._scope.forget()
        try:
            self._scope.db.execute("ROLLBACK")
        except psycopg.Error:
            self._disconnect()

    def _give_up(self, group: list[Write[Any]], error: psycopg.Error) -> None:
        self._disconnect()
        self._full = isinstance(error, psycopg.errors.DiskFull)
        self._unconfirmed = self._unconfirmed or isinstance(error, Unconfirmed)
        failure = failure_of(error)
        if is_passing(error) and not self._full:
            self._pause.failed(str(failure))
        log.error("a commit of %d writes failed: %s", len(group), type(error).__name__)
        _fail(group, failure if isinstance(failure, Unavailable) else Unavailable(AWAY))


class _CommitUnknown(Exception):  # noqa: N818  # says what happened
    """The answer to a commit was lost."""

    def __init__(self, cause: psycopg.Error) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _fail(group: list[Write[Any]], failure: Exception) -> None:
    for write in group:
        write.outcome = failure
