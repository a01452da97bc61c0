"""Statistics: sums that are exact, percentiles by nearest rank, series by any key."""

from __future__ import annotations

from typing import Any

import pytest
from tests.store.build import EVERY, SECOND, T0, Engine, action, interaction, record, step

from playhead.model.event import NewEvent
from playhead.model.filters import SessionFilter
from playhead.model.results import ModelLatency, ModelStats, SeriesPoint, Stats
from playhead.model.session import SessionEnd

HOUR = 3600 * SECOND
DAY_START = T0 // (24 * HOUR) * 24 * HOUR


def calls(count: int, **members: Any) -> list[NewEvent]:
    return [interaction(f"i{n}", latency_ms=float(n), **members) for n in range(1, count + 1)]


def test_no_session_has_statistics_of_nothing(store: Engine, project: int) -> None:
    nothing: dict[str, float | None] = {"p50": None, "p90": None, "p95": None, "p99": None}
    assert store.stats(project, EVERY) == Stats(latency=nothing)
    record(store, project, "s1")
    assert store.stats(project, SessionFilter(user_id="nobody")) == Stats(latency=nothing)


def test_sessions_and_their_summaries_are_added_up(store: Engine, project: int) -> None:
    record(store, project, "a", interaction("i", cost_nanos=7, tokens=(1, None), error=True), step("s", error=True))
    record(
        store,
        project,
        "b",
        interaction("i", at=5, cost_nanos=0, cost_source="unknown", tokens=(None, 4)),
        feature="agent",
        source="integration",
    )
    record(store, project, "c", action("a"), source="integration")
    store.end_session(project, "b", SessionEnd("error", T0 + 9 * SECOND), T0).result()
    stats = store.stats(project, EVERY)
    assert (stats.sessions, stats.sessions_with_errors, stats.interactions) == (3, 1, 2)
    assert (stats.cost_nanos, stats.input_tokens, stats.output_tokens) == (7, 1, 4)
    assert (stats.duration_us, stats.unpriced, stats.dropped) == (9 * SECOND, 1, 0)
    assert stats.by_source == {"in-app": 1, "integration": 2}
    assert stats.by_status == {"active": 2, "error": 1}
    assert stats.by_feature == {"chat": 2, "agent": 1}
    assert stats.cost_by_source == {"in-app": 7, "integration": 0}


def test_ten_thousand_small_costs_add_up_to_the_nano(store: Engine, project: int) -> None:
    record(store, project, "s1")
    store.append(project, "s1", [interaction(f"i{n}", cost_nanos=123_457) for n in range(10_000)], T0).result()
    assert store.stats(project, EVERY).cost_nanos == 1_234_570_000
    assert store.get_session(project, "s1").totals.cost_nanos == 1_234_570_000


def test_sums_over_sessions_stop_at_the_greatest_number(store: Engine, project: int) -> None:
    for n in range(3):
        record(store, project, f"s{n}", interaction("i", cost_nanos=2**62 + n))
    stats = store.stats(project, EVERY)
    assert stats.cost_nanos == stats.models[0].cost_nanos == stats.series[0].cost_nanos == 2**63 - 1


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, (1.0, 1.0, 1.0, 1.0)),
        (2, (1.0, 2.0, 2.0, 2.0)),
        (10, (5.0, 9.0, 10.0, 10.0)),
        (100, (50.0, 90.0, 95.0, 99.0)),
        (101, (51.0, 91.0, 96.0, 100.0)),
    ],
)
def test_percentiles_are_of_the_nearest_rank(
    store: Engine, project: int, count: int, expected: tuple[float, float, float, float]
) -> None:
    record(store, project, "s1", *calls(count), interaction("unmeasured", latency_ms=None), step("s", latency=9e9))
    stats = store.stats(project, EVERY)
    assert stats.latency == dict(zip(("p50", "p90", "p95", "p99"), expected, strict=True))
    assert (stats.models[0].p50, stats.models[0].p95) == (expected[0], expected[2])
    assert (stats.series[0].p50, stats.series[0].p95) == (expected[0], expected[2])


def test_a_latency_of_zero_is_measured(store: Engine, project: int) -> None:
    record(store, project, "s1", interaction("i", latency_ms=0.0))
    assert store.stats(project, EVERY).latency["p50"] == 0.0


def test_the_models_used_most_come_first(store: Engine, project: int) -> None:
    record(store, project, "s1", *(interaction(f"a{n}", model="b", latency_ms=float(n)) for n in range(2)))
    record(
        store,
        project,
        "s2",
        interaction("a", model="b", provider="azure", latency_ms=9.0),
        interaction("b", model="a", cost_nanos=5, tokens=(None, None), latency_ms=None),
        interaction("c", model="c"),
    )
    models = store.stats(project, EVERY, top=2).models
    assert models == [
        ModelStats("b", 3, cost_nanos=3000, input_tokens=30, output_tokens=60, p50=1.0, p95=9.0),
        ModelStats("a", 1, cost_nanos=5, input_tokens=0, output_tokens=0),
    ]


def test_a_series_by_day_or_hour_goes_by_the_sessions_start(store: Engine, project: int) -> None:
    record(store, project, "a", interaction("i", at=10**6), started_us=DAY_START)
    record(store, project, "b", interaction("i", error=True), started_us=DAY_START + 2 * HOUR - 1)
    record(store, project, "c", started_us=DAY_START + 24 * HOUR)
    record(store, project, "old", started_us=-1)
    days = store.stats(project, EVERY, "day").series
    assert [(point.key, point.sessions, point.interactions, point.errors) for point in days] == [
        ("1969-12-31T00:00:00.000Z", 1, 0, 0),
        ("2025-10-09T00:00:00.000Z", 2, 2, 1),
        ("2025-10-10T00:00:00.000Z", 1, 0, 0),
    ]
    hours = store.stats(project, SessionFilter(min_interactions=1), "hour").series
    assert [point.key for point in hours] == ["2025-10-09T00:00:00.000Z", "2025-10-09T01:00:00.000Z"]


def test_a_series_by_model_counts_calls(store: Engine, project: int) -> None:
    record(
        store,
        project,
        "s1",
        interaction("a", model="x", error=True),
        interaction("b", model="y"),
        step("s", error=True),
    )
    record(store, project, "s2", interaction("a", model="x", latency_ms=5.0))
    assert store.stats(project, EVERY, "model").series == [
        SeriesPoint("x", 2, 2, 1, 2000, 20, 40, p50=5.0, p95=250.0),
        SeriesPoint("y", 1, 1, 0, 1000, 10, 20, p50=250.0, p95=250.0),
    ]


def test_a_series_by_feature_or_user_has_the_most_used_first(store: Engine, project: int) -> None:
    for n, user in enumerate(["bob", "ann", None, "bob", "cid"]):
        record(store, project, f"s{n}", interaction("i"), user_id=user, feature="agent" if n else "chat")
    users = store.stats(project, EVERY, "user").series
    assert [(point.key, point.sessions, point.cost_nanos) for point in users] == [
        ("bob", 2, 2000),
        ("", 1, 1000),
        ("ann", 1, 1000),
        ("cid", 1, 1000),
    ]
    features = store.stats(project, EVERY, "feature").series
    assert [(point.key, point.sessions) for point in features] == [("agent", 4), ("chat", 1)]
    assert len(store.stats(project, EVERY, "user", top=1).series) == 1


def test_statistics_obey_every_filter_also_the_search(store: Engine, project: int) -> None:
    record(store, project, "a", interaction("i", prompt="needle", latency_ms=1.0), tags=["t"])
    record(store, project, "b", interaction("i", latency_ms=9.0), tags=["t"])
    assert store.wait_for_index()
    stats = store.stats(project, SessionFilter(search="needle", tags=["t"]))
    assert (stats.sessions, stats.interactions, stats.latency["p99"], stats.models[0].count) == (1, 1, 1.0, 1)


def test_usual_latencies_are_those_of_the_latest_thousand_calls(store: Engine, project: int) -> None:
    record(store, project, "old", *(interaction(f"i{n}", latency_ms=9e9) for n in range(50)))
    record(store, project, "new")
    new = [interaction(f"i{n}", latency_ms=float(n % 100)) for n in range(1000)]
    store.append(project, "new", [*new, interaction("unmeasured", latency_ms=None)], T0).result()
    assert store.model_latencies(project, ["unheard", "gpt-4o"]) == [
        ModelLatency("unheard", 0, None, None),
        ModelLatency("gpt-4o", 1000, 49.0, 94.0),
    ]


def test_a_model_of_two_providers_has_its_latencies_counted_once(store: Engine, project: int) -> None:
    record(
        store,
        project,
        "s",
        interaction("a", provider="x", latency_ms=1.0),
        interaction("b", provider="y", latency_ms=2.0),
    )
    assert store.model_latencies(project, ["gpt-4o"]) == [ModelLatency("gpt-4o", 2, 1.0, 2.0)]
