"""Answers, as the wire spells them: the server encodes them, the client decodes them, OpenAPI documents them.

Recorded events are open: members beyond the ones named here are answered as they were recorded.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct, field

from playhead.model.event import (
    Content,
    CostSource,
    CursorPosition,
    EventType,
    Network,
    Object,
    StepKind,
    Tokens,
)
from playhead.model.results import AccessLevel, Scope
from playhead.model.session import EndReason, Source, Status

T = TypeVar("T")


class Answer(Struct, Generic[T], frozen=True, rename="camel", kw_only=True):
    """The success envelope."""

    data: T
    success: bool = True


class Problem(Struct, frozen=True, rename="camel", kw_only=True, omit_defaults=True):
    """What went wrong, for a program and for a person."""

    code: str
    message: str
    details: Any = None


class Failure(Struct, frozen=True, rename="camel", kw_only=True):
    """The failure envelope, with the members of ``application/problem+json`` (RFC 9457) beside it."""

    error: Problem
    type: str
    title: str
    status: int
    detail: str
    success: bool = False


# --- recording -------------------------------------------------------------------------------------------------------


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


# --- sessions and replays --------------------------------------------------------------------------------------------


class TokenTotals(Struct, frozen=True, rename="camel", kw_only=True):
    input: int = 0
    output: int = 0


class Summary(Struct, frozen=True, rename="camel", kw_only=True):
    """Running totals of a session. ``totalSpans`` counts what lasts: interactions and steps. ``pendingInteractions``
    are part of ``totalInteractions``; ``droppedEvents`` is what the session's gaps come to."""

    total_cost: float = 0.0
    total_tokens: TokenTotals = field(default_factory=TokenTotals)
    total_spans: int = 0
    total_interactions: int = 0
    total_events: int = 0
    unpriced_interactions: int = 0
    models: list[str] = field(default_factory=list)
    dropped_events: int = 0
    pending_interactions: int = 0


class SessionItem(Struct, frozen=True, rename="camel", kw_only=True):
    """A session with its summary and no events. ``duration`` is milliseconds."""

    session_id: str
    user_id: str | None
    label: str | None
    source: Source
    app_feature: str
    integration_name: str | None
    workspace_id: str | None
    tags: list[str]
    metadata: Object
    started_at: datetime
    ended_at: datetime | None
    duration: float
    status: Status
    end_reason: EndReason | None
    has_errors: bool
    error_count: int
    bookmarked: bool
    summary: Summary
    replay_url: str
    created_at: datetime
    updated_at: datetime


class Pagination(Struct, frozen=True, rename="camel", kw_only=True):
    page: int
    limit: int
    total: int
    total_pages: int
    next_cursor: str | None = None


class ListMeta(Struct, frozen=True, rename="camel", kw_only=True):
    total: int
    page: int
    total_pages: int


class ListAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    data: list[SessionItem]
    pagination: Pagination
    meta: ListMeta
    success: bool = True


class RecordedEvent(Struct, frozen=True, rename="camel", kw_only=True):
    """What every recorded event carries beside its data's members."""

    id: str
    seq: int
    type: EventType
    timestamp: datetime
    received_at: datetime


class Interaction(RecordedEvent, frozen=True, rename="camel", kw_only=True):
    """A model call. Latencies are milliseconds, cost US dollars. A ``pending`` one was announced and is not over."""

    model: str
    prompt: Content
    response: Content | None = None
    provider: str | None = None
    tokens: Tokens | None = None
    cost: float | None = None
    cost_source: CostSource = "unknown"
    latency: float | None = None
    time_to_first_token: float | None = None
    parameters: Object | None = None
    request_metadata: Object | None = None
    response_metadata: Object | None = None
    error: Any = None
    pending: bool = False


class UserAction(RecordedEvent, frozen=True, rename="camel", kw_only=True):
    action: str
    target: Any = None
    metadata: Object | None = None


class CodeContext(RecordedEvent, frozen=True, rename="camel", kw_only=True):
    file: str | None = None
    snippet: str | None = None
    language: str | None = None
    cursor_position: CursorPosition | None = None
    metadata: Object | None = None


class SystemMetrics(RecordedEvent, frozen=True, rename="camel", kw_only=True):
    cpu: float | None = None
    memory: float | None = None
    active_requests: int | None = None
    network: Network | None = None
    metadata: Object | None = None


class WorkspaceState(RecordedEvent, frozen=True, rename="camel", kw_only=True):
    environment: Any = None
    settings: Any = None
    active_files: list[Any] | None = None
    metadata: Object | None = None


class Step(RecordedEvent, frozen=True, rename="camel", kw_only=True):
    name: str
    kind: StepKind = "custom"
    parent_id: str | None = None
    input: Any = None
    output: Any = None
    latency: float | None = None
    status: str | None = None
    error: Any = None


class Feedback(RecordedEvent, frozen=True, rename="camel", kw_only=True):
    score: float | bool | str | None = None
    comment: str | None = None
    interaction_id: str | None = None


class Gap(RecordedEvent, frozen=True, rename="camel", kw_only=True):
    """Events that a recorder dropped: how many, and how many for each reason."""

    count: int
    reasons: dict[str, int] | None = None
    from_: str | float | None = field(default=None, name="from")
    until: str | float | None = None


class ReplayData(Struct, frozen=True, rename="camel", kw_only=True):
    """A session's events by kind, each in time order."""

    ai_interactions: list[Interaction] = field(default_factory=list)
    user_actions: list[UserAction] = field(default_factory=list)
    code_context: list[CodeContext] = field(default_factory=list)
    system_metrics: list[SystemMetrics] = field(default_factory=list)
    workspace_state: WorkspaceState | None = None
    workspace_states: list[WorkspaceState] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    feedback: list[Feedback] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


class Replay(SessionItem, frozen=True, rename="camel", kw_only=True):
    """A whole session. Over 10,000 events ``truncated`` is true and ``next`` leads to the following ones."""

    replay_data: ReplayData
    truncated: bool = False
    next: str | None = None


class EventsAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """A page of events in time order; ``next`` is the ``after`` of the following page, null on the last."""

    data: list[Object]
    next: int | None
    success: bool = True


# --- the player ------------------------------------------------------------------------------------------------------


class Mark(Struct, frozen=True, rename="camel", kw_only=True, omit_defaults=True):
    """One event as a lane draws it. ``at`` and ``latency`` are milliseconds, ``at`` from the session's start to the
    moment at which the event began (a model call or step began ``latency`` before its end, see ``end``). A ``pending``
    call has begun and has no end yet: both are the moment at which it was announced."""

    seq: int
    id: str
    type: EventType
    at: float
    end: float
    error: bool = False
    latency: float | None = None
    first_token: float | None = None
    model: str | None = None
    name: str | None = None
    kind: StepKind | None = None
    parent_id: str | None = None
    cost: float | None = None
    cost_source: CostSource | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    preview: str | None = None
    response_preview: str | None = None
    role: str | None = None
    cpu: float | None = None
    memory: float | None = None
    pending: bool = False
    count: int | None = None
    reasons: dict[str, int] | None = None


class IdleSpan(Struct, frozen=True, rename="camel", kw_only=True):
    """A stretch (ms from the start) in which nothing was recorded: the human was away, or a model was being waited
    for."""

    start: float
    end: float
    kind: str


class Lane(Struct, frozen=True, rename="camel", kw_only=True):
    """One lane of the timeline: its key, how many events it has, and how many of them failed."""

    key: str
    count: int
    errors: int


class Timeline(Struct, frozen=True, rename="camel", kw_only=True):
    """Marks by kind, each in time order."""

    ai_interactions: list[Mark] = field(default_factory=list)
    steps: list[Mark] = field(default_factory=list)
    user_actions: list[Mark] = field(default_factory=list)
    system_metrics: list[Mark] = field(default_factory=list)
    feedback: list[Mark] = field(default_factory=list)
    gaps: list[Mark] = field(default_factory=list)
    workspace_states: list[Mark] = field(default_factory=list)


class UsualLatency(Struct, frozen=True, rename="camel", kw_only=True):
    """A model's usual latency in this project, in milliseconds."""

    model: str
    count: int
    p50: float | None
    p95: float | None


class PlayerData(Struct, frozen=True, rename="camel", kw_only=True):
    """What the player loads first. Texts are previews of at most 240 characters; whole events come from ``/events``.

    ``timeline`` and ``codeSnapshots`` hold at most 20,000 marks together; ``next`` is the ``after`` that continues
    them. A live stream goes on behind ``lastSeq`` and ``changes`` (``Last-Event-ID: lastSeq-changes``).
    ``elapsed`` is milliseconds from the session's start to this answer.
    """

    session: SessionItem
    summary: Summary
    duration: float
    timeline: Timeline
    code_snapshots: list[Mark]
    idle_spans: list[IdleSpan]
    lanes: list[Lane]
    latencies: list[UsualLatency]
    last_seq: int
    changes: int = 0
    elapsed: float = 0.0
    next: int | None = None


# --- search and statistics -------------------------------------------------------------------------------------------


class SnippetPart(Struct, frozen=True, rename="camel", kw_only=True):
    """A piece of a snippet; ``match`` marks what was searched for."""

    text: str
    match: bool = False


class SearchEvent(Struct, frozen=True, rename="camel", kw_only=True):
    """Where in a session a text stands. ``at`` is milliseconds from its start, for a link to the moment."""

    id: str
    seq: int
    type: EventType
    timestamp: datetime
    at: float


class SearchHit(Struct, frozen=True, rename="camel", kw_only=True):
    """One hit; ``event`` is null when the session's label or tags match. ``snippet`` is plain text, ``parts`` the
    same marked."""

    session: SessionItem
    event: SearchEvent | None
    snippet: str
    parts: list[SnippetPart]
    score: float


class SearchAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    data: list[SearchHit]
    pagination: Pagination
    success: bool = True


class ModelRow(Struct, frozen=True, rename="camel", kw_only=True):
    model: str
    count: int
    cost: float
    tokens: int
    p50: float | None
    p95: float | None


class SeriesRow(Struct, frozen=True, rename="camel", kw_only=True):
    """One bucket: ``key`` is the start of the day or hour, the model, the feature or the user."""

    key: str
    sessions: int
    interactions: int
    errors: int
    cost: float
    tokens: TokenTotals
    p50: float | None
    p95: float | None


class Percentiles(Struct, frozen=True, rename="camel", kw_only=True):
    """Latency percentiles in milliseconds (nearest rank), null where nothing was measured."""

    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None


class StatsData(Struct, frozen=True, rename="camel", kw_only=True):
    """Statistics. ``averageDuration`` is milliseconds, ``errorRate`` per cent of sessions with an error."""

    total_sessions: int
    total_interactions: int
    by_source: dict[str, int]
    by_status: dict[str, int]
    by_app_feature: dict[str, int]
    total_cost: float
    total_tokens: TokenTotals
    average_duration: float
    error_rate: float
    unpriced_interactions: int
    dropped_events: int
    latency: Percentiles
    top_models: list[ModelRow]
    cost_by_source: dict[str, float]
    group_by: str
    series: list[SeriesRow]


class FacetRow(Struct, frozen=True, rename="camel", kw_only=True):
    value: str
    count: int


class FacetsData(Struct, frozen=True, rename="camel", kw_only=True):
    """Counts of matching sessions by value, most first."""

    feature: list[FacetRow]
    source: list[FacetRow]
    status: list[FacetRow]
    user: list[FacetRow]
    model: list[FacetRow]
    tag: list[FacetRow]


# --- export, shares, keys --------------------------------------------------------------------------------------------


class ExportAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    data: Replay
    format: str = "json"
    success: bool = True


class SharedData(Struct, frozen=True, rename="camel", kw_only=True):
    """A new share; the token is shown this once."""

    share_id: str
    share_token: str
    share_url: str
    access_level: AccessLevel
    expires_at: datetime


class ShareItem(Struct, frozen=True, rename="camel", kw_only=True):
    share_id: str
    access_level: AccessLevel
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    max_views: int | None
    views: int
    redact: bool
    has_password: bool
    active: bool


class KeyItem(Struct, frozen=True, rename="camel", kw_only=True):
    key_id: str
    project: str
    scope: Scope
    label: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKeyData(KeyItem, frozen=True, rename="camel", kw_only=True):
    """A new key; ``key`` is shown this once."""

    key: str


class WhoAmI(Struct, frozen=True, rename="camel", kw_only=True):
    """Whose key this is, and what it may do."""

    project: str
    scope: Scope


class Health(Struct, frozen=True, rename="camel", kw_only=True):
    status: str
    version: str
