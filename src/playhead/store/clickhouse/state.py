"""A session's state: all that its row says, as one value that is kept in the book and copied to ClickHouse.

Owns the struct, how a new session becomes one, and what the protocol's ``Session`` is of it. Knows no table.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct, field
from msgspec.json import Decoder, Encoder
from msgspec.structs import replace

from playhead.model.event import Object
from playhead.model.moment import DAY_US
from playhead.model.session import EndReason, NewSession, Session, Source, Status, Totals
from playhead.store.copies import SessionCopy
from playhead.store.ledger import LOADED
from playhead.store.payload import from_json, to_json
from playhead.store.rows import Row, clamp


class ModelSums(Struct, array_like=True):
    """What a session's calls of one model through one provider come to."""

    model: str
    provider: str
    interactions: int = 0
    errors: int = 0
    cost_nanos: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class State(Struct, frozen=True, array_like=True):
    """A session without its numbers and its id; members from ``ended_us`` on are named as a ledger's columns.

    New members are added at the end, with a default: what is stored is a list.
    """

    feature: str
    source: Source
    started_us: int
    created_us: int
    user_id: str | None = None
    label: str | None = None
    integration_name: str | None = None
    workspace_id: str | None = None
    tags: list[str] = field(default_factory=list)
    metadata: Object = field(default_factory=dict)
    bookmarked: bool = False
    ended_us: int | None = None
    status: Status = "active"
    end_reason: EndReason | None = None
    last_seq: int = 0
    events: int = 0
    interactions: int = 0
    steps: int = 0
    errors: int = 0
    cost_nanos: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    tokens: int = 0
    unpriced: int = 0
    dropped: int = 0
    pending: int = 0
    changes: int = 0
    last_event_us: int | None = None
    models: str = "[]"
    duration_us: int = 0
    updated_us: int = 0
    last_arrival_us: int = 0
    messages: int = 0
    sums: list[ModelSums] = field(default_factory=list)

    @property
    def slots(self) -> int:
        """How long the session's log is: a slot for each event, and one for each that was completed."""
        return self.last_seq + self.changes

    @property
    def active_us(self) -> int | None:
        """When something of an active session arrived last; None for one that has ended."""
        return self.last_arrival_us if self.status == "active" else None


class Entry(Struct, frozen=True):
    """A session as the book has it. ``state`` is None when the session was erased, ``erased_us`` says when.

    ``revision`` counts what was committed, ``attempt`` is the book's time at that, in microseconds, and rises.
    """

    no: int
    project_no: int
    id: str
    created_us: int
    revision: int
    attempt: int
    state: State | None
    erased_us: int | None = None

    @property
    def created_day(self) -> int:
        """The day of the session's arrival, in days since the epoch: the partition of all its rows."""
        return self.created_us // DAY_US


_OF_ENTRY: Final = ("id", "no", "project_no")
_encoder = Encoder()
_decoder = Decoder(State)


def encode_state(state: State) -> bytes:
    """Return a state as it is stored."""
    return _encoder.encode(state)


def decode_state(text: bytes) -> State:
    """Return the state of stored bytes."""
    return _decoder.decode(text)


def new_state(session: NewSession, now_us: int) -> State:
    """Return the state of a session that starts."""
    return State(
        feature=session.feature,
        source=session.source,
        started_us=session.started_us,
        created_us=now_us,
        user_id=session.user_id,
        label=session.label,
        integration_name=session.integration_name,
        workspace_id=session.workspace_id,
        tags=session.tags,
        metadata=session.metadata,
        updated_us=now_us,
        last_arrival_us=now_us,
    )


def ledger_row(entry: Entry, state: State) -> Row:
    """Return the row that a ledger is made from: the values of ``ledger.LOADED``."""
    return tuple(getattr(entry if name in _OF_ENTRY else state, name) for name in LOADED)


def session_of(session_id: str, state: State) -> Session:
    """Return a session as the protocol shows it."""
    return Session(
        id=session_id,
        feature=state.feature,
        source=state.source,
        status=state.status,
        started_us=state.started_us,
        created_us=state.created_us,
        updated_us=state.updated_us,
        user_id=state.user_id,
        label=state.label,
        integration_name=state.integration_name,
        workspace_id=state.workspace_id,
        tags=state.tags,
        metadata=state.metadata,
        ended_us=state.ended_us,
        end_reason=state.end_reason,
        bookmarked=state.bookmarked,
        totals=_totals(state),
    )


def settled_state(state: State, copy: SessionCopy) -> State:
    """Return a state with all that a copy says; how long the log is, and what models come to, stays."""
    session, totals = copy.session, copy.session.totals
    return replace(
        state,
        label=session.label,
        tags=session.tags,
        metadata=session.metadata,
        bookmarked=session.bookmarked,
        status=session.status,
        ended_us=session.ended_us,
        end_reason=session.end_reason,
        created_us=session.created_us,
        updated_us=session.updated_us,
        last_arrival_us=copy.last_arrival_us,
        duration_us=session.duration_us,
        events=totals.events,
        interactions=totals.interactions,
        steps=totals.steps,
        errors=totals.errors,
        cost_nanos=totals.cost_nanos,
        input_tokens=totals.input_tokens,
        output_tokens=totals.output_tokens,
        tokens=clamp(totals.input_tokens + totals.output_tokens),
        unpriced=totals.unpriced,
        dropped=totals.dropped,
        pending=totals.pending,
        last_event_us=totals.last_event_us,
        models=to_json(totals.models).decode(),
    )


def _totals(state: State) -> Totals:
    models: list[Any] = from_json(state.models)
    return Totals(
        events=state.events,
        interactions=state.interactions,
        steps=state.steps,
        errors=state.errors,
        cost_nanos=state.cost_nanos,
        input_tokens=state.input_tokens,
        output_tokens=state.output_tokens,
        unpriced=state.unpriced,
        dropped=state.dropped,
        pending=state.pending,
        changes=state.changes,
        models=models,
        last_event_us=state.last_event_us,
    )
