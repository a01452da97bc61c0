"""The audit log: the statements behind it, each inside a transaction.

Who appends to a project's log waits for the others who do, until these have committed: numbers have no holes. So the
lock is taken last in a transaction, when nothing else has to be waited for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from playhead.errors import Conflict
from playhead.model.audit import AuditEntry, EntryFilter, EntryPage, NewEntry, canonical, numbered, of_canonical
from playhead.store.audit import AUDIT_COLUMNS, conditions, entry_row
from playhead.store.postgres.connection import Db
from playhead.store.rows import Row, insert_sql

T = TypeVar("T")

LOCK: Final = 0x61756474
"""The first half of the advisory lock of a project's log; the second is the project's number."""
_INSERT: Final = insert_sql("audit", AUDIT_COLUMNS, "%s")


def enter(db: Db, entries: Iterable[NewEntry | None]) -> None:
    """Append entries as the last thing that a transaction does; None, what has no entry, is left out."""
    by_project: defaultdict[int, list[NewEntry]] = defaultdict(list)
    for entry in entries:
        if entry is not None:
            by_project[entry.project_no].append(entry)
    for project in sorted(by_project):
        first = _lock(db, project) + 1
        _insert(db, [entry_row(project, numbered(entry, no)) for no, entry in enumerate(by_project[project], first)])


def entered(do: Callable[[Db], T], entry: NewEntry | None) -> Callable[[Db], T]:
    """Return what does something and enters it behind that, in the same transaction."""

    def both(db: Db) -> T:
        result = do(db)
        enter(db, [entry])
        return result

    return both


def list_entries(db: Db, project: int, where: EntryFilter, before: int | None, limit: int) -> EntryPage:
    """Return a page of a project's entries, newest first."""
    if any("\x00" in asked for asked in (where.actor, where.target, where.session_id) if asked is not None):
        return EntryPage([], 0)  # nothing is called so, and PostgreSQL takes none
    asked, values = conditions(project, where, "%s")
    counted = db.execute(f"SELECT count(*) FROM audit WHERE {asked}", values).fetchone()
    behind = "" if before is None else "AND no < %s"
    rows = db.execute(
        f"SELECT entry FROM audit WHERE {asked} {behind} ORDER BY no DESC LIMIT %s",
        [*values, *([] if before is None else [before]), limit + 1],
    ).fetchall()
    entries = [of_canonical(text) for (text,) in rows]
    total = 0 if counted is None else counted[0]
    return EntryPage(entries[:limit], total, entries[limit - 1].no if len(entries) > limit else None)


def copy_entries(db: Db, project: int, after: int, limit: int) -> list[AuditEntry]:
    """Return entries in order of their numbers, from behind one."""
    rows = db.execute(
        "SELECT entry FROM audit WHERE project_no = %s AND no > %s ORDER BY no LIMIT %s", (project, after, limit)
    )
    return [of_canonical(text) for (text,) in rows]


def keep_entries(db: Db, project: int, entries: Sequence[AuditEntry]) -> None:
    """Append entries with the numbers that they have; those that are there are left. Raises Conflict."""
    if not entries:
        return
    last = _lock(db, project)
    there = {entry.no: canonical(entry) for entry in copy_entries(db, project, entries[0].no - 1, len(entries))}
    for entry in entries:
        if entry.no <= last and there.get(entry.no) != canonical(entry):
            raise Conflict(f"Another entry has the number {entry.no} here")
    new = [entry for entry in entries if entry.no > last]
    if [entry.no for entry in new] != list(range(last + 1, last + 1 + len(new))):
        raise Conflict(f"The entry {last + 1} is missing")
    _insert(db, [entry_row(project, entry) for entry in new])


def _lock(db: Db, project: int) -> int:
    """Keep others from a project's log until the transaction ends, and return its last number."""
    db.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LOCK, project))
    row = db.execute("SELECT coalesce(max(no), 0) FROM audit WHERE project_no = %s", (project,)).fetchone()
    return 0 if row is None else int(row[0])


def _insert(db: Db, rows: Sequence[Row]) -> None:
    with db.cursor() as cursor:
        cursor.executemany(_INSERT, rows)
