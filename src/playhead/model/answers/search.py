"""Search hits: where a text stands, and a snippet of it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from playhead.model.answers.page import Pagination
from playhead.model.answers.session import SessionItem
from playhead.model.event import EventType


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
    """Hits, best first. Of more than 1,000 texts only the newest are ranked: ``ranked`` says how many (null: all); the
    others follow, the newest first, with score 0."""

    data: list[SearchHit]
    pagination: Pagination
    ranked: int | None = None
    success: bool = True
