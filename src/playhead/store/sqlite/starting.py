"""Starting: the first rows of sessions, many at once.

Owns the numbers that sessions get, and what stands beside a session for filters: its tags and metadata. A session that
starts in a run of writes is written at the end of it, once, with its sums as they are then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import apsw

from playhead.model.event import Object
from playhead.model.session import NewSession, metadata_text
from playhead.store.ledger import SAVED, Ledger
from playhead.store.payload import to_json
from playhead.store.rows import Row
from playhead.store.sqlite.bulk import insert_rows

_MEMBERS = (
    "project_no",
    "id",
    "feature",
    "source",
    "user_id",
    "label",
    "integration_name",
    "workspace_id",
    "tags",
    "metadata",
    "started_us",
    "created_us",
)
_INSERT = f"INSERT INTO sessions ({', '.join((*_MEMBERS, 'no', *SAVED))})"


def next_session_no(db: apsw.Connection) -> int:
    """Return the number of the next session: above that of every one that ever was, so that none is given twice."""
    last: int | None = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'sessions'").get
    return (last or 0) + 1


def erased_among(db: apsw.Connection, project: int, ids: Collection[str]) -> set[str]:
    """Return which of these session ids were erased."""
    names = tuple(id_ for id_ in ids if "\x00" not in id_)  # no session is called so, and carray takes none
    if not names:
        return set()
    rows = db.execute(
        "SELECT id FROM erased_sessions WHERE project_no = ? AND id IN (SELECT value FROM carray(?))",
        (project, apsw.carray(names)),
    )
    return {id_ for (id_,) in rows}


def insert_sessions(db: apsw.Connection, ledgers: Iterable[Ledger]) -> None:
    """Make the rows of sessions that have started, with what their ledgers sum up; other ledgers are left alone."""
    started = [(ledger, ledger.start) for ledger in ledgers if ledger.start is not None]
    insert_rows(db, _INSERT, [(*_members(ledger, start), *ledger.summary()) for ledger, start in started])
    insert_tags(db, [(ledger.no, start.tags) for ledger, start in started])
    insert_metadata(db, [(ledger.no, start.metadata) for ledger, start in started])


def insert_tags(db: apsw.Connection, given: Iterable[tuple[int, Sequence[str]]]) -> None:
    """Make the rows of tags, given for each session's number."""
    rows = [(no, tag) for no, tags in given for tag in dict.fromkeys(tags)]
    insert_rows(db, "INSERT INTO session_tags (session_no, tag)", rows)


def insert_metadata(db: apsw.Connection, given: Iterable[tuple[int, Object]]) -> None:
    """Make the rows of metadata that can be found by text, given for each session's number."""
    texts = ((no, name, metadata_text(value)) for no, metadata in given for name, value in metadata.items())
    rows = [row for row in texts if row[-1] is not None]
    insert_rows(db, "INSERT INTO session_metadata (session_no, name, value)", rows)


def _members(ledger: Ledger, start: NewSession) -> Row:
    return (
        ledger.project_no,
        ledger.id,
        start.feature,
        start.source,
        start.user_id,
        start.label,
        start.integration_name,
        start.workspace_id,
        to_json(start.tags).decode(),
        to_json(start.metadata).decode(),
        start.started_us,
        ledger.created_us,
    )
