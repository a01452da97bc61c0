"""Pages of sessions: the list's answer, and where in all of them it stands."""

from __future__ import annotations

from msgspec import Struct

from playhead.model.answers.session import SessionItem


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
