"""Copying: sessions, events and erasures as another store can take them, and what makes a copied session the same.

Owns the statements behind the copying part of the protocol. Events are read with what answers leave out: their sizes,
their latencies, the messages that each brought.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import apsw

from playhead.errors import Conflict
from playhead.model.event import StoredEvent
from playhead.store.copies import SETTLED, ErasedSession, EventCopy, SessionCopy, event_copy
from playhead.store.rows import MAX_SEQ, SESSION_COLUMNS, event_no, seq_of, session_of
from playhead.store.sqlite.bulk import insert_rows
from playhead.store.sqlite.reading import new_messages, read_events
from playhead.store.sqlite.sessions import patch_session
from playhead.store.sqlite.writer import WriteScope

_SETTLE = (
    f"UPDATE sessions SET {', '.join(f'{name} = ?' for name in SETTLED)}"
    " WHERE project_no = ? AND id = ? AND last_seq = ? AND changes = ?"
)
# The plus keeps the project's indexes out: rows are wanted in order of their numbers, a page at a time.
_SESSIONS = (
    f"SELECT {SESSION_COLUMNS}, s.last_arrival_us FROM sessions AS s WHERE s.no > ? AND +s.project_no = ?"
    " ORDER BY s.no LIMIT ?"
)


def copy_sessions(db: apsw.Connection, project: int, after: int, limit: int) -> list[SessionCopy]:
    """Return sessions in order of creation, from behind a number."""
    rows = db.execute(_SESSIONS, (after, project, limit))
    return [SessionCopy(position=row[0], session=session_of(row), last_arrival_us=row[-1]) for row in rows]


def copy_events(db: apsw.Connection, session_no: int, seqs: Sequence[int]) -> list[EventCopy]:
    """Return events by their seqs, with all that is kept of them, in order of seq."""
    numbers = [event_no(session_no, seq) for seq in sorted(set(seqs)) if 0 < seq <= MAX_SEQ]
    events = read_events(db, session_no, numbers)
    measured = _measured(db, numbers)
    return [event_copy(event, *measured[event.seq], _brought(db, session_no, event)) for event in events]


def settle_session(scope: WriteScope, project: int, copy: SessionCopy) -> None:
    """Make a session what its copy says. Raises SessionNotFound, Conflict."""
    session, totals = copy.session, copy.session.totals
    patch_session(scope, project, session.id, copy.patch, session.updated_us)
    scope.db.execute(_SETTLE, (*copy.settled(), project, session.id, totals.events, totals.changes))
    if not scope.db.changes():
        raise Conflict(f"{session.id} does not have the {totals.events} events that its copy counts")


def list_erased(db: apsw.Connection, project: int, after: str, limit: int) -> list[ErasedSession]:
    """Return the erased sessions in order of their ids, from behind one."""
    rows = db.execute(
        "SELECT id, erased_us FROM erased_sessions WHERE project_no = ? AND id > ? ORDER BY id LIMIT ?",
        (project, after, limit),
    )
    return [ErasedSession(*row) for row in rows]


def keep_erased(scope: WriteScope, project: int, erased: Sequence[ErasedSession]) -> None:
    """Remember sessions as erased that never were here. Raises Conflict."""
    if not erased:
        return
    names = apsw.carray(tuple(each.session_id for each in erased))
    there: str | None = scope.db.execute(
        "SELECT id FROM sessions WHERE project_no = ? AND id IN (SELECT value FROM carray(?))", (project, names)
    ).get
    if there is not None:
        raise Conflict(f"{there} is not erased here")
    rows = [(project, each.session_id, each.erased_us) for each in erased]
    insert_rows(scope.db, "INSERT INTO erased_sessions (project_no, id, erased_us)", rows, "ON CONFLICT DO NOTHING")


def _measured(db: apsw.Connection, numbers: Sequence[int]) -> dict[int, tuple[float | None, int]]:
    """Return latency and size of events by seq."""
    if not numbers:
        return {}
    rows = db.execute(
        "SELECT e.no, e.latency_ms, e.size_bytes FROM carray(?) AS asked CROSS JOIN events AS e ON e.no = asked.value",
        (apsw.carray(array("q", numbers)),),
    )
    return {seq_of(no): (latency_ms, size_bytes) for no, latency_ms, size_bytes in rows}


def _brought(db: apsw.Connection, session_no: int, event: StoredEvent) -> list[Any]:
    """Return the messages that search shows with an event, for one with a change."""
    return [message for _, message in new_messages(db, session_no, event.seq, event.seq)] if event.change else []
