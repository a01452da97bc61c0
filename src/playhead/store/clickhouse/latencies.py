"""Percentiles of latencies: exact up to ``EXACT_CALLS`` measured calls, beyond that estimated.

Exact ones look at nothing behind the end of a log. Estimates are made of all that is in ``events`` at the moment,
within one per cent, from the projection (see ``latency_states``) where that answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from itertools import chain
from typing import Any, Final, TypeAlias

from playhead.model.filters import GroupBy, SessionFilter
from playhead.model.results import ModelLatency
from playhead.replay.percentiles import percentile
from playhead.store.clickhouse.connection import Connection
from playhead.store.clickhouse.filters_sql import Clause, is_told_by_events
from playhead.store.clickhouse.keys_sql import KEYS
from playhead.store.clickhouse.latency_states import MERGED, STATE, value_of
from playhead.store.latencies import LATEST_CALLS, PERCENTS, model_latency

Percentiles: TypeAlias = dict[str | int, tuple[float | None, float | None]]

EXACT_CALLS: Final = 100_000


class Latencies:
    """Percentiles of all measured calls, and the median and p95 of each series key and model."""

    def __init__(self) -> None:
        self.overall: dict[str, float | None] = {f"p{percent}": None for percent in PERCENTS}
        self.by_key: Percentiles = {}
        self.by_model: Percentiles = {}
        self.are_estimates = False


def ask_latencies(
    connection: Connection, asking: Executor, clause: Clause, where: SessionFilter, group_by: GroupBy
) -> Callable[[int], Latencies]:
    """Begin to ask for latencies; return what takes how many calls there are, waits, and returns them.

    Where an estimate is quick it is asked for before it is known whether there are so many calls.
    """
    key = KEYS[group_by]
    quick = is_told_by_events(where)
    begun = asking.submit(_estimated, connection, clause, key, of_events=True) if quick else None

    def latencies(calls: int) -> Latencies:
        if not calls:
            return Latencies()
        if calls <= EXACT_CALLS:
            return _exact(connection, clause, key)
        return begun.result() if begun is not None else _estimated(connection, clause, key, of_events=False)

    return latencies


def _exact(connection: Connection, clause: Clause, key: str) -> Latencies:
    condition, values = clause
    rows = connection.query(
        "SELECT s.key, e.name, groupArray(e.lasted_ms) FROM (SELECT no, slot, assumeNotNull(model) AS name,"
        " assumeNotNull(latency_ms) AS lasted_ms FROM events FINAL WHERE project_no = {project:UInt32}"
        " AND model IS NOT NULL AND latency_ms IS NOT NULL) AS e INNER JOIN"
        f" (SELECT no, slots, {key} AS key FROM sessions AS s FINAL WHERE {condition}) AS s ON s.no = e.no"
        " WHERE e.slot <= s.slots GROUP BY s.key, e.name",
        values,
    )
    found = Latencies()
    ordered = sorted(chain.from_iterable(latencies for _, _, latencies in rows))
    found.overall = {f"p{percent}": percentile(ordered, percent) for percent in PERCENTS}
    found.by_key = _merged((key, latencies) for key, _, latencies in rows)
    found.by_model = _merged((model, latencies) for _, model, latencies in rows)
    return found


def _merged(groups: Any) -> Percentiles:
    merged: defaultdict[str | int, list[float]] = defaultdict(list)
    for name, latencies in groups:
        merged[name] += latencies
    return {name: (percentile(sorted(all_), 50), percentile(sorted(all_), 95)) for name, all_ in merged.items()}


def _estimated(connection: Connection, clause: Clause, key: str, *, of_events: bool) -> Latencies:
    """Return estimates; ``of_events`` says that the condition is one on ``events`` as well."""
    condition, values = clause
    if not of_events:
        ours = f"s.no IN (SELECT no FROM sessions AS s FINAL WHERE {condition})"
        condition = f"s.project_no = {{project:UInt32}} AND {ours}"
    rows = connection.query(
        f"SELECT grouping(key) = 0, grouping(name) = 0, key, name, {MERGED}(part) FROM"
        f" (SELECT {key} AS key, assumeNotNull(model) AS name, {STATE} AS part FROM events AS s"
        f" WHERE {condition} AND model IS NOT NULL GROUP BY key, model) GROUP BY GROUPING SETS ((), (key), (name))",
        values,
    )
    found = Latencies()
    found.are_estimates = True
    for by_key, by_name, group, model, buckets in rows:
        p50, p90, p95, p99 = map(value_of, buckets)
        if by_key:
            found.by_key[group] = (p50, p95)
        elif by_name:
            found.by_model[model] = (p50, p95)
        else:
            found.overall = {"p50": p50, "p90": p90, "p95": p95, "p99": p99}
    return found


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
