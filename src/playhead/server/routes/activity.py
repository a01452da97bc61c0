"""What happened when in the sessions of a list, for a small picture of each."""

from __future__ import annotations

from playhead.model.answers import Activity, Answer
from playhead.model.requests import ActivityQuery
from playhead.server.activity import activities
from playhead.server.routes.reading import BASE
from playhead.server.table import Call, Route


async def get_activity(call: Call) -> Answer[list[Activity]]:
    """Return the activity of some sessions."""
    query: ActivityQuery = call.query
    store, project = call.services.store, call.project.no
    return Answer(data=await call.services.read(lambda: list(activities(store, project, query.id))))


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{BASE}/activity",
        scope="read",
        handler=get_activity,
        query=ActivityQuery,
        answer=Answer[list[Activity]],
        summary="Count what happened in some sessions over their time, for a small picture of each",
        tag="reading",
    ),
)
