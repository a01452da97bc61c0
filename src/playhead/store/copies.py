"""Copies: what a store gives away of a session, a key or a share so that another store can have the same.

They hold what answers never show: hashes, arrivals, sizes. ``copying`` moves them; engines read what they are made of,
and write what ``settled`` says.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct, field

from playhead.model.event import NewEvent, StoredEvent
from playhead.model.results import KeyRecord, ShareRecord
from playhead.model.session import Session, SessionPatch
from playhead.store.payload import to_json
from playhead.store.rows import Row, clamp

SETTLED: Final = (
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
"""The columns of ``sessions`` that a copy sets, beside those that a patch does."""


class SessionCopy(Struct, frozen=True):
    """A session with its summary. ``position`` is the store's own and rises in order of creation;
    ``last_arrival_us`` is when anything of it last came, from which its time-out counts."""

    position: int
    session: Session
    last_arrival_us: int

    @property
    def patch(self) -> SessionPatch:
        """The change by which a session gets what its owner may change."""
        session = self.session
        return SessionPatch(session.label, session.tags, session.metadata, session.bookmarked)

    def settled(self) -> Row:
        """Return the values of ``SETTLED``."""
        session, totals = self.session, self.session.totals
        return (
            session.status,
            session.ended_us,
            session.end_reason,
            session.created_us,
            session.updated_us,
            self.last_arrival_us,
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


class EventCopy(Struct, frozen=True):
    """An event as it was taken, and its place.

    ``change`` is the number of the change that completed it, 0 for one that came whole or is pending. ``brought`` are
    the messages of the session that search shows with this event, for one with a change; for others it is empty: theirs
    are those of their prompt that no earlier event has.
    """

    seq: int
    event: NewEvent
    change: int = 0
    brought: list[Any] = field(default_factory=list)


def event_copy(stored: StoredEvent, latency_ms: float | None, size_bytes: int, brought: list[Any]) -> EventCopy:
    """Return the copy of an event as it is answered, with what answers leave out."""
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
    return EventCopy(stored.seq, event, stored.change, brought)


class ErasedSession(Struct, frozen=True):
    """An id that no session may have again, and when it was erased."""

    session_id: str
    erased_us: int


class KeyCopy(Struct, frozen=True):
    """A key and the keyed hash that it is found by."""

    record: KeyRecord
    key_hash: bytes


class ShareCopy(Struct, frozen=True):
    """A share and the hash of its token."""

    record: ShareRecord
    token_hash: bytes
