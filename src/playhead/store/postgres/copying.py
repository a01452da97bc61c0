"""Copying: sessions, events and erasures as another store can take them, and what makes a copied session the same.

Owns the statements behind the copying part of the protocol. Events are read with what answers leave out: their sizes,
their latencies, the messages that each brought.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from playhead.errors import Conflict
from playhead.model.event import NewEvent, StoredEvent
from playhead.model.session import SessionPatch
from playhead.store.copies import ErasedSession, EventCopy, SessionCopy
from playhead.store.payload import to_json
from playhead.store.postgres.connection import Db
from playhead.store.postgres.reading import Place, new_messages, read_events
from playhead.store.postgres.sessions import patch_session
from playhead.store.postgres.writer import WriteScope
from playhead.store.rows import MAX_INT, SESSION_COLUMNS, clamp, session_of

_SETTLED: Final = (
    "status",
    "ended_us",
    "end_reason",
    "created_us",
    "updated_us",
    "last_arrival_us",
    "duration_us",
    "events",
    "interactions",
    "steps",
    "errors",
    "cost_nanos",
    "input_tokens",
    "output_tokens",
    "tokens",
    "unpriced",
    "dropped",
    "last_event_us",
    "models",
)
_SETTLE: Final = (
    f"UPDATE sessions SET {', '.join(f'{name} = %s' for name in _SETTLED)}"
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
    asked = "SELECT seq, latency_ms, size_bytes FROM events WHERE month = %s AND session_no = %s AND seq = ANY(%s)"
    measured = {seq: rest for seq, *rest in db.execute(asked, (*place, [event.seq for event in events]))}
    return [_copy_of(db, place, event, *measured[event.seq]) for event in events]


def settle_session(scope: WriteScope, project: int, copy: SessionCopy) -> None:
    """Make a session what its copy says. Raises SessionNotFound, Conflict."""
    session, totals = copy.session, copy.session.totals
    patch = SessionPatch(session.label, session.tags, session.metadata, session.bookmarked)
    patch_session(scope, project, session.id, patch, session.updated_us)
    values = (
        session.status,
        session.ended_us,
        session.end_reason,
        session.created_us,
        session.updated_us,
        copy.last_arrival_us,
        session.duration_us,
        totals.events,
        totals.interactions,
        totals.steps,
        totals.errors,
        totals.cost_nanos,
        totals.input_tokens,
        totals.output_tokens,
        clamp(totals.input_tokens + totals.output_tokens),
        totals.unpriced,
        totals.dropped,
        totals.last_event_us,
        to_json(totals.models).decode(),
    )
    settled = scope.db.execute(_SETTLE, (*values, project, session.id, totals.events, totals.changes))
    if not settled.rowcount:
        raise Conflict(f"{session.id} does not have the {totals.events} events that its copy counts")


def list_erased(db: Db, project: int, after: str, limit: int) -> list[ErasedSession]:
    """Return the erased sessions in order of their ids, from behind one."""
    rows = db.execute(
        "SELECT id, erased_us FROM erased_sessions WHERE project_no = %s AND id > %s ORDER BY id LIMIT %s",
        (project, after, limit),
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


def _copy_of(db: Db, place: Place, stored: StoredEvent, latency_ms: float | None, size_bytes: int) -> EventCopy:
    event = NewEvent(
        id=stored.id,
        type=stored.type,
        timestamp_us=stored.timestamp_us,
        received_us=stored.received_us,
        data=stored.data,
        error=stored.error,
        latency_ms=latency_ms,
        call=stored.call,
        size_bytes=size_bytes,
        pending=stored.pending,
        dropped=stored.data["count"] if stored.type == "gap" else 0,
    )
    brought = [message for _, message in new_messages(db, place, stored.seq, stored.seq)] if stored.change else []
    return EventCopy(stored.seq, event, stored.change, brought)
