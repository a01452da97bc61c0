"""Rows: which columns are read, in which order, and the structs that they become.

Owns the numbers that stand for event types, the packing of ``events.no``, and the reading of ``sessions`` and ``calls``
rows. Runs no statement.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from playhead.model.event import Call, EventType
from playhead.model.session import Session, Totals
from playhead.store.payload import from_json

Row: TypeAlias = tuple[Any, ...]

MAX_INT = (1 << 63) - 1
SEQ_BITS = 26
MAX_SEQ = (1 << SEQ_BITS) - 1

TYPE_NUMBERS: dict[EventType, int] = {
    "interaction": 1,
    "user_action": 2,
    "code_context": 3,
    "system_metrics": 4,
    "workspace_state": 5,
    "step": 6,
    "feedback": 7,
    "gap": 8,
}
"""What ``events.type`` holds. Numbers are never given to another type."""
TYPE_NAMES: dict[int, EventType] = {number: name for name, number in TYPE_NUMBERS.items()}

SESSION_COLUMNS = (
    "s.no, s.id, s.feature, s.source, s.status, s.started_us, s.created_us, s.updated_us, s.user_id, s.label,"
    " s.integration_name, s.workspace_id, s.tags, s.metadata, s.ended_us, s.end_reason, s.bookmarked, s.events,"
    " s.interactions, s.steps, s.errors, s.cost_nanos, s.input_tokens, s.output_tokens, s.unpriced, s.dropped,"
    " s.models, s.last_event_us, s.pending, s.changes"
)
"""The columns that ``session_of`` reads, of ``sessions AS s``; the first is the session's number."""
SESSION_WIDTH = SESSION_COLUMNS.count(",") + 1

CALL_COLUMNS = (
    "c.model, c.provider, c.input_tokens, c.output_tokens, c.cached_tokens, c.reasoning_tokens, c.cost_nanos,"
    " c.cost_source, c.latency_ms, c.first_token_ms"
)
"""The columns that ``call_of`` reads, of ``calls AS c``."""


def event_no(session_no: int, seq: int) -> int:
    """Return the rowid of an event (seq 0: of the session's own text)."""
    return session_no << SEQ_BITS | seq


def seq_of(no: int) -> int:
    """Return the seq in an event's rowid."""
    return no & MAX_SEQ


def session_no_of(no: int) -> int:
    """Return the session's number in an event's rowid."""
    return no >> SEQ_BITS


def clamp(number: int) -> int:
    """Return a sum as SQLite can hold it: at most 2**63 - 1."""
    return min(number, MAX_INT)


def session_of(row: Row) -> Session:
    """Return the session of a row that begins with ``SESSION_COLUMNS``; further columns are left alone."""
    return Session(
        id=row[1],
        feature=row[2],
        source=row[3],
        status=row[4],
        started_us=row[5],
        created_us=row[6],
        updated_us=row[7],
        user_id=row[8],
        label=row[9],
        integration_name=row[10],
        workspace_id=row[11],
        tags=from_json(row[12]),
        metadata=from_json(row[13]),
        ended_us=row[14],
        end_reason=row[15],
        bookmarked=bool(row[16]),
        totals=Totals(
            events=row[17],
            interactions=row[18],
            steps=row[19],
            errors=row[20],
            cost_nanos=row[21],
            input_tokens=row[22],
            output_tokens=row[23],
            unpriced=row[24],
            dropped=row[25],
            models=from_json(row[26]),
            last_event_us=row[27],
            pending=row[28],
            changes=row[29],
        ),
    )


def call_of(row: Row) -> Call | None:
    """Return the call of a row of ``CALL_COLUMNS``, or None for what is no interaction, or a pending one."""
    return None if row[0] is None else Call(*row)
