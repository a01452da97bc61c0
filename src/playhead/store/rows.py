"""Rows: which columns are read, in which order, and the structs that they become.

Owns the numbers that stand for event types, the packing of ``events.no``, and the reading of rows of ``sessions``,
``events`` and ``calls``. Runs no statement.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import UNSET

from playhead.model.event import Call, EventType, Object, StoredEvent
from playhead.model.filters import SortBy
from playhead.model.results import CallMark
from playhead.model.session import Session, SessionPatch, Totals
from playhead.store.payload import from_json, to_json

Row: TypeAlias = tuple[Any, ...]

MAX_INT = (1 << 63) - 1
"""The greatest number that a column holds."""
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

SORT_COLUMNS: dict[SortBy, str] = {
    "startedAt": "started_us",
    "cost": "cost_nanos",
    "tokens": "tokens",
    "duration": "duration_us",
    "interactions": "interactions",
    "errors": "errors",
}
"""The column of ``sessions`` that each order of a list goes by, on every engine."""

SESSION_COLUMNS = (
    "s.no, s.id, s.feature, s.source, s.status, s.started_us, s.created_us, s.updated_us, s.user_id, s.label,"
    " s.integration_name, s.workspace_id, s.tags, s.metadata, s.ended_us, s.end_reason, s.bookmarked, s.events,"
    " s.interactions, s.steps, s.errors, s.cost_nanos, s.input_tokens, s.output_tokens, s.unpriced, s.dropped,"
    " s.models, s.last_event_us, s.pending, s.changes"
)
"""The columns that ``session_of`` reads, of ``sessions AS s``; the first is the session's number."""

CALL_COLUMNS = (
    "c.model, c.provider, c.input_tokens, c.output_tokens, c.cached_tokens, c.reasoning_tokens, c.cost_nanos,"
    " c.cost_source, c.latency_ms, c.first_token_ms"
)
"""The columns that ``call_of`` reads, of ``calls AS c``."""
EVENT_COLUMNS = f"e.type, e.timestamp_us, e.received_us, e.error, e.change = 0, e.change, {CALL_COLUMNS}"
"""The columns that ``event_of`` reads, of ``events AS e`` and its call; ``change`` is 0 while an event is pending."""
MARK_COLUMNS = (
    "e.type, e.timestamp_us, e.error, e.latency_ms, c.first_token_ms, c.model, c.cost_nanos, c.input_tokens,"
    " c.output_tokens, e.size_bytes, e.change = 0"
)
"""The columns that ``mark_of`` reads, of the same."""


def insert_sql(table: str, columns: tuple[str, ...], placeholder: str) -> str:
    """Return the statement that makes a row of these columns."""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([placeholder] * len(columns))})"


def becomes_sql(columns: tuple[str, ...]) -> str:
    """Return what is put behind it so that a row of the same id becomes the new one."""
    return f" ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in columns)}"


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
    """Return a sum as a column can hold it: at most ``MAX_INT``."""
    return min(number, MAX_INT)


def comparable(number: int) -> int:
    """Return a number that is to be compared with a column as one that can be bound: within what a column holds."""
    return max(-MAX_INT, min(number, MAX_INT))


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


def patched(patch: SessionPatch) -> dict[str, Any]:
    """Return the columns of ``sessions`` that a patch sets, and their values."""
    columns = {name: getattr(patch, name) for name in ("label", "tags", "metadata", "bookmarked")}
    texts = {name: to_json(columns[name]).decode() for name in ("tags", "metadata") if columns[name] is not UNSET}
    return {name: value for name, value in (columns | texts).items() if value is not UNSET}


def event_of(seq: int, id_: str, data: Object, row: Row) -> StoredEvent:
    """Return the event of a row that ends with ``EVENT_COLUMNS``; engines differ in how they keep the rest."""
    type_, timestamp_us, received_us, error, pending, change = row[-16:-10]
    return StoredEvent(
        id=id_,
        seq=seq,
        type=TYPE_NAMES[type_],
        timestamp_us=timestamp_us,
        received_us=received_us,
        data=data,
        error=bool(error),
        call=call_of(row[-10:]),
        pending=pending == 1,
        change=change or 0,
    )


def mark_of(seq: int, id_: str, row: Row) -> CallMark:
    """Return what a timeline draws, of a row of place and id, as an engine keeps them, and ``MARK_COLUMNS``."""
    _, _, type_, timestamp_us, error, latency_ms, first_token_ms, model = row[:8]
    cost_nanos, tokens_in, tokens_out, size_bytes, pending = row[8:]
    return CallMark(
        seq=seq,
        id=id_,
        type=TYPE_NAMES[type_],
        timestamp_us=timestamp_us,
        error=bool(error),
        latency_ms=latency_ms,
        first_token_ms=first_token_ms,
        model=model,
        cost_nanos=cost_nanos or 0,
        input_tokens=tokens_in or 0,
        output_tokens=tokens_out or 0,
        size_bytes=size_bytes,
        pending=pending == 1,
    )


def call_of(row: Row) -> Call | None:
    """Return the call of a row of ``CALL_COLUMNS``, or None for what is no interaction, or a pending one."""
    return None if row[0] is None else Call(*row)
