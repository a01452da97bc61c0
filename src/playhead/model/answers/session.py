"""A session as lists, replays and hits answer it: its members and its running totals, without events."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from playhead.model.event import Object
from playhead.model.session import EndReason, Source, Status


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
