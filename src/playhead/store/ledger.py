"""The ledger: one session while a run of writes changes it.

Owns the running summary, the next seq and the recognition of ids that are stored already. Works in memory alone:
``ledgers`` reads and saves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from playhead.model.event import Call, NewEvent
from playhead.model.results import Outcome
from playhead.model.session import NewSession, SessionEnd
from playhead.store.conversations import Encoded
from playhead.store.payload import from_json, to_json
from playhead.store.rows import MAX_SEQ, Row, clamp

MAX_MODELS = 1_000
"""How many model names a session's summary lists; all of them are in ``session_models``."""

LOADED = (
    "id",
    "no",
    "project_no",
    "feature",
    "started_us",
    "ended_us",
    "status",
    "end_reason",
    "last_seq",
    "events",
    "interactions",
    "steps",
    "errors",
    "cost_nanos",
    "input_tokens",
    "output_tokens",
    "unpriced",
    "dropped",
    "pending",
    "changes",
    "last_event_us",
    "models",
    "last_arrival_us",
)
"""The columns of ``sessions`` that a ledger is made from."""
SAVED = (
    "ended_us",
    "status",
    "end_reason",
    "last_seq",
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
    "pending",
    "changes",
    "last_event_us",
    "models",
    "duration_us",
    "updated_us",
    "last_arrival_us",
)
"""The columns that ``Ledger.summary`` sets, behind the session's number."""
_AT_FIRST = {"ended_us": None, "status": "active", "end_reason": None, "last_event_us": None, "models": "[]"}
"""What a session that starts has in these columns; it has 0 in all others that count."""


class Batch(Protocol):
    """Where a ledger puts the events that it takes: an engine's own."""

    def add(self, session_no: int, seq: int, event: NewEvent, encoded: Encoded) -> None:
        """Take an event under its seq."""

    def complete(self, session_no: int, seq: int, event: NewEvent, encoded: Encoded, *, change: int) -> None:
        """Take the interaction that a pending one has become, by a change of the session."""


class Ledger:
    """A session that is being written; made by ``open_ledgers`` of a row, or by ``begin`` of a start.

    ``start`` is what the session was started with while this ledger is open, None for one that was there before.
    """

    def __init__(self, row: Row) -> None:
        self.no: int
        self.last_seq: int
        self.status: str
        (
            self.id,
            self.no,
            self.project_no,
            self.feature,
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
            self.dropped,
            self.pending,
            self.changes,
            self.last_event_us,
            models,
            self._last_arrival_us,
        ) = row
        self._models: dict[str, None] = dict.fromkeys(from_json(models))
        self._shares: dict[tuple[str, str], list[int]] = {}
        self.latencies: dict[str, list[float]] = {}
        self._seqs: dict[str, int] = {}
        self._pending: set[str] = set()
        self._completed: list[int] = []
        self._first_new = self.last_seq + 1
        self._updated_us = 0
        self.changed = False
        self.start: NewSession | None = None
        self.created_us = 0

    @classmethod
    def begin(cls, no: int, project: int, session_id: str, start: NewSession, now_us: int) -> Ledger:
        """Return the ledger of a session that starts, under a number that no other has had."""
        told = {"id": session_id, "no": no, "project_no": project, "feature": start.feature}
        told |= {"started_us": start.started_us, "last_arrival_us": now_us}
        ledger = cls(tuple(told.get(name, _AT_FIRST.get(name, 0)) for name in LOADED))
        ledger.start, ledger.created_us, ledger._updated_us = start, now_us, now_us
        if start.label or start.tags:
            ledger._first_new = 0  # the session's own text has the seq before the first
        return ledger

    def resumed(self, row: Row) -> Ledger:
        """Return the ledger that goes on from a row in which all that was taken counts."""
        ledger = Ledger(row)
        ledger._seqs, ledger._pending = self._seqs, self._pending
        return ledger

    def recognize(self, id_: str, seq: int, *, pending: bool) -> None:
        """Know an event as stored."""
        self._seqs[id_] = seq
        if pending:
            self._pending.add(id_)

    def has_room_for(self, events: Sequence[NewEvent]) -> bool:
        """Say whether a session may have these events too."""
        return self.last_seq + len(events) <= MAX_SEQ or self.last_seq + self._count_new(events) <= MAX_SEQ

    def add(self, event: NewEvent, encoded: Encoded, batch: Batch, now_us: int) -> Outcome:
        """Take an event, or recognize it as a duplicate."""
        seq = self._seqs.get(event.id)
        if seq is None:
            seq = self._append(event, encoded, batch)
        elif event.id in self._pending and event.type == "interaction" and not event.pending:
            self._complete(seq, event, encoded, batch)
        else:
            return Outcome(event.id, seq, duplicate=True)
        if now_us != self._updated_us or not self.changed:
            self._touch(now_us)
        return Outcome(event.id, seq)

    def end(self, end: SessionEnd, now_us: int) -> bool:
        """End the session; False when it has ended already, other than by time-out."""
        if self.status != "active" and (self.end_reason != "timeout" or end.reason == "timeout"):
            return False
        self.status = end.status
        self.end_reason = end.reason
        self.ended_us = now_us if end.ended_us is None else end.ended_us
        before_us = self._last_arrival_us
        self._touch(now_us)
        if end.reason == "timeout":  # nothing has arrived
            self._last_arrival_us = before_us
        return True

    def summary(self) -> Row:
        """Return the session's number and the values of ``SAVED``."""
        until = self.ended_us if self.ended_us is not None else self.last_event_us
        _, _, cost, tokens_in, tokens_out = map(sum, zip((0, 0, 0, 0, 0), *self._shares.values(), strict=True))
        input_tokens, output_tokens = clamp(self.input_tokens + tokens_in), clamp(self.output_tokens + tokens_out)
        return (
            self.no,
            self.ended_us,
            self.status,
            self.end_reason,
            self.last_seq,
            self.events,
            self.interactions,
            self.steps,
            self.errors,
            clamp(self.cost_nanos + cost),
            input_tokens,
            output_tokens,
            clamp(input_tokens + output_tokens),
            self.unpriced,
            self.dropped,
            self.pending,
            self.changes,
            self.last_event_us,
            to_json(list(self._models)).decode(),
            0 if until is None else max(0, until - self.started_us),
            self._updated_us,
            self._last_arrival_us,
        )

    def sums(self) -> list[Row]:
        """Return what is new for each model and provider, as rows of ``session_models``."""
        return [(self.no, *names, *map(clamp, sums)) for names, sums in self._shares.items()]

    @property
    def has_news(self) -> bool:
        """Whether there is something new to search for: events, or a new session's label and tags."""
        return self.last_seq >= self._first_new

    def news(self) -> Row:
        """Return the session's and project's numbers and the first and last seq that were added (0: its own text)."""
        return self.no, self.project_no, self._first_new, self.last_seq

    def completed(self) -> list[Row]:
        """Return the same for each event that was there before and has been completed."""
        return [(self.no, self.project_no, seq, seq) for seq in self._completed if seq < self._first_new]

    def _append(self, event: NewEvent, encoded: Encoded, batch: Batch) -> int:
        seq = self.last_seq = self._seqs[event.id] = self.last_seq + 1
        batch.add(self.no, seq, event, encoded)
        self.events += 1
        if event.type == "interaction":
            self.interactions += 1
        elif event.type == "step":
            self.steps += 1
        if event.dropped:
            self.dropped = clamp(self.dropped + event.dropped)
        if event.pending:
            self.pending += 1
            self._pending.add(event.id)
        self._sum_up(event)
        return seq

    def _complete(self, seq: int, event: NewEvent, encoded: Encoded, batch: Batch) -> None:
        self.pending -= 1
        self.changes += 1
        self._pending.discard(event.id)
        self._completed.append(seq)
        batch.complete(self.no, seq, event, encoded, change=self.changes)
        self._sum_up(event)

    def _touch(self, now_us: int) -> None:
        self.changed = True
        self._updated_us = now_us
        self._last_arrival_us = max(self._last_arrival_us, now_us)

    def _count_new(self, events: Sequence[NewEvent]) -> int:
        return len({event.id for event in events} - self._seqs.keys())

    def _sum_up(self, event: NewEvent) -> None:
        error, timestamp_us, call = event.error, event.timestamp_us, event.call
        if error:
            self.errors += 1
        if self.last_event_us is None or timestamp_us > self.last_event_us:
            self.last_event_us = timestamp_us
        if call is None:
            return
        share = self._shares.get((call.model, call.provider or "")) or self._new_share(call)
        calls, errors, cost_nanos, input_tokens, output_tokens = share
        share[:] = (
            calls + 1,
            errors + error,
            cost_nanos + call.cost_nanos,
            input_tokens + (call.input_tokens or 0),
            output_tokens + (call.output_tokens or 0),
        )
        if call.cost_source == "unknown":
            self.unpriced += 1
        if call.latency_ms is not None:
            self.latencies.setdefault(call.model, []).append(call.latency_ms)

    def _new_share(self, call: Call) -> list[int]:
        if len(self._models) < MAX_MODELS:
            self._models.setdefault(call.model)
        share = self._shares[call.model, call.provider or ""] = [0, 0, 0, 0, 0]
        return share
