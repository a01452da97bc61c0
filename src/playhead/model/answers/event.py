"""Recorded events, one struct a kind.

They are open: members beyond the ones named here are answered as they were recorded.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct, field

from playhead.model.event import Content, CostSource, CursorPosition, EventType, Network, Object, StepKind, Tokens


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
    parent_id: Any = None


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


class EventsAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """A page of events in time order; ``next`` is the ``after`` of the following page, null on the last."""

    data: list[Object]
    next: int | None
    success: bool = True
