"""What the player loads first: marks, lanes and idle spans of a timeline, without any whole text."""

from __future__ import annotations

from msgspec import Struct, field

from playhead.model.answers.session import SessionItem, Summary
from playhead.model.event import CostSource, EventType, StepKind


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
