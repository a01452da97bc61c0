"""The ledger: one session while one write changes it.

Owns the running summary, the next seq and the recognition of ids that are stored already. Reads the session once, takes
events and an end in memory, and hands everything to the tables in a few statements at the end, so that the cost of a
batch is that of its rows.
"""

from __future__ import annotations

from collections.abc import Iterable

import apsw

from playhead.errors import TooLarge
from playhead.model.event import Call, NewEvent
from playhead.model.results import Outcome
from playhead.model.session import SessionEnd
from playhead.store.sqlite.batch import Batch
from playhead.store.sqlite.bulk import insert_rows
from playhead.store.sqlite.payload import from_json, to_json
from playhead.store.sqlite.rows import Row, clamp, seq_of
from playhead.store.sqlite.schema import MAX_SEQ

MAX_MODELS = 1_000
"""How many model names a session's summary lists; all of them are in ``session_models``."""

_LOADED = (
    "no, project_no, started_us, ended_us, status, end_reason, last_seq, events, interactions, steps, errors,"
    " cost_nanos, input_tokens, output_tokens, unpriced, last_event_us, models"
)
# Where the sum of two integers leaves 64 bits SQLite goes on with a float, which is the larger of the two.
_ADD_MODEL = "ON CONFLICT DO UPDATE SET " + ", ".join(
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
        seq = self.last_seq + 1
        batch.add(self.no, seq, event)
        self.last_seq = self._seqs[event.id] = seq
        self._changed = True
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
            rows = [(self.no, *names, *map(clamp, sums)) for names, sums in self._shares.items()]
            insert_rows(db, "INSERT INTO session_models", rows, _ADD_MODEL)
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
        share[0] += 1
        share[1] += error
        share[2] += call.cost_nanos
        share[3] += tokens_in
        share[4] += tokens_out


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
