"""Statistics over the sessions that match a filter, and how many there are of each kind."""

from __future__ import annotations

from typing import Final

from playhead.model.answers import Answer, FacetRow, FacetsData, StatsData
from playhead.model.filters import SessionFilter
from playhead.model.requests import FacetsQuery, StatsQuery
from playhead.model.results import Facet
from playhead.server.present import stats_data
from playhead.server.query import filter_of
from playhead.server.routes.reading import BASE
from playhead.server.table import Call, Route
from playhead.server.witness import searched
from playhead.store.base import Store

FACETS: Final = FacetsData.__struct_fields__


async def get_stats(call: Call) -> Answer[StatsData]:
    """Return statistics over the sessions that match."""
    query: StatsQuery = call.query
    stats = await call.services.read(
        call.services.store.stats, call.project.no, filter_of(query), group_by=query.group_by
    )
    await searched(call)
    return Answer(data=stats_data(stats, query.group_by))


async def get_facets(call: Call) -> Answer[FacetsData]:
    """Return how many sessions that match carry each feature, source, status, user, model and tag."""
    query: FacetsQuery = call.query
    data = await call.services.read(_facets, call.services.store, call.project.no, filter_of(query))
    await searched(call)
    return Answer(data=data)


def _facets(store: Store, project: int, where: SessionFilter) -> FacetsData:
    counted = {member: store.facets(project, where, member) for member in FACETS}
    return FacetsData(**{member: [_row(facet) for facet in found] for member, found in counted.items()})


def _row(facet: Facet) -> FacetRow:
    return FacetRow(value=facet.value, count=facet.count, is_estimate=facet.is_estimate)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{BASE}/stats",
        scope="read",
        handler=get_stats,
        query=StatsQuery,
        answer=Answer[StatsData],
        summary="Sum up sessions: counts, cost, tokens, latency, models, and a series",
        tag="reading",
    ),
    Route(
        method="GET",
        path=f"{BASE}/facets",
        scope="read",
        handler=get_facets,
        query=FacetsQuery,
        answer=Answer[FacetsData],
        summary="Count sessions by feature, source, status, user, model and tag",
        tag="reading",
    ),
)
