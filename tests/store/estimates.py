"""Calls whose latencies are estimated, once a patch says that they are many, and how near the estimates have to be."""

from __future__ import annotations

from tests.store.build import EVERY, SECOND, T0, Engine, interaction, record

from playhead.model.filters import GroupBy, SessionFilter
from playhead.model.results import Stats
from playhead.store.spans import HOUR_US

SESSIONS = 60
CALLS = 20
WHERES = [
    EVERY,
    SessionFilter(feature="chat"),
    SessionFilter(started_from_us=T0 + 60 * SECOND),
    SessionFilter(user_id="u0"),
    SessionFilter(source="in-app"),
]
"""Filters that rollups answer, and others."""


def record_many(store: Engine, *, shortest_ms: float = 10.0) -> int:
    """Record sixty sessions of twenty calls, an hour apart; return their project."""
    project = store.ensure_project("p", T0).no
    for n in range(SESSIONS):
        calls = [
            interaction(f"i{place}", latency_ms=shortest_ms + (n * CALLS + place) * 7919 % 1200, model=f"m{place % 3}")
            for place in range(CALLS)
        ]
        feature, user = ("chat", "agent")[n % 7 == 0], f"u{n % 2}"
        record(store, project, f"s{n}", *calls, started_us=T0 + n * HOUR_US, feature=feature, user_id=user)
    return project


def nearness(where: SessionFilter, group: GroupBy) -> float:
    """Return how near an estimate is, as a share: one of histograms, which rollups have, or of a sample."""
    return 0.01 if where.user_id is None and where.source is None and group != "user" else 0.25


def ends(stats: Stats) -> list[float | None]:
    """Return the percentiles of the series."""
    return [end for point in stats.series for end in (point.p50, point.p95)]


def without_latencies(stats: Stats) -> object:
    """Return statistics but for what may be an estimate."""
    models = [(one.model, one.count, one.cost_nanos) for one in stats.models]
    series = [(one.key, one.sessions, one.interactions, one.cost_nanos) for one in stats.series]
    return stats.sessions, stats.interactions, stats.by_feature, stats.by_status, models, series
