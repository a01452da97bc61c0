"""Statistics of more calls than are read one by one, and the projection that they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from tests.store.build import T0
from tests.store.estimates import SESSIONS, ends, record_many, without_latencies
from tests.support.clickhouse import ClickHouse, open_clickhouse_for

from playhead.model.filters import GroupBy, SessionFilter
from playhead.replay.histogram import LEAST_MS
from playhead.replay.histogram import value_of as value_of_a_finer_one
from playhead.store.clickhouse import breadth, latencies
from playhead.store.clickhouse.connection import address_of, connect
from playhead.store.clickhouse.keys_sql import KEYS
from playhead.store.clickhouse.latency_states import LEAST_MS as OUR_LEAST_MS
from playhead.store.clickhouse.latency_states import STATE, value_of
from playhead.store.clickhouse.store import ClickHouseStore
from playhead.store.spans import HOUR_US

QUESTIONS = [
    SessionFilter(),
    SessionFilter(feature="chat"),
    SessionFilter(feature="chat", started_from_us=T0 + 5 * HOUR_US, started_until_us=T0 + 50 * HOUR_US),
    SessionFilter(user_id="u0"),
    SessionFilter(model="m1"),
]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ClickHouseStore, int]]:
    """Sixty sessions of twenty calls, an hour apart."""
    store = open_clickhouse_for(tmp_path_factory.mktemp("many"))
    project = record_many(store, shortest_ms=100.0)
    yield store, project
    store.close()


@pytest.mark.parametrize("where", QUESTIONS, ids=lambda where: repr(where)[14:60])
def test_estimates_are_near_what_every_call_gives(
    many: tuple[ClickHouseStore, int], monkeypatch: pytest.MonkeyPatch, where: SessionFilter
) -> None:
    store, project = many
    exact = {group: store.stats(project, where, group) for group in get_args(GroupBy)}
    # A patch, because so many calls that they are estimated would take minutes to record.
    monkeypatch.setattr(latencies, "EXACT_CALLS", 0)
    for group, found in exact.items():
        estimate = store.stats(project, where, group)
        assert estimate.latency_is_estimate
        assert not found.latency_is_estimate
        assert without_latencies(estimate) == without_latencies(found)
        assert estimate.latency == pytest.approx(found.latency, rel=0.02)
        assert [one.p95 for one in estimate.models] == pytest.approx([one.p95 for one in found.models], rel=0.02)
        if group != "hour":  # of a session's twenty calls the next one may be far away
            assert ends(estimate) == pytest.approx(ends(found), rel=0.05)


@pytest.mark.parametrize("few", [0, breadth.FEW])
def test_answers_are_the_same_on_however_many_threads(
    many: tuple[ClickHouseStore, int], monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    store, project = many
    asked = store.stats(project, SessionFilter())
    # A patch, because so many sessions that they are read by several threads would take minutes to record.
    monkeypatch.setattr(breadth, "FEW", few)
    monkeypatch.setattr(breadth, "KNOWN_FOR_S", 0.0)
    assert store.stats(project, SessionFilter()) == asked
    assert bool(breadth.Breadth(store._connection).settings()) == (few > SESSIONS)


def test_a_bucket_stands_for_what_falls_into_it(clickhouse: ClickHouse) -> None:
    measured = [0.02, 0.5, 1.0, 99.9, 812.5, 45_000.0, 3_000_000.0]
    rows = f"arrayJoin({measured}) AS ms"
    text = clickhouse.query(
        f"SELECT finalizeAggregation({STATE})[1] FROM (SELECT ms, toNullable(ms) AS latency_ms FROM (SELECT {rows}))"
        " GROUP BY ms ORDER BY ms"
    )
    assert [value_of(float(line)) for line in text.split()] == pytest.approx(measured, rel=0.0101)
    assert value_of(400) == pytest.approx(value_of_a_finer_one(400) * OUR_LEAST_MS / LEAST_MS)
    assert value_of(0) == 0
    assert value_of(float("nan")) is None


def test_tables_of_the_first_version_get_the_projection(clickhouse: ClickHouse, tmp_path: Path) -> None:
    url = clickhouse.new_database()
    database = address_of(url).database
    connect(address_of(url)).close()
    clickhouse.query(f"ALTER TABLE {database}.events DROP PROJECTION latencies")
    clickhouse.query(f"ALTER TABLE {database}.events RESET SETTING deduplicate_merge_projection_mode")
    clickhouse.query(f"ALTER TABLE {database}.sessions MODIFY COMMENT 'playhead 1 ttl 0'")
    connect(address_of(url)).close()
    clickhouse.query(
        f"INSERT INTO {database}.events (project_no, no, slot, latency_ms, model)"
        " SELECT 1, 1, number, number, 'm' FROM numbers(10000)"
    )
    plan = clickhouse.query(
        f"EXPLAIN SELECT {KEYS['day']} AS key, model, {STATE} FROM {database}.events"
        " WHERE project_no = 1 AND model IS NOT NULL GROUP BY key, model"
    )
    assert "ReadFromMergeTree (latencies)" in plan
