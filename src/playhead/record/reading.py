"""The operations that read, search, export and share: each builds one call, or a list of pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypedDict, Unpack

import msgspec

from playhead.model.answers import (
    Answer,
    Comparison,
    EventsAnswer,
    ListAnswer,
    PlayerData,
    ProjectShare,
    Replay,
    SearchAnswer,
    SessionItem,
    SharedData,
    ShareItem,
    SharesAnswer,
    StatsData,
)
from playhead.model.event import EventType, Object
from playhead.model.filters import GroupBy, SortBy, SortOrder
from playhead.model.results import AccessLevel
from playhead.model.session import Source, Status
from playhead.record.call import BASE, Call, Pages, json_body, reader, session_path
from playhead.record.events import camel
from playhead.record.plain import moment, plain


class Filters(TypedDict, total=False):
    """Which sessions: all that are named must hold. Ranges are inclusive; cost in US dollars, duration in milliseconds.

    ``start_date`` and ``end_date`` are on the start: a datetime, a date (its whole UTC day), or text. ``search`` is
    words, "phrases" and prefix*. ``tags`` must all be there; ``metadata`` compares single values.
    """

    user_id: str | None
    workspace_id: str | None
    source: Source | None
    label: str | None
    tags: Sequence[str] | None
    feature: str | None
    status: Status | None
    has_errors: bool | None
    start_date: date | str | float | None
    end_date: date | str | float | None
    min_cost: float | None
    max_cost: float | None
    min_tokens: int | None
    max_tokens: int | None
    min_duration: int | None
    max_duration: int | None
    min_interactions: int | None
    model: str | None
    provider: str | None
    search: str | None
    bookmarked: bool | None
    metadata: Mapping[str, Any] | None


def get_session_replay(session_id: str) -> Call[Replay]:
    """Return a whole session, its events by kind. Over 10,000 events or 64 MiB it is cut, and says so in ``truncated``.

    Members of your own beyond the named ones are in what ``get_events`` yields. Raises SessionNotFound.
    """
    parse = reader(Answer[Replay], lambda answer: answer.data)
    return Call(method="GET", path=session_path(session_id), parse=parse)


def get_session(session_id: str) -> Call[SessionItem]:
    """Return a session with its summary and without its events. Raises SessionNotFound."""
    parse = reader(Answer[PlayerData], lambda answer: answer.data.session)
    return Call(method="GET", path=session_path(session_id, "player"), query=(("limit", "1"),), parse=parse)


def get_events(
    session_id: str, *, types: Sequence[EventType] = (), after: int = 0, page_size: int = 1000
) -> Pages[EventsAnswer, Object]:
    """Yield a session's events in time order, each a dict with every member that was recorded.

    They are loaded ``page_size`` at a time. ``types`` keeps some kinds only; ``after`` begins behind the event of
    that seq. Raises SessionNotFound.
    """
    kinds = [("type", kind) for kind in types]

    def page(start: int) -> Call[EventsAnswer]:
        query = (("after", str(start)), ("limit", str(page_size)), *kinds)
        parse = reader(EventsAnswer, lambda answer: answer)
        return Call(method="GET", path=session_path(session_id, "events"), query=query, parse=parse)

    return Pages(
        first=page(after),
        items=lambda answer: answer.data,
        following=lambda answer: None if answer.next is None else page(answer.next),
    )


def list_session_replays(
    *,
    page: int = 1,
    limit: int = 20,
    cursor: str | None = None,
    sort_by: SortBy = "startedAt",
    sort_order: SortOrder = "desc",
    **filters: Unpack[Filters],
) -> Call[ListAnswer]:
    """Return one page of the sessions that match, with their summaries: ``data``, and ``pagination`` with the total.

    ``limit`` is at most 100. ``cursor`` (the ``next_cursor`` of the page before) goes on where that page ended.
    Raises Invalid.
    """
    paging = {"page": page if cursor is None else None, "limit": limit, "cursor": cursor}
    query = _query({**paging, "sort_by": sort_by, "sort_order": sort_order}, filters)
    return Call(method="GET", path=f"{BASE}/list", query=query, parse=reader(ListAnswer, lambda answer: answer))


def iterate_session_replays(
    *,
    sort_by: SortBy = "startedAt",
    sort_order: SortOrder = "desc",
    page_size: int = 100,
    **filters: Unpack[Filters],
) -> Pages[ListAnswer, SessionItem]:
    """Yield every session that matches, loading ``page_size`` at a time. Raises Invalid."""

    def page(cursor: str | None) -> Call[ListAnswer]:
        return list_session_replays(cursor=cursor, limit=page_size, sort_by=sort_by, sort_order=sort_order, **filters)

    def following(answer: ListAnswer) -> Call[ListAnswer] | None:
        return page(answer.pagination.next_cursor) if answer.pagination.next_cursor else None

    return Pages(first=page(None), items=lambda answer: answer.data, following=following)


def search(query: str, *, page: int = 1, limit: int = 20, **filters: Unpack[Filters]) -> Call[SearchAnswer]:
    """Find texts with all words of ``query`` in sessions that match: hits with event and snippet, best first.

    Words, "phrases" and prefix*; scripts without spaces by substring. Raises Invalid.
    """
    words = _query({"q": query, "page": page, "limit": limit}, filters)
    return Call(method="GET", path=f"{BASE}/search", query=words, parse=reader(SearchAnswer, lambda answer: answer))


def compare(a: str, b: str, *, after: int = 0, limit: int = 50) -> Call[Comparison]:
    """Return two sessions aligned turn by turn, with the first divergence and the second's numbers less the first's.

    Model calls and steps are turns, up to 1,000 of a session. ``after`` (the ``next`` of the page before) and ``limit``
    (at most 200) choose among them. Raises SessionNotFound, Invalid.
    """
    query = (("a", a), ("b", b), ("after", str(after)), ("limit", str(limit)))
    parse = reader(Answer[Comparison], lambda answer: answer.data)
    return Call(method="GET", path=f"{BASE}/compare", query=query, parse=parse)


def stats(*, group_by: GroupBy = "day", **filters: Unpack[Filters]) -> Call[StatsData]:
    """Return totals, latencies, models and a series over the sessions that match. Raises Invalid."""
    query = _query({"group_by": group_by}, filters)
    parse = reader(Answer[StatsData], lambda answer: answer.data)
    return Call(method="GET", path=f"{BASE}/stats", query=query, parse=parse)


def export_session(session_id: str, *, format: str = "json", redact: bool = False) -> Call[bytes]:  # noqa: A002
    """Return a whole session as a document: json, csv, ndjson or html (a page that plays it), as bytes.

    Raises SessionNotFound, Invalid, TooLarge.
    """
    query = _query({"format": format, "redact": redact or None, "download": True}, {})
    return Call(method="GET", path=session_path(session_id, "export"), query=query, parse=bytes)


def share_session(
    session_id: str,
    *,
    access_level: AccessLevel = "public",
    expires_in: int = 604_800,
    password: str | None = None,
    max_views: int | None = None,
    redact: bool = False,
) -> Call[SharedData]:
    """Make a link to one session; its token is shown this once.

    ``access_level`` is public, password or team; ``expires_in`` seconds, from a minute to a year.
    Raises SessionNotFound, Invalid.
    """
    members = {
        "accessLevel": access_level,
        "expiresIn": expires_in,
        "password": password,
        "maxViews": max_views,
        "redact": redact,
    }
    body, headers = json_body({name: plain(value, name) for name, value in members.items() if value is not None})
    parse = reader(Answer[SharedData], lambda answer: answer.data)
    path = session_path(session_id, "share")
    return Call(method="POST", path=path, body=body, headers=headers, parse=parse, repeatable=False)


def list_shares(session_id: str) -> Call[list[ShareItem]]:
    """Return a session's links, oldest first, also the expired and revoked ones. Raises SessionNotFound."""
    parse = reader(Answer[list[ShareItem]], lambda answer: answer.data)
    return Call(method="GET", path=session_path(session_id, "shares"), parse=parse)


def iterate_shares(*, active: bool | None = None, page_size: int = 100) -> Pages[SharesAnswer, ProjectShare]:
    """Yield all links of the project with their sessions, newest first, loading ``page_size`` at a time.

    ``active`` keeps those that can be opened now, or those that no longer can. One made while they are loaded may
    let another come twice.
    """

    def page(number: int) -> Call[SharesAnswer]:
        query = _query({"page": number, "limit": page_size, "active": active}, {})
        return Call(method="GET", path=f"{BASE}/shares", query=query, parse=reader(SharesAnswer, lambda answer: answer))

    def following(answer: SharesAnswer) -> Call[SharesAnswer] | None:
        at = answer.pagination
        return page(at.page + 1) if at.page < at.total_pages else None

    return Pages(first=page(1), items=lambda answer: answer.data, following=following)


def revoke_share(session_id: str, share_id: str) -> Call[ShareItem]:
    """End a link at once. Revoking twice is harmless. Raises SessionNotFound, ShareNotFound."""
    parse = reader(Answer[ShareItem], lambda answer: answer.data)
    return Call(method="DELETE", path=session_path(session_id, "shares", share_id), parse=parse)


def _query(own: Mapping[str, Any], filters: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    unknown = sorted(set(filters) - Filters.__annotations__.keys())
    if unknown:
        raise TypeError(f"unknown filter {unknown[0]!r}; there are: {', '.join(Filters.__annotations__)}")
    pairs: list[tuple[str, str]] = []
    for name, value in (*own.items(), *filters.items()):
        if value is not None:
            pairs += _pairs(name, value)
    return tuple(pairs)


def _pairs(name: str, value: Any) -> list[tuple[str, str]]:
    if name == "tags":
        return [("tag", _text(tag, name)) for tag in ([value] if isinstance(value, str) else value)]
    if name == "metadata":
        return [(f"metadata.{key}", _text(item, f"{name}.{key}")) for key, item in value.items()]
    if name in ("start_date", "end_date"):
        return [(camel(name), _text(moment(value, name), name))]
    return [(camel(name), _text(value, name))]


def _text(value: Any, name: str) -> str:
    known = plain(value, name)
    return known if isinstance(known, str) else msgspec.json.encode(known).decode()
