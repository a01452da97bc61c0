"""A whole session with its events by kind, as it is replayed and exported."""

from __future__ import annotations

from msgspec import Struct, field

from playhead.model.answers.event import (
    CodeContext,
    Feedback,
    Gap,
    Interaction,
    Step,
    SystemMetrics,
    UserAction,
    WorkspaceState,
)
from playhead.model.answers.note import NoteItem
from playhead.model.answers.session import SessionItem


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
    """A whole session. Over 10,000 events or 64 MiB ``truncated`` is true and ``next`` leads to the following ones."""

    replay_data: ReplayData
    notes: list[NoteItem] = field(default_factory=list)
    truncated: bool = False
    next: str | None = None


class ExportAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    data: Replay
    format: str = "json"
    success: bool = True
