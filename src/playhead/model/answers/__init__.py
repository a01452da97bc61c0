"""Answers, as the wire spells them: the server encodes them, the client decodes them, OpenAPI documents them.

One file a noun; every struct is imported from here.
"""

from __future__ import annotations

from playhead.model.answers.activity import Activity
from playhead.model.answers.audit import AuditAnswer, AuditPagination
from playhead.model.answers.comparison import (
    ComparedSession,
    Comparison,
    Divergence,
    SessionDifferences,
    TextPiece,
    Turn,
    TurnCounts,
    TurnDifferences,
    TurnSide,
)
from playhead.model.answers.envelope import Answer, Failure, Problem
from playhead.model.answers.event import (
    CodeContext,
    EventsAnswer,
    Feedback,
    Gap,
    Interaction,
    RecordedEvent,
    Step,
    SystemMetrics,
    UserAction,
    WorkspaceState,
)
from playhead.model.answers.facets import FacetRow, FacetsData
from playhead.model.answers.health import Health
from playhead.model.answers.key import KeyItem, NewKeyData, WhoAmI
from playhead.model.answers.note import NoteAuthor, NoteItem
from playhead.model.answers.outline import EventPlace, Outline, OutlineLane, OutlinePage
from playhead.model.answers.page import ListAnswer, ListMeta, Pagination
from playhead.model.answers.player import IdleSpan, Lane, Mark, PlayerData, Timeline, UsualLatency
from playhead.model.answers.recording import (
    AcceptedEvent,
    BatchData,
    EndAnswer,
    EndedData,
    ErasedData,
    RejectedEvent,
    SnapshotAnswer,
    SnapshotData,
    StartAnswer,
    StartedData,
)
from playhead.model.answers.replay import ExportAnswer, Replay, ReplayData
from playhead.model.answers.search import SearchAnswer, SearchEvent, SearchHit, SnippetPart
from playhead.model.answers.session import SessionItem, Summary, TokenTotals
from playhead.model.answers.settings import RedactedText, RedactionData, RetentionData, RetentionPreview, SettingsData
from playhead.model.answers.share import ProjectShare, SharedData, ShareItem, SharesAnswer
from playhead.model.answers.stats import ModelRow, Percentiles, SeriesRow, StatsData
from playhead.model.audit import AuditEntry

__all__ = [
    "AcceptedEvent",
    "Activity",
    "Answer",
    "AuditAnswer",
    "AuditEntry",
    "AuditPagination",
    "BatchData",
    "CodeContext",
    "ComparedSession",
    "Comparison",
    "Divergence",
    "EndAnswer",
    "EndedData",
    "ErasedData",
    "EventPlace",
    "EventsAnswer",
    "ExportAnswer",
    "FacetRow",
    "FacetsData",
    "Failure",
    "Feedback",
    "Gap",
    "Health",
    "IdleSpan",
    "Interaction",
    "KeyItem",
    "Lane",
    "ListAnswer",
    "ListMeta",
    "Mark",
    "ModelRow",
    "NewKeyData",
    "NoteAuthor",
    "NoteItem",
    "Outline",
    "OutlineLane",
    "OutlinePage",
    "Pagination",
    "Percentiles",
    "PlayerData",
    "Problem",
    "ProjectShare",
    "RecordedEvent",
    "RedactedText",
    "RedactionData",
    "RejectedEvent",
    "Replay",
    "ReplayData",
    "RetentionData",
    "RetentionPreview",
    "SearchAnswer",
    "SearchEvent",
    "SearchHit",
    "SeriesRow",
    "SessionDifferences",
    "SessionItem",
    "SettingsData",
    "ShareItem",
    "SharedData",
    "SharesAnswer",
    "SnapshotAnswer",
    "SnapshotData",
    "SnippetPart",
    "StartAnswer",
    "StartedData",
    "StatsData",
    "Step",
    "Summary",
    "SystemMetrics",
    "TextPiece",
    "Timeline",
    "TokenTotals",
    "Turn",
    "TurnCounts",
    "TurnDifferences",
    "TurnSide",
    "UserAction",
    "UsualLatency",
    "WhoAmI",
    "WorkspaceState",
]
