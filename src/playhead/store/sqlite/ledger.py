"""The ledger: one session while one write changes it.

Owns the running summary, the next seq and the recognition of ids that are stored already. Reads the session once, takes
events and an end in memory, and hands everything to the tables in a few statements at the end, so that the cost of a
batch is that of its rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import apsw
from msgspec import Struct

from playhead.errors import Invalid, TooLarge
from playhead.model.event import Call, NewEvent
from playhead.model.results import Outcome
from playhead.model.session import SessionEnd
from playhead.store.sqlite.messages import INSERT_MESSAGE, INSERT_NODE, KnownNodes, Link, rows_of, take_apart
from playhead.store.sqlite.payload import encode, from_json, to_json
from playhead.store.sqlite.rows import TYPE_NUMBERS, Row, clamp, event_no, seq_of
from playhead.store.sqlite.schema import MAX_SEQ

MAX_MODELS = 1_000
"""How many model names a session's summary lists; all of them are in ``session_models``."""

_LOADED = (
    "no, project_no, started_us, ended_us, status, end_reason, last_seq, events, interactions, steps, errors,"
    " cost_nanos, input_tokens, output_tokens, unpriced, last_event_us, models"
)
_INSERT_EVENT = (
    "INSERT INTO events (no, session_no, id, type, timestamp_us, received_us, error, latency_ms, size_bytes, node,"
    " payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_CALL = (
    "INSERT INTO calls (no, session_no, model, provider, timestamp_us, latency_ms, first_token_ms, error, cost_nanos,"
    " cost_source, input_tokens, output_tokens, cached_tokens, reasoning_tokens)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
# Where the sum of two integers leaves 64 bits SQLite goes on with a float, which is the larger of the two.
_ADD_MODEL = "INSERT INTO session_models VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET " + ", ".join(
    f"{sum_} = min(9223372036854775807, {sum_} + excluded.{sum_})"
    for sum_ in ("interactions", "errors", "cost_nanos", "input_tokens", "output_tokens")
)
_UPDATE_SESSION = (
    "UPDATE sessions SET ended_us = ?, status = ?, end_reason = ?, last_seq = ?, events = ?, interactions = ?,"
    " steps = ?, errors = ?, cost_nanos = ?, input_tokens = ?, output_tokens = ?, tokens = ?, unpriced = ?,"
    " last_event_us = ?, models = ?, duration_us = ?, updated_us = ?, last_arrival_us = max(last_arrival_us, ?)"
    " WHERE no = ?"
)
_QUEUE = "INSERT INTO index_queue (session_no, project_no, first_seq, last_seq) VALUES (?, ?, ?, ?)"


class _Encoded(Struct, frozen=True):
    """An event's prompt as nodes, when it is a list of messages, and the rest of its data as it is stored."""

    links: Sequence[Link]
    payload: bytes


class Batch:
    """The rows that one write adds, of all its sessions."""

    def __init__(self, known: KnownNodes) -> None:
        self.known = known
        self.events: list[Row] = []
        self.calls: list[Row] = []
        self.nodes: list[Row] = []
        self.messages: list[Row] = []

    def store(self, db: apsw.Connection) -> None:
        """Insert them all."""
        for statement, rows in (
            (_INSERT_EVENT, self.events),
            (_INSERT_CALL, self.calls),
            (INSERT_MESSAGE, self.messages),
            (INSERT_NODE, self.nodes),
        ):
            if rows:
                db.executemany(statement, rows)


class Ledger:
    """A session that is being written; made by ``open_ledger``."""

    def __init__(self, row: Row) -> None:
        (
            self.no,
            self.project_no,
            self.started_us,
            self.ended_us,
            self.status,
            self.end_reason,
            self.last_seq,
            self.events,
            self.interactions,
            self.steps,
            self.errors,
            self.cost_nanos,
            self.input_tokens,
            self.output_tokens,
            self.unpriced,
            self.last_event_us,
            models,
        ) = row
        self._models: dict[str, None] = dict.fromkeys(from_json(models))
        self._shares: dict[tuple[str, str], list[int]] = {}
        self._seqs: dict[str, int] = {}
        self._first_new = self.last_seq + 1
        self._changed = False

    def recognize(self, seqs: dict[str, int]) -> None:
        """Know these ids as stored, and their seqs."""
        self._seqs.update(seqs)

    def add(self, event: NewEvent, batch: Batch) -> Outcome:
        """Take an event, or recognize it as a duplicate. Raises Invalid or TooLarge, and has then taken nothing."""
        seq = self._seqs.get(event.id)
        if seq is not None:
            return Outcome(event.id, seq, duplicate=True)
        if self.last_seq >= MAX_SEQ:
            raise TooLarge(f"A session has at most {MAX_SEQ} events")
        encoded = _encoded(event)
        seq = self.last_seq = self.last_seq + 1
        self._seqs[event.id] = seq
        self._changed = True
        self._store(event, seq, encoded, batch)
        self._sum_up(event)
        return Outcome(event.id, seq)

    def end(self, end: SessionEnd, now_us: int) -> bool:
        """End the session; False when it has ended already, other than by time-out."""
        if self.status != "active" and (self.end_reason != "timeout" or end.reason == "timeout"):
            return False
        self.status = end.status
        self.end_reason = end.reason
        self.ended_us = now_us if end.ended_us is None else end.ended_us
        self._changed = True
        return True

    def save(self, db: apsw.Connection, now_us: int) -> None:
        """Write the summary and queue the new events for the search index."""
        if not self._changed:
            return
        db.execute(_UPDATE_SESSION, self._summary(now_us))
        if self._shares:
            db.executemany(_ADD_MODEL, [(self.no, *names, *map(clamp, sums)) for names, sums in self._shares.items()])
        if self.last_seq >= self._first_new:
            db.execute(_QUEUE, (self.no, self.project_no, self._first_new, self.last_seq))

    def _summary(self, now_us: int) -> Row:
        until = self.ended_us if self.ended_us is not None else self.last_event_us
        return (
            self.ended_us,
            self.status,
            self.end_reason,
            self.last_seq,
            self.events,
            self.interactions,
            self.steps,
            self.errors,
            self.cost_nanos,
            self.input_tokens,
            self.output_tokens,
            clamp(self.input_tokens + self.output_tokens),
            self.unpriced,
            self.last_event_us,
            to_json(list(self._models)).decode(),
            0 if until is None else max(0, until - self.started_us),
            now_us,
            now_us,
            self.no,
        )

    def _store(self, event: NewEvent, seq: int, encoded: _Encoded, batch: Batch) -> None:
        no = event_no(self.no, seq)
        if encoded.links:
            nodes, messages = rows_of(self.no, seq, batch.known.new_links(self.no, encoded.links))
            batch.nodes += nodes
            batch.messages += messages
        batch.events.append(
            (
                no,
                self.no,
                event.id,
                TYPE_NUMBERS[event.type],
                event.timestamp_us,
                event.received_us,
                event.error,
                event.latency_ms,
                event.size_bytes,
                encoded.links[-1].key if encoded.links else None,
                encoded.payload,
            )
        )
        if event.call is not None:
            batch.calls.append(_call_row(no, self.no, event, event.call))

    def _sum_up(self, event: NewEvent) -> None:
        self.events += 1
        self.errors += event.error
        self.steps += event.type == "step"
        self.interactions += event.type == "interaction"
        if self.last_event_us is None or event.timestamp_us > self.last_event_us:
            self.last_event_us = event.timestamp_us
        if event.call is not None:
            self._sum_up_call(event.call, error=event.error)

    def _sum_up_call(self, call: Call, *, error: bool) -> None:
        tokens_in, tokens_out = call.input_tokens or 0, call.output_tokens or 0
        self.cost_nanos = clamp(self.cost_nanos + call.cost_nanos)
        self.input_tokens = clamp(self.input_tokens + tokens_in)
        self.output_tokens = clamp(self.output_tokens + tokens_out)
        self.unpriced += call.cost_source == "unknown"
        if len(self._models) < MAX_MODELS:
            self._models.setdefault(call.model)
        share = self._shares.setdefault((call.model, call.provider or ""), [0, 0, 0, 0, 0])
        for index, amount in enumerate((1, error, call.cost_nanos, tokens_in, tokens_out)):
            share[index] += amount


def open_ledger(db: apsw.Connection, project: int, session_id: str, ids: Iterable[str]) -> Ledger | None:
    """Read a session for writing, and which of these event ids it has; None when there is no such session."""
    row = db.execute(
        f"SELECT {_LOADED} FROM sessions WHERE project_no = ? AND id = ?", (project, session_id)
    ).fetchone()
    if row is None:
        return None
    ledger = Ledger(row)
    if ledger.last_seq:
        ledger.recognize(_stored(db, ledger.no, tuple(ids)))
    return ledger


def _stored(db: apsw.Connection, session_no: int, ids: tuple[str, ...]) -> dict[str, int]:
    if not ids:
        return {}
    rows = db.execute(
        "SELECT id, no FROM events WHERE session_no = ? AND id IN (SELECT value FROM carray(?))",
        (session_no, apsw.carray(ids)),
    )
    return {id_: seq_of(no) for id_, no in rows}


def _encoded(event: NewEvent) -> _Encoded:
    try:
        prompt: Any = event.data.get("prompt") if event.type == "interaction" else None
        if not isinstance(prompt, list) or not prompt:
            return _Encoded((), encode(event.data))
        return _Encoded(take_apart(prompt), encode({**event.data, "prompt": None}))
    except (UnicodeEncodeError, RecursionError, TypeError, OverflowError) as error:
        raise Invalid.field("data", f"cannot be stored as JSON: {error}") from None


def _call_row(no: int, session_no: int, event: NewEvent, call: Call) -> Row:
    return (
        no,
        session_no,
        call.model,
        call.provider,
        event.timestamp_us,
        call.latency_ms,
        call.first_token_ms,
        event.error,
        clamp(call.cost_nanos),
        call.cost_source,
        call.input_tokens,
        call.output_tokens,
        call.cached_tokens,
        call.reasoning_tokens,
    )
