"""Filters: which sessions a list, a search, a statistic or an export is about, in what order, and which page."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct, field

from playhead.model.session import Source, Status

SortBy: TypeAlias = Literal["startedAt", "cost", "tokens", "duration", "interactions", "errors"]
SortOrder: TypeAlias = Literal["desc", "asc"]
GroupBy: TypeAlias = Literal["day", "hour", "model", "feature", "user"]


class SessionFilter(Struct, frozen=True):
    """All members must hold; None does not ask. Ranges are inclusive, money nano-dollars, times microseconds.

    Tokens are input and output together. Duration is that of ``Session.duration_us``. ``search`` finds sessions with
    a text (an event's, or label and tags) in which all its words stand; ``metadata`` compares ``metadata_text``.
    """

    user_id: str | None = None
    workspace_id: str | None = None
    source: Source | None = None
    label: str | None = None
    tags: list[str] = field(default_factory=list)
    feature: str | None = None
    status: Status | None = None
    has_errors: bool | None = None
    bookmarked: bool | None = None
    started_from_us: int | None = None
    started_until_us: int | None = None
    min_cost_nanos: int | None = None
    max_cost_nanos: int | None = None
    min_tokens: int | None = None
    max_tokens: int | None = None
    min_duration_us: int | None = None
    max_duration_us: int | None = None
    min_interactions: int | None = None
    model: str | None = None
    provider: str | None = None
    search: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


class Position(Struct, frozen=True, array_like=True):
    """A place in a sorted list of sessions: the sort value of the last one seen, and the store's own number of it."""

    value: int
    tie: int


class PageRequest(Struct, frozen=True):
    """A page of a list: by number from 1, or what comes after a position (which then decides)."""

    limit: int = 20
    page: int = 1
    after: Position | None = None
    sort_by: SortBy = "startedAt"
    order: SortOrder = "desc"
