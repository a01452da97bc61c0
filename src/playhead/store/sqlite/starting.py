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
from playhead.store.payload import from_json, to_json
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
_ROOM = (
    "SELECT (SELECT seq FROM sqlite_sequence WHERE name = 'sessions'), (SELECT json_group_array(id)"
    " FROM erased_sessions WHERE project_no = ? AND id IN (SELECT value FROM carray(?)))"
)


def room_for(db: apsw.Connection, project: int, ids: Collection[str]) -> tuple[int, set[str]]:
    """Return the number of the next session, and which of these session ids were erased.

    The number is above that of every session that ever was, so that none is given twice.
    """
    names = tuple(id_ for id_ in ids if "\x00" not in id_)  # no session is called so, and carray takes none
    last, erased = db.execute(_ROOM, (project, apsw.carray(names or ("",)))).get
    return (last or 0) + 1, set(from_json(erased))


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
