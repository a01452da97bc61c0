"""Bodies and queries of requests, as the wire spells them. One definition decodes, validates and documents them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from playhead.model.audit import Action
from playhead.model.event import Id, Milliseconds, Name, Object, RawEvent
from playhead.model.filters import GroupBy, SortOrder
from playhead.model.moment import Moment
from playhead.model.note import NoteKind, NoteMoment, NoteText
from playhead.model.project_settings import RetentionDays
from playhead.model.results import AccessLevel, Scope
from playhead.model.session import EndStatus, Feature, Label, SessionId, ShortText, Source, Status, Tags

ExportFormat: TypeAlias = Literal["json", "csv", "ndjson", "html"]
BulkFormat: TypeAlias = Literal["csv", "ndjson"]
AuditFormat: TypeAlias = Literal["csv", "ndjson"]
SortName: TypeAlias = Literal[
    "startedAt", "cost", "totalCost", "tokens", "totalTokens", "duration", "interactions", "errors"
]
Text = Annotated[str, Meta(max_length=2000)]
PageNumber = Annotated[int, Meta(ge=1, le=1_000_000_000)]
PageLimit = Annotated[int, Meta(ge=1, le=100)]
Dollars = Annotated[float, Meta(ge=0, le=1e9)]
Count = Annotated[int, Meta(ge=0, le=2**53)]


class StartRequest(Struct, frozen=True, rename="camel", kw_only=True):
    """``POST /recording/start``. ``appFeature`` is accepted for ``feature``."""

    feature: Feature | None = None
    app_feature: Feature | None = None
    user_id: ShortText | None = None
    label: Label | None = None
    metadata: Object | None = None
    tags: Tags | None = None
    session_id: SessionId | None = None
    source: Source = "in-app"
    integration_name: ShortText | None = None
    workspace_id: ShortText | None = None
    started_at: Moment | None = None


class SnapshotRequest(Struct, frozen=True, rename="camel", kw_only=True):
    """``POST /{sessionId}/snapshot``: one event (``type``, ``data``), the older form, or ``events``."""

    type: str | None = None
    data: msgspec.Raw | UnsetType = UNSET
    id: Id | None = None
    timestamp: Moment | None = None
    events: list[RawEvent] | None = None
    ai_interaction: msgspec.Raw | UnsetType = UNSET
    user_action: msgspec.Raw | UnsetType = UNSET
    code_context: msgspec.Raw | UnsetType = UNSET
    system_metrics: msgspec.Raw | UnsetType = UNSET
    workspace_state: msgspec.Raw | UnsetType = UNSET
    capture_system_metrics: bool = False
    latency: Milliseconds | None = None
    provider: Name | None = None
    request_metadata: Object | None = None
    response_metadata: Object | None = None


class EndRequest(Struct, frozen=True, rename="camel", kw_only=True):
    """``POST /{sessionId}/end``."""

    status: EndStatus = "completed"
    ended_at: Moment | None = None


class PatchRequest(Struct, frozen=True, rename="camel", kw_only=True):
    """``PATCH /{sessionId}``: only what is named is changed; a label of null is removed."""

    label: Label | None | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    metadata: Object | UnsetType = UNSET
    bookmarked: bool | UnsetType = UNSET


class ExportRequest(Struct, frozen=True, rename="camel", kw_only=True):
    """``POST /{sessionId}/export``."""

    format: ExportFormat = "json"
    redact: bool = False


class BulkExportRequest(Struct, frozen=True, rename="camel", kw_only=True):
    """``POST /export``; the list filters stand in the query or beside ``format`` here."""

    format: BulkFormat = "ndjson"
    redact: bool = False
    filters: dict[str, Any] | None = None


class ShareRequest(Struct, frozen=True, rename="camel", kw_only=True):
    """``POST /{sessionId}/share``; ``expiresIn`` is seconds."""

    access_level: AccessLevel = "public"
    expires_in: Annotated[int, Meta(ge=60, le=31_536_000)] = 604_800
    password: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None
    max_views: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    redact: bool = False


class NoteRequest(Struct, frozen=True, rename="camel", kw_only=True):
    """``POST /{sessionId}/notes``: ``at`` in milliseconds from the session's start. A comment needs a text; a
    bookmark's is its name."""

    kind: NoteKind = "comment"
    at: NoteMoment
    text: NoteText = ""
    event_id: Id | None = None

    def __post_init__(self) -> None:
        if self.kind == "comment" and not self.text.strip():
            raise ValueError("Object missing required field `text`")


class NoteChanges(Struct, frozen=True, rename="camel", kw_only=True):
    """``PATCH /{sessionId}/notes/{noteId}``: only what is named is changed."""

    text: NoteText | None = None
    at: NoteMoment | None = None


class UnlockRequest(Struct, frozen=True, rename="camel", kw_only=True):
    """``POST /api/shared/{token}/unlock``."""

    password: Annotated[str, Meta(max_length=1000)]


class SignInRequest(Struct, frozen=True, rename="camel", kw_only=True):
    """``POST /api/sign-in``: the key, or the token of the printed link, that the page's cookie is made from."""

    token: Annotated[str, Meta(min_length=1, max_length=1000)]


class KeyRequest(Struct, frozen=True, rename="camel", kw_only=True):
    """``POST /api/keys``: a new key of the caller's own project."""

    scope: Scope = "ingest"
    label: Annotated[str, Meta(max_length=200)] = ""
    expires_at: Moment | None = None


class FilterQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """The filters that list, search, stats and export share. Aliases and ``metadata.NAME`` are resolved before."""

    user_id: Text | None = None
    workspace_id: Text | None = None
    source: Source | None = None
    label: Text | None = None
    tag: list[Text] | None = None
    app_feature: Text | None = None
    status: Status | None = None
    has_errors: bool | None = None
    start_date: Moment | None = None
    end_date: Moment | None = None
    min_cost: Dollars | None = None
    max_cost: Dollars | None = None
    min_tokens: Count | None = None
    max_tokens: Count | None = None
    min_duration: Count | None = None
    max_duration: Count | None = None
    min_interactions: Count | None = None
    ai_model: Text | None = None
    provider: Text | None = None
    search: Text | None = None
    bookmarked: bool | None = None
    metadata: dict[str, Text] | None = None


QUERY_ALIASES: dict[str, str] = {
    "feature": "appFeature",
    "from": "startDate",
    "to": "endDate",
    "model": "aiModel",
    "searchQuery": "search",
    "q": "search",
}
"""Names that exist in the wild for query parameters, and the first name of each."""


class ListQuery(FilterQuery, frozen=True, rename="camel", kw_only=True):
    """``GET /list``."""

    page: PageNumber = 1
    limit: PageLimit = 20
    cursor: Text | None = None
    sort_by: SortName = "startedAt"
    sort_order: SortOrder = "desc"


class SearchQuery(FilterQuery, frozen=True, rename="camel", kw_only=True):
    """``GET /search``."""

    page: PageNumber = 1
    limit: PageLimit = 20


class StatsQuery(FilterQuery, frozen=True, rename="camel", kw_only=True):
    """``GET /stats``."""

    group_by: GroupBy = "day"


class FacetsQuery(FilterQuery, frozen=True, rename="camel", kw_only=True):
    """``GET /facets``: counts beside the list's filters."""


class CompareQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """``GET /compare``: two sessions, and which of their turns."""

    a: SessionId
    b: SessionId
    after: Annotated[int, Meta(ge=0, le=10_000)] = 0
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class ActivityQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """``GET /activity``: some sessions of a list."""

    id: Annotated[list[SessionId], Meta(min_length=1, max_length=100)]


class SharesQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """``GET /shares``: all links of a project, or those that can be opened (or no longer can)."""

    page: PageNumber = 1
    limit: PageLimit = 20
    active: bool | None = None


class RetentionQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """``GET /settings/retention/preview``: a retention that nobody has set yet."""

    days: RetentionDays
    keep_bookmarked: bool = True


class AuditFilter(Struct, frozen=True, rename="camel", kw_only=True):
    """Which entries of the audit log: ``to`` counts, of a date alone its whole day."""

    action: list[Action] | None = None
    actor: Text | None = None
    target: Text | None = None
    session_id: Text | None = None
    from_: Moment | None = field(default=None, name="from")
    to: Moment | None = None


class AuditQuery(AuditFilter, frozen=True, rename="camel", kw_only=True):
    """``GET /audit``."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 50
    cursor: Annotated[int, Meta(ge=1, le=2**53)] | None = None


class AuditExportQuery(AuditFilter, frozen=True, rename="camel", kw_only=True):
    """``GET /audit/export``."""

    format: AuditFormat = "csv"


class EventsQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """``GET /{sessionId}/events``."""

    after: Annotated[int, Meta(ge=0, le=2**53)] = 0
    limit: Annotated[int, Meta(ge=1, le=5000)] = 100
    type: list[str] | None = None


class BulkExportQuery(FilterQuery, frozen=True, rename="camel", kw_only=True):
    """Query of ``POST /export``: the list's filters, and what the body may say instead."""

    format: BulkFormat | None = None
    redact: bool | None = None


class PlayerQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """``GET /{sessionId}/player``: marks from behind the event with seq ``after``."""

    after: Annotated[int, Meta(ge=0, le=2**53)] = 0
    limit: Annotated[int, Meta(ge=1, le=20_000)] = 5_000


class OutlineQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """``GET /{sessionId}/outline``: also the place of an event, by its id."""

    event: Id | None = None


class ExportQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """Query of the one-session export."""

    format: ExportFormat | None = None
    redact: bool | None = None
    download: bool = False
