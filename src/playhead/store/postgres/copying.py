"""Copying: sessions, events and erasures as another store can take them, and what makes a copied session the same.

Owns the statements behind the copying part of the protocol. Events are read with what answers leave out: their sizes,
their latencies, the messages that each brought.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from playhead.errors import Conflict
from playhead.store.copies import SETTLED, ErasedSession, EventCopy, SessionCopy, event_copy
from playhead.store.payload import decode
from playhead.store.postgres.connection import Db, before_nul
from playhead.store.postgres.reading import Place, read_events
from playhead.store.postgres.sessions import patch_session
from playhead.store.postgres.writer import WriteScope
from playhead.store.rows import MAX_INT, SESSION_COLUMNS, session_of

_SETTLE: Final = (
    f"UPDATE sessions SET {', '.join(f'{name} = %s' for name in SETTLED)}"
    " WHERE project_no = %s AND id = %s AND last_seq = %s AND changes = %s"
)
_SESSIONS: Final = (
    f"SELECT {SESSION_COLUMNS}, s.last_arrival_us FROM sessions AS s WHERE s.no > %s AND s.project_no = %s"
    " ORDER BY s.no LIMIT %s"
)


def copy_sessions(db: Db, project: int, after: int, limit: int) -> list[SessionCopy]:
    """Return sessions in order of creation, from behind a number."""
    rows = db.execute(_SESSIONS, (min(after, MAX_INT), project, limit))
    return [SessionCopy(position=row[0], session=session_of(row), last_arrival_us=row[-1]) for row in rows]


def copy_events(db: Db, place: Place, seqs: Sequence[int]) -> list[EventCopy]:
    """Return events by their seqs, with all that is kept of them, in order of seq."""
    events = read_events(db, place, seqs)
    brought = _brought(db, place, [event.seq for event in events if event.change])
    asked = "SELECT seq, latency_ms, size_bytes FROM events WHERE month = %s AND session_no = %s AND seq = ANY(%s)"
    rows = db.execute(asked, (*place, [event.seq for event in events]))
    measured = {seq: (latency_ms, size_bytes) for seq, latency_ms, size_bytes in rows}
    return [event_copy(event, *measured[event.seq], brought.get(event.seq, [])) for event in events]


def settle_session(scope: WriteScope, project: int, copy: SessionCopy) -> None:
    """Make a session what its copy says. Raises SessionNotFound, Conflict."""
    session, totals = copy.session, copy.session.totals
    patch_session(scope, project, session.id, copy.patch, session.updated_us)
    settled = scope.db.execute(_SETTLE, (*copy.settled(), project, session.id, totals.events, totals.changes))
    if not settled.rowcount:
        raise Conflict(f"{session.id} does not have the {totals.events} events that its copy counts")


def list_erased(db: Db, project: int, after: str, limit: int) -> list[ErasedSession]:
    """Return the erased sessions in order of their ids, from behind one."""
    rows = db.execute(
        "SELECT id, erased_us FROM erased_sessions WHERE project_no = %s AND id > %s ORDER BY id LIMIT %s",
        (project, before_nul(after), limit),
    )
    return [ErasedSession(*row) for row in rows]


def keep_erased(scope: WriteScope, project: int, erased: Sequence[ErasedSession]) -> None:
    """Remember sessions as erased that never were here. Raises Conflict."""
    ids = [each.session_id for each in erased]
    asked = "SELECT id FROM sessions WHERE project_no = %s AND id = ANY(%s::text[]) LIMIT 1"
    there = scope.db.execute(asked, (project, ids)).fetchone()
    if there is not None:
        raise Conflict(f"{there[0]} is not erased here")
    scope.db.execute(
        "INSERT INTO erased_sessions SELECT %s, * FROM unnest(%s::text[], %s::bigint[]) ON CONFLICT DO NOTHING",
        (project, ids, [each.erased_us for each in erased]),
    )


def _brought(db: Db, place: Place, seqs: Sequence[int]) -> dict[int, list[Any]]:
    """Return the messages that came first with some events, by seq."""
    found: dict[int, list[Any]] = {}
    if seqs:
        asked = "SELECT seq, body FROM messages WHERE month = %s AND session_no = %s AND seq = ANY(%s)"
        for seq, body in db.execute(f"{asked} ORDER BY seq, place", (*place, seqs)):
            found.setdefault(seq, []).append(decode(body))
    return found
