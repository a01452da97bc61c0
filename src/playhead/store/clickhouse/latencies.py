"""Percentiles of latencies: exact up to ``EXACT_CALLS`` measured calls, beyond that estimated.

Exact ones look at nothing behind the end of a log. Estimates are made of all that is in ``events`` at the moment,
within one per cent, from the projection (see ``latency_states``) where that answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Final

from playhead.model.filters import GroupBy, SessionFilter
from playhead.model.results import ModelLatency
from playhead.store.clickhouse.connection import Connection
from playhead.store.clickhouse.filters_sql import is_told_by_events
from playhead.store.clickhouse.keys_sql import KEYS, key_of
from playhead.store.clickhouse.latency_states import MERGED, STATE, value_of
from playhead.store.clickhouse.summing import Asked
from playhead.store.latencies import LATEST_CALLS, PERCENTS, Ends, Latencies, Lists, model_latency
from playhead.store.rows import Row

EXACT_CALLS: Final = 100_000


def ask_latencies(
    asked: Asked, asking: Executor, where: SessionFilter, group_by: GroupBy
) -> Callable[[int], Latencies]:
    """Begin to ask for latencies; return what takes how many calls there are, waits, and returns them.

    Where an estimate is quick it is asked for before it is known whether there are so many calls.
    """
    quick = is_told_by_events(where)
    begun = asking.submit(_estimated, asked, group_by, of_events=True) if quick else None

    def latencies(calls: int) -> Latencies:
        if calls <= EXACT_CALLS:
            return _exact(asked, group_by) if calls else Lists((), is_estimate=False)
        return begun.result() if begun is not None else _estimated(asked, group_by, of_events=False)

    return latencies


def _exact(asked: Asked, group_by: GroupBy) -> Latencies:
    rows = asked.rows(
        "SELECT s.key, e.name, groupArray(e.lasted_ms) FROM (SELECT no, slot, assumeNotNull(model) AS name,"
        " assumeNotNull(latency_ms) AS lasted_ms FROM events FINAL WHERE project_no = {project:UInt32}"
        " AND model IS NOT NULL AND latency_ms IS NOT NULL) AS e INNER JOIN"
        f" (SELECT no, slots, {KEYS[group_by]} AS key FROM sessions AS s FINAL WHERE {asked.condition}) AS s"
        " ON s.no = e.no WHERE e.slot <= s.slots GROUP BY s.key, e.name"
    )
    found = ((key_of(key, group_by), model, latencies) for key, model, latencies in rows)
    return Lists(found, is_estimate=False)


class _Buckets:
    """Percentiles that ClickHouse has estimated: of all, of each key and of each model."""

    is_estimate = True

    def __init__(self, rows: Sequence[Row], group_by: GroupBy) -> None:
        self._all: dict[str, float | None] = {f"p{percent}": None for percent in PERCENTS}
        self._keys: Ends = {}
        self._models: Ends = {}
        for of_key, of_model, key, model, buckets in rows:
            p50, p90, p95, p99 = map(value_of, buckets)
            if of_key:
                self._keys[key_of(key, group_by)] = p50, p95
            elif of_model:
                self._models[model] = p50, p95
            else:
                self._all = {"p50": p50, "p90": p90, "p95": p95, "p99": p99}

    def percentiles(self) -> dict[str, float | None]:
        """Return those of all calls, by name."""
        return self._all

    def by_key(self) -> Ends:
        """Return the median and p95 by the key of the sessions."""
        return self._keys

    def by_model(self) -> Ends:
        """Return the median and p95 by model."""
        return self._models


def _estimated(asked: Asked, group_by: GroupBy, *, of_events: bool) -> Latencies:
    """Return estimates; ``of_events`` says that the condition is one on ``events`` as well."""
    condition = asked.condition
    if not of_events:
        ours = f"s.no IN (SELECT no FROM sessions AS s FINAL WHERE {condition})"
        condition = f"s.project_no = {{project:UInt32}} AND {ours}"
    rows = asked.rows(
        f"SELECT grouping(key) = 0, grouping(name) = 0, key, name, {MERGED}(part) FROM"
        f" (SELECT {KEYS[group_by]} AS key, assumeNotNull(model) AS name, {STATE} AS part FROM events AS s"
        f" WHERE {condition} AND model IS NOT NULL GROUP BY key, model) GROUP BY GROUPING SETS ((), (key), (name))"
    )
    return _Buckets(rows, group_by)


# --- the usual latencies of models -----------------------------------------------------------------------------------


def model_latencies(connection: Connection, project: int, models: Sequence[str]) -> list[ModelLatency]:
    """Return the usual latencies of models, each over its latest measured calls, the newest sessions first."""
    return [model_latency(model, _latest(connection, project, model)) for model in models]


def _latest(connection: Connection, project: int, model: str) -> list[float]:
    rows = connection.query(
        "SELECT e.latency_ms FROM (SELECT no, slot, seq, latency_ms FROM events FINAL WHERE"
        " project_no = {project:UInt32} AND model = {model:String} AND model IS NOT NULL AND latency_ms IS NOT NULL)"
        " AS e INNER JOIN (SELECT no, slots FROM sessions FINAL WHERE project_no = {project:UInt32}) AS s"
        f" ON s.no = e.no WHERE e.slot <= s.slots ORDER BY e.no DESC, e.seq DESC LIMIT {LATEST_CALLS}",
        {"project": project, "model": model},
    )
    return [latency for (latency,) in rows]
