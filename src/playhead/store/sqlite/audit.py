"""The audit log in SQLite: the table ``audit``, which triggers keep from being changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import apsw

from playhead.errors import Conflict
from playhead.model.audit import AuditEntry, EntryFilter, EntryPage, NewEntry, canonical, numbered, of_canonical
from playhead.store.audit import AUDIT_COLUMNS, conditions, entry_row
from playhead.store.rows import insert_sql
from playhead.store.sqlite.connection import ReaderPool
from playhead.store.sqlite.writer import Writer, WriteScope

T = TypeVar("T")

_INSERT = insert_sql("audit", AUDIT_COLUMNS, "?")


class SqliteAudit:
    """Implements ``AuditLog`` over a writer, whose commits it shares, and a pool of readers."""

    _writer: Writer
    _readers: ReaderPool

    def add_entries(self, entries: Sequence[NewEntry]) -> None:
        """Append entries, each with the next number of its project; returns when they are on stable storage."""
        self._writer.submit(lambda scope: enter(scope.db, entries)).result()

    def list_entries(
        self, project: int, where: EntryFilter, *, before: int | None = None, limit: int = 100
    ) -> EntryPage:
        """Return a page of a project's entries, newest first."""
        asked, values = conditions(project, where, "?")
        with self._readers.read() as db:
            total: int = db.execute(f"SELECT count(*) FROM audit WHERE {asked}", values).get
            rows = db.execute(
                f"SELECT entry FROM audit WHERE {asked} AND no < ? ORDER BY no DESC LIMIT ?",
                [*values, _before(before), limit + 1],
            ).fetchall()
        entries = [of_canonical(str(text)) for (text,) in rows]
        return EntryPage(entries[:limit], total, entries[limit - 1].no if len(entries) > limit else None)

    def copy_entries(self, project: int, after: int = 0, limit: int = 1000) -> list[AuditEntry]:
        """Return entries in order of their numbers, from behind one."""
        with self._readers.read() as db:
            return _behind(db, project, after, limit)

    def keep_entries(self, project: int, entries: Sequence[AuditEntry]) -> None:
        """Append entries with the numbers that they have. Raises Conflict."""
        self._writer.submit(lambda scope: _keep(scope.db, project, entries)).result()


def enter(db: apsw.Connection, entries: Iterable[NewEntry | None]) -> None:
    """Append entries inside a write; None, the entry of a change that has none, is left out."""
    for entry in entries:
        if entry is not None:
            no = _last(db, entry.project_no) + 1
            db.execute(_INSERT, entry_row(entry.project_no, numbered(entry, no)))


def entered(run: Callable[[WriteScope], T], entry: NewEntry | None) -> Callable[[WriteScope], T]:
    """Return a write that enters its entry once it is done, in the same transaction."""

    def both(scope: WriteScope) -> T:
        result = run(scope)
        enter(scope.db, [entry])
        return result

    return both


def _keep(db: apsw.Connection, project: int, entries: Sequence[AuditEntry]) -> None:
    if not entries:
        return
    last = _last(db, project)
    there = {entry.no: entry for entry in _behind(db, project, entries[0].no - 1, len(entries))}
    for entry in entries:
        if entry.no <= last:
            if entry.no not in there or canonical(there[entry.no]) != canonical(entry):
                raise Conflict(f"Another entry has the number {entry.no} here")
        elif entry.no == last + 1:
            db.execute(_INSERT, entry_row(project, entry))
            last = entry.no
        else:
            raise Conflict(f"The entry {last + 1} is missing")


def _last(db: apsw.Connection, project: int) -> int:
    last: int = db.execute("SELECT coalesce(max(no), 0) FROM audit WHERE project_no = ?", (project,)).get
    return last


def _behind(db: apsw.Connection, project: int, after: int, limit: int) -> list[AuditEntry]:
    rows = db.execute(
        "SELECT entry FROM audit WHERE project_no = ? AND no > ? ORDER BY no LIMIT ?", (project, after, limit)
    )
    return [of_canonical(text) for (text,) in rows]


def _before(before: int | None) -> int:
    return (1 << 63) - 1 if before is None else before
