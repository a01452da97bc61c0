"""Pages of sessions: the list's answer, and where in all of them it stands."""

from __future__ import annotations

from msgspec import Struct

from playhead.model.answers.session import SessionItem


class Pagination(Struct, frozen=True, rename="camel", kw_only=True):
    """A ``total`` over 10,000 may be an estimate, and so the number of pages; ``totalIsEstimate`` says so."""

    page: int
    limit: int
    total: int
    total_pages: int
    total_is_estimate: bool = False
    next_cursor: str | None = None


class ListMeta(Struct, frozen=True, rename="camel", kw_only=True):
    total: int
    page: int
    total_pages: int
    total_is_estimate: bool = False


class ListAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    data: list[SessionItem]
    pagination: Pagination
    meta: ListMeta
    success: bool = True
