"""Comparing two sessions of a project, turn by turn."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from playhead.errors import SessionNotFound
from playhead.model.answers import Answer
from playhead.model.answers.comparison import Comparison
from playhead.model.requests import CompareQuery
from playhead.server.comparison import compare
from playhead.server.present import api_url
from playhead.server.routes.reading import BASE
from playhead.server.table import Call, Route
from playhead.server.view import View
from playhead.server.witness import viewed


async def compare_sessions(call: Call) -> Answer[Comparison]:
    """Return two sessions aligned turn by turn."""
    query: CompareQuery = call.query
    a = View(call.services.store, call.project.no, query.a, call.base_url, api_url(call.base_url, query.a))
    b = replace(a, session_id=query.b, url=api_url(call.base_url, query.b))
    data = await call.services.read(compare, a, b, query)
    await asyncio.gather(viewed(call, query.a), viewed(call, query.b))
    return Answer(data=data)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{BASE}/compare",
        scope="read",
        handler=compare_sessions,
        query=CompareQuery,
        answer=Answer[Comparison],
        summary="Compare two sessions turn by turn: first divergence, text differences, cost, tokens, latency",
        tag="reading",
        errors=(SessionNotFound,),
    ),
)
