"""Searching: texts that match, with the piece around each match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from playhead.errors import Invalid
from playhead.model.answers import Pagination, SearchAnswer, SearchEvent, SearchHit, SnippetPart
from playhead.model.event import StoredEvent
from playhead.model.filters import SessionFilter
from playhead.model.moment import from_us
from playhead.model.requests import SearchQuery
from playhead.model.results import Hit
from playhead.model.session import Session
from playhead.replay.snippets import snippet
from playhead.replay.words import Term, parse_query
from playhead.server.present import session_item
from playhead.server.query import filter_of
from playhead.server.routes.reading import BASE, pages_of
from playhead.server.table import Call, Route
from playhead.server.witness import searched
from playhead.store.base import Store
from playhead.store.texts import event_document, label_document


async def search(call: Call) -> SearchAnswer:
    """Return the texts that match the query and stand in sessions that match the filters."""
    query: SearchQuery = call.query
    if query.search is None:
        raise Invalid.field("q", "required")
    where = msgspec.structs.replace(filter_of(query), search=None)
    answer = await call.services.read(_find, call.services.store, call.project.no, call.base_url, query, where)
    await searched(call)
    return answer


def _find(store: Store, project: int, base_url: str, query: SearchQuery, where: SessionFilter) -> SearchAnswer:
    words = query.search or ""
    terms = parse_query(words)
    found = store.search(project, words, where, limit=query.limit, offset=(query.page - 1) * query.limit)
    return SearchAnswer(
        data=[_hit(hit, terms, base_url) for hit in found.hits],
        pagination=Pagination(
            page=query.page,
            limit=query.limit,
            total=found.total,
            total_pages=pages_of(found.total, query.limit),
            total_is_estimate=found.total_is_estimate,
        ),
        ranked=found.ranked,
    )


def _hit(hit: Hit, terms: Sequence[Term], base_url: str) -> SearchHit:
    texts = _label_texts(hit.session) if hit.event is None else _event_texts(hit.event)
    parts = [SnippetPart(text=text, match=match) for text, match in snippet(texts, terms)]
    return SearchHit(
        session=session_item(hit.session, base_url),
        event=None if hit.event is None else _place(hit.event, hit.session.started_us),
        snippet="".join(part.text for part in parts),
        parts=parts,
        score=hit.score,
    )


def _place(event: StoredEvent, started_us: int) -> SearchEvent:
    return SearchEvent(
        id=event.id,
        seq=event.seq,
        type=event.type,
        timestamp=from_us(event.timestamp_us),
        at=max(0.0, (event.timestamp_us - started_us) / 1000),
    )


def _label_texts(session: Session) -> Iterator[str]:
    yield from label_document(session.label, session.tags).label


def _event_texts(event: StoredEvent) -> Iterator[str]:
    """Yield an event's texts, of a conversation the last message first: what was new with the event stands there."""
    prompt = event.data.get("prompt")
    messages = reversed(prompt) if isinstance(prompt, list) else ()
    document = event_document(event.type, event.data, messages)
    for column in (document.prompt, document.response, document.action, document.code, document.other):
        yield from column


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{BASE}/search",
        scope="read",
        handler=search,
        query=SearchQuery,
        answer=SearchAnswer,
        summary="Find texts in recordings, with every filter of the list",
        tag="reading",
    ),
)
