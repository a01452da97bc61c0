"""What recording answers: a started session, stored and rejected events, an end, an erasure."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from playhead.model.session import EndReason, Status


class StartedData(Struct, frozen=True, rename="camel", kw_only=True):
    """A started session and the page that plays it."""

    session_id: str
    started_at: datetime
    replay_url: str


class StartAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """``sessionId`` stands at both places: both kinds of client exist."""

    session_id: str
    message: str
    data: StartedData
    success: bool = True


class AcceptedEvent(Struct, frozen=True, rename="camel", kw_only=True):
    """An event that is stored."""

    id: str
    seq: int


class SnapshotData(Struct, frozen=True, rename="camel", kw_only=True):
    """How many events are new, how many were there already, and where each stands."""

    accepted: int
    duplicates: int
    events: list[AcceptedEvent]


class SnapshotAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    message: str
    data: SnapshotData
    success: bool = True


class RejectedEvent(Struct, frozen=True, rename="camel", kw_only=True):
    """An event of a batch that was not stored: its place in the batch, its id if it had one, and why."""

    index: int
    code: str
    message: str
    id: str | None = None


class BatchData(Struct, frozen=True, rename="camel", kw_only=True):
    """accepted + duplicates + len(rejected) is the number of events sent."""

    accepted: int
    duplicates: int
    rejected: list[RejectedEvent]


class EndedData(Struct, frozen=True, rename="camel", kw_only=True):
    session_id: str
    status: Status
    started_at: datetime
    ended_at: datetime
    duration: float
    end_reason: EndReason | None = None


class EndAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    session_id: str
    message: str
    data: EndedData
    success: bool = True


class ErasedData(Struct, frozen=True, rename="camel", kw_only=True):
    """What an erasure removed."""

    session_id: str
    erased_at: datetime
    events: int
    messages: int
    shares: int
