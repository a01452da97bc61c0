"""Events: the eight kinds of thing that happen in a session, as they are sent and as they are stored.

The structs here say which members of an event's ``data`` are known and what they must be; members beyond them are
kept as they came. This module checks shapes; it knows no price, no clock, no storage.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from playhead.model.moment import Moment

MAX_TOKENS = 1_000_000_000_000
MAX_COST_USD = 1_000_000.0
MAX_LATENCY_MS = 1e12

EventType: TypeAlias = Literal[
    "interaction", "user_action", "code_context", "system_metrics", "workspace_state", "step", "feedback", "gap"
]
StepKind: TypeAlias = Literal["tool", "retrieval", "agent", "chain", "http", "custom"]
CostSource: TypeAlias = Literal["reported", "computed", "unknown"]

Name = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[^\x00]*$(?!\n)")]
Id = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]
TokenCount = Annotated[int, Meta(ge=0, le=MAX_TOKENS)]
Milliseconds = Annotated[float, Meta(ge=0, le=MAX_LATENCY_MS)]
Dollars = Annotated[float, Meta(ge=0, le=MAX_COST_USD)]
Content: TypeAlias = str | list[Any]
Object: TypeAlias = dict[str, Any]
Count = Annotated[int, Meta(ge=1, le=MAX_TOKENS)]


class Tokens(Struct, frozen=True, rename="camel", omit_defaults=True, gc=False):
    """Tokens of one model call; a missing count is unknown, not zero. ``cached`` is part of ``input``, ``reasoning``
    of ``output``."""

    input: TokenCount | None = None
    output: TokenCount | None = None
    cached: TokenCount | None = None
    reasoning: TokenCount | None = None


class Data(Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """What the data of every kind may carry."""

    timestamp: Moment | None = None


class InteractionData(Data, frozen=True, rename="camel", omit_defaults=True, kw_only=True, tag=False):
    """One model call. ``latency`` and ``time_to_first_token`` are milliseconds, ``cost`` US dollars.

    ``parent_id`` is the id of the step or interaction that it belongs to; anything else is kept and means nothing.
    ``response`` may be absent only when ``error`` is set: a call that failed has none; or when ``pending`` is true: the
    call has begun, and will be sent again under the same id, whole and without ``pending``, when it is over.
    """

    model: Name
    prompt: Content
    response: Content | None = None
    provider: Name | None = None
    tokens: Tokens | None = None
    cost: Dollars | None = None
    latency: Milliseconds | None = None
    time_to_first_token: Milliseconds | None = None
    parameters: Object | None = None
    request_metadata: Object | None = None
    response_metadata: Object | None = None
    error: Any = None
    pending: bool = False
    parent_id: Any = None

    def __post_init__(self) -> None:
        if self.response is None and not self.error and not self.pending:
            raise ValueError("Object missing required field `response`")


class UserActionData(Data, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """Something that the end user did. ``metadata`` was once called ``details``."""

    action: Name
    target: Any = None
    metadata: Object | None = None


class CursorPosition(Struct, frozen=True, rename="camel"):
    """Where the cursor stood, counted as the editor counts."""

    line: int
    column: int = 0


class CodeContextData(Data, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """The code that was open. ``file`` was once ``filePath``, ``snippet`` was once ``content``."""

    file: str | None = None
    snippet: str | None = None
    language: str | None = None
    cursor_position: CursorPosition | None = None
    metadata: Object | None = None


class Network(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Bytes since the last sample."""

    sent: Annotated[float, Meta(ge=0)] | None = None
    received: Annotated[float, Meta(ge=0)] | None = None


class SystemMetricsData(Data, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """One sample of the machine: ``cpu`` and ``memory`` in per cent (cpu may pass 100 on several cores)."""

    cpu: Annotated[float, Meta(ge=0)] | None = None
    memory: Annotated[float, Meta(ge=0)] | None = None
    active_requests: Annotated[int, Meta(ge=0)] | None = None
    network: Network | None = None
    metadata: Object | None = None


class WorkspaceStateData(Data, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """The surroundings of the work: environment, settings, open files."""

    environment: Any = None
    settings: Any = None
    active_files: list[Any] | None = None
    metadata: Object | None = None


class StepData(Data, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """One step of an agent or a workflow; a tree by ``parent_id``, which is the id of another step or interaction."""

    name: Name
    kind: StepKind = "custom"
    parent_id: Id | None = None
    input: Any = None
    output: Any = None
    latency: Milliseconds | None = None
    status: str | None = None
    error: Any = None


class FeedbackData(Data, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """What somebody thought of it; ``interaction_id`` is the id of the judged interaction."""

    score: float | bool | str | None = None
    comment: str | None = None
    interaction_id: Id | None = None


class GapData(Data, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """Events that a recorder had to drop: how many, how many for each reason, and between which moments that was."""

    count: Count
    reasons: dict[str, Count] | None = None
    from_: Moment | None = msgspec.field(default=None, name="from")
    until: Moment | None = None


DATA_OF: dict[EventType, type[Data]] = {
    "interaction": InteractionData,
    "user_action": UserActionData,
    "code_context": CodeContextData,
    "system_metrics": SystemMetricsData,
    "workspace_state": WorkspaceStateData,
    "step": StepData,
    "feedback": FeedbackData,
    "gap": GapData,
}
EVENT_TYPES: tuple[EventType, ...] = tuple(DATA_OF)
ALIASES: dict[EventType, dict[str, str]] = {
    "user_action": {"details": "metadata"},
    "code_context": {"filePath": "file", "content": "snippet"},
}
"""Accepted older names of members, and the name that answers carry."""

EnvelopeMembers: TypeAlias = Literal["id", "seq", "type", "timestamp", "receivedAt"]
ENVELOPE: tuple[str, ...] = ("id", "seq", "type", "timestamp", "receivedAt")
"""Members that belong to the event itself. Data members of the same name are answered under ``shadowed``."""


class Call(Struct, frozen=True, gc=False):
    """The measurable side of an interaction, as stores keep it in columns. Money is whole nano-dollars."""

    model: str
    provider: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_nanos: int = 0
    cost_source: CostSource = "unknown"
    latency_ms: float | None = None
    first_token_ms: float | None = None


class NewEvent(Struct, frozen=True):
    """An event that has been checked and priced and is ready to be stored.

    ``data`` holds every member under its first name, without ``id`` and ``timestamp``; ``call`` is set for an
    interaction that is over; ``latency_ms`` for whatever lasts; ``error`` says whether it counts as one; ``dropped`` is
    how many events a gap stands for. A ``pending`` interaction has neither call nor error yet.
    """

    id: str
    type: EventType
    timestamp_us: int
    received_us: int
    data: Object
    error: bool = False
    latency_ms: float | None = None
    call: Call | None = None
    size_bytes: int = 0
    pending: bool = False
    dropped: int = 0


class SentEvent(NewEvent, frozen=True, kw_only=True):
    """A new event whose data is stored as it came: ``text`` is its JSON, compact and checked.

    ``messages`` is the prompt of an interaction when that is a list. ``data`` is read from the text when somebody asks:
    most never do, and an event that waits to be written is its text alone.
    """

    text: bytes
    messages: list[Any] | None = None

    @property  # type: ignore[misc]  # in the place of the member that every event has
    def data(self) -> Object:
        """Every member, as in any other event; a new object each time."""
        data: Object = msgspec.json.decode(self.text)
        return data


class StoredEvent(Struct, frozen=True):
    """An event as a store returns it: ``data`` is what was recorded, whole.

    ``change`` is the number of the change by which a pending interaction became this event, 0 for one that came so.
    """

    id: str
    seq: int
    type: EventType
    timestamp_us: int
    received_us: int
    data: Object
    error: bool = False
    call: Call | None = None
    pending: bool = False
    change: int = 0


class RawEvent(Struct, frozen=True, rename="camel", gc=False):
    """One event of a request, its data not yet looked into."""

    type: str
    data: msgspec.Raw | UnsetType = UNSET
    id: Id | None = None
    timestamp: Moment | None = None
    session_id: Id | None = None
