"""The writer: one thread, many writes in one transaction of the book and two inserts.

Owns the order in which a group reaches the disk (see ``schema``), and what becomes of one that fails. A session whose
commit was not published is published before anything else of it is acknowledged.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final, cast

from playhead.errors import PlayheadError, Unavailable
from playhead.store.base import Registry
from playhead.store.clickhouse.book import Contended, LedgerBook
from playhead.store.clickhouse.connection import Connection
from playhead.store.clickhouse.group import Group
from playhead.store.clickhouse.known import Known
from playhead.store.clickhouse.publishing import publish
from playhead.store.clickhouse.settling import settle
from playhead.store.clickhouse.state import Entry
from playhead.store.clickhouse.writes import EndSilent, Task
from playhead.store.write_queue import MAX_BYTES, MAX_CHANGES, Write, WriteQueue

ATTEMPTS: Final = 3
"""How often a group is tried while other servers are in its way."""
SETTLE_EVERY_S: Final = 20.0
GROUP_CHANGES: Final = 10_000
GROUP_BYTES: Final = 24 << 20
"""An insert costs the same for one row and thousands, so groups are large."""

log = logging.getLogger("playhead.store")


class Writer:
    """Applies writes in the order they are submitted; made with all that they need."""

    def __init__(
        self,
        connection: Connection,
        book: LedgerBook,
        beside: Registry,
        *,
        max_changes: int = MAX_CHANGES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._connection = connection
        self._book = book
        self._beside = beside
        self._known = Known()
        self._unpublished: dict[int, Entry] = {}
        self._commits = 0
        self._failing = False
        self._settle_at = 0.0
        self._queue = WriteQueue(
            self._write,
            lambda: None,
            max_changes=max_changes,
            max_bytes=max_bytes,
            group_changes=GROUP_CHANGES,
            group_bytes=GROUP_BYTES,
        )

    # --- the callers' side ---------------------------------------------------------------------------------------

    def submit(self, task: Task, project: int | None, *, changes: int = 1, size_bytes: int = 0) -> Future[Any]:
        """Queue a write, in its project's lane, and return its future at once. Raises StoreBusy, Unavailable."""
        return self._queue.put(Write(task.run, task, changes, size_bytes, project))

    def check(self) -> None:
        """Raise Unavailable when a write would fail, for room, the queue or a database; after a failure, ask again."""
        self._queue.check()
        if self._failing:
            self._connection.check()
            self._book.settled_us()

    def gauges(self) -> dict[str, float]:
        """Return queue_depth (changes), queue_bytes and commits_total."""
        return {**self._queue.gauges(), "commits_total": self._commits}

    def close(self) -> None:
        """Write what is queued and stop the thread."""
        self._queue.close()

    # --- the writing thread --------------------------------------------------------------------------------------

    def _write(self, group: list[Write[Any]]) -> None:
        try:
            self._settle_if_due(group)
            self._commit(group)
            self._failing = False
        except Unavailable as error:
            self._failing = True
            self._settle_at = 0.0  # a commit whose answer was lost may have happened
            log.error("a commit of %d writes failed: %s", len(group), error)  # noqa: TRY400  # its cause is in the words
            _fail(group, error)
        except Exception as error:
            log.exception("a commit of %d writes failed", len(group))
            self._one_by_one(group, error)

    def _one_by_one(self, group: list[Write[Any]], error: Exception) -> None:
        """Let no write suffer from another that stands in its group."""
        if len(group) == 1:
            _fail(group, Unavailable(f"This could not be written: {error!r}"))
            return
        for write in group:
            self._write([write])

    def _commit(self, writes: list[Write[Any]]) -> None:
        entries = self._transact_patiently(writes)
        self._commits += 1
        self._unpublished |= {entry.no: entry for entry in entries}
        publish(self._connection, self._unpublished.values())
        self._unpublished.clear()

    def _transact_patiently(self, writes: list[Write[Any]]) -> Sequence[Entry]:
        for _ in range(ATTEMPTS - 1):
            with suppress(Contended):
                return self._transact(writes)
        try:
            return self._transact(writes)
        except Contended as error:
            raise Unavailable("Other servers are writing the same sessions") from error

    def _transact(self, writes: list[Write[Any]]) -> Sequence[Entry]:
        """Do a group inside one transaction of the book; return what it has changed."""
        tasks = [cast("Task", write.description) for write in writes]
        projects = self._beside.list_projects() if any(isinstance(task, EndSilent) for task in tasks) else ()
        group: Group | None = None
        try:
            with self._book.open_page() as page:
                group = Group(page, self._connection, self._known, projects, self._beside)
                group.open(task.asked() for task in tasks)
                for write in writes:
                    write.outcome = _outcome(write, group)
                entries = group.store()
        except BaseException:
            if group is not None:
                group.forget()
            raise
        group.keep(entries)
        return entries

    def _settle_if_due(self, group: Sequence[Write[Any]]) -> None:
        """Before the first write, and now and then when silence is looked for, repair what was left half done."""
        due = self._settle_at == 0 or any(isinstance(write.description, EndSilent) for write in group)
        if due and time.monotonic() >= self._settle_at:
            settle(self._connection, self._book)
            self._settle_at = time.monotonic() + SETTLE_EVERY_S


def _outcome(write: Write[Any], group: Group) -> Any:
    try:
        return write.run(group)
    except PlayheadError as error:
        return error


def _fail(group: Sequence[Write[Any]], error: Exception) -> None:
    for write in group:
        write.outcome = error
