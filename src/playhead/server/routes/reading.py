"""Reading: lists of sessions, one session's replay, its events, and what the player loads first."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from typing import Final, TypeVar

import msgspec
from starlette.responses import Response

from playhead.errors import Invalid, SessionNotFound
from playhead.model.answers import (
    Answer,
    EventsAnswer,
    ListAnswer,
    ListMeta,
    Outline,
    Pagination,
    PlayerData,
    Replay,
)
from playhead.model.event import EVENT_TYPES, EventType
from playhead.model.requests import EventsQuery, ListQuery, OutlineQuery, PlayerQuery
from playhead.replay.events import is_event_type
from playhead.server.cursors import Cursors, Place
from playhead.server.documents import replay_chunks
from playhead.server.erasures import not_found
from playhead.server.outline import outline
from playhead.server.player import player_data
from playhead.server.present import api_url, flat_event, session_item
from playhead.server.query import filter_of, page_request
from playhead.server.streaming import streamed
from playhead.server.table import Call, Route
from playhead.server.view import View
from playhead.server.witness import searched, viewed

JSON: Final = "application/json"
T = TypeVar("T")


def view_of(call: Call, *, redact: bool = False) -> View:
    """Return the view of a session that a key of its own project has."""
    session_id = call.params["session_id"]
    return View(
        store=call.services.store,
        project=call.project.no,
        session_id=session_id,
        base_url=call.base_url,
        url=api_url(call.base_url, session_id),
        redact=redact,
        kept_notes=call.services.registry,
    )


async def list_sessions(call: Call) -> ListAnswer:
    """Return one page of the sessions that match, by number or behind a cursor."""
    query: ListQuery = call.query
    where, page, number = filter_of(query), page_request(query), query.page
    cursors = Cursors(call.services.gate.secret)
    if query.cursor is not None:
        place = cursors.open(query.cursor, call.project.no, where, page)
        page, number = msgspec.structs.replace(page, after=place.after), place.page
    found = await call.services.read(call.services.store.list_sessions, call.project.no, where, page)
    await searched(call)
    following = Place(found.next, number + 1) if found.next is not None else None
    pages = pages_of(found.total, query.limit)
    return ListAnswer(
        data=[session_item(session, call.base_url) for session in found.sessions],
        pagination=Pagination(
            page=number,
            limit=query.limit,
            total=found.total,
            total_pages=pages,
            total_is_estimate=found.total_is_estimate,
            next_cursor=None if following is None else cursors.seal(following, call.project.no, where, page),
        ),
        meta=ListMeta(total=found.total, page=number, total_pages=pages, total_is_estimate=found.total_is_estimate),
    )


def pages_of(total: int, limit: int) -> int:
    """Return how many pages there are; none when there is nothing."""
    return -(-total // limit)


async def get_replay(call: Call) -> Response:
    """Return a session's replay, streamed."""
    response = await or_erased(call, replay_response(call, view_of(call)))
    await viewed(call)
    return response


async def or_erased(call: Call, answer: Awaitable[T]) -> T:
    """Return an answer about a session; where it is not there, say so, and when it was erased if it was."""
    try:
        return await answer
    except SessionNotFound:
        raise await call.services.read(
            not_found, call.services.store, call.project.no, call.params["session_id"]
        ) from None


async def replay_response(call: Call, view: View) -> Response:
    """Return the replay of a view inside the success envelope."""
    return await streamed(call.services, in_envelope(replay_chunks(view)), JSON)


def in_envelope(chunks: Iterator[bytes], members: bytes = b"") -> Iterator[bytes]:
    """Yield a document inside the success envelope, behind further members.

    The document begins before the envelope does, so that a session which is not there is a failure and no half answer.
    """
    first = next(chunks, b"null")
    yield b'{"success":true,%s"data":%s' % (members, first)
    yield from chunks
    yield b"}"


async def get_events(call: Call) -> EventsAnswer:
    """Return a page of a session's events in time order."""
    answer = await events_answer(call, view_of(call))
    await viewed(call)
    return answer


async def events_answer(call: Call, view: View) -> EventsAnswer:
    """Return a page of a view's events."""
    query: EventsQuery = call.query
    page = await call.services.read(view.page, query.after, query.limit, event_types(query.type or ()))
    return EventsAnswer(data=[flat_event(event) for event in page.events], next=page.next)


def event_types(names: list[str] | tuple[str, ...]) -> tuple[EventType, ...]:
    """Return names of event kinds; raises Invalid naming ``type`` for one that is none."""
    kinds = tuple(name for name in names if is_event_type(name))
    if len(kinds) < len(names):
        raise Invalid.field("type", f"expected one of {', '.join(EVENT_TYPES)}")
    return kinds


async def get_player(call: Call) -> Answer[PlayerData]:
    """Return what the player loads first, or a further page of its marks."""
    data = await or_erased(call, call.services.read(player_data, view_of(call), call.query, call.now_us))
    await viewed(call)
    return Answer(data=data)


async def get_outline(call: Call) -> Answer[Outline]:
    """Return a session from afar: its events counted over its whole length, and where its pages begin."""
    query: OutlineQuery = call.query
    data = await call.services.read(outline, view_of(call), query.event)
    await viewed(call)
    return Answer(data=data)


BASE: Final = "/api/session-replay"
ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{BASE}/list",
        scope="read",
        handler=list_sessions,
        query=ListQuery,
        answer=ListAnswer,
        summary="List sessions, with every filter",
        tag="reading",
    ),
    Route(
        method="GET",
        path=f"{BASE}/sessions",
        scope="read",
        handler=list_sessions,
        query=ListQuery,
        answer=ListAnswer,
        summary="List sessions (alias of /list)",
        tag="reading",
    ),
    Route(
        method="GET",
        path=f"{BASE}/{{session_id}}",
        scope="read",
        handler=get_replay,
        answer=Answer[Replay],
        summary="Get a session's whole replay; over 10,000 events or 64 MiB the first ones and a link to the others",
        tag="reading",
        errors=(SessionNotFound,),
    ),
    Route(
        method="GET",
        path=f"{BASE}/sessions/{{session_id}}",
        scope="read",
        handler=get_replay,
        answer=Answer[Replay],
        summary="Get a session's whole replay (alias of /{sessionId})",
        tag="reading",
        errors=(SessionNotFound,),
    ),
    Route(
        method="GET",
        path=f"{BASE}/{{session_id}}/events",
        scope="read",
        handler=get_events,
        query=EventsQuery,
        answer=EventsAnswer,
        summary="Page through a session's events in time order",
        tag="reading",
        errors=(SessionNotFound,),
    ),
    Route(
        method="GET",
        path=f"{BASE}/{{session_id}}/player",
        scope="read",
        handler=get_player,
        query=PlayerQuery,
        answer=Answer[PlayerData],
        summary="Get what the player loads first: marks, lanes, idle spans",
        tag="reading",
        errors=(SessionNotFound,),
    ),
    Route(
        method="GET",
        path=f"{BASE}/{{session_id}}/outline",
        scope="read",
        handler=get_outline,
        query=OutlineQuery,
        answer=Answer[Outline],
        summary="Get a long session from afar: counts over its whole length, and where its pages of marks begin",
        tag="reading",
        errors=(SessionNotFound,),
    ),
)
