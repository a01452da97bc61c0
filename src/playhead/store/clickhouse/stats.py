"""Statistics over the sessions that match a filter.

Counts and sums come from the rows of ``sessions`` and are exact. Percentiles come from ``events``: exact up to
``EXACT_CALLS`` measured calls, beyond that of what is in ``events`` at the moment, wherever each log ends.
Each part is a query of its own, and they are asked at the same time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Executor
from itertools import chain
from typing import Any, Final, TypeAlias

from msgspec.structs import replace

from playhead.model.filters import GroupBy, SessionFilter
from playhead.model.moment import DAY_US, format_us
from playhead.model.results import ModelLatency, ModelStats, SeriesPoint, Stats
from playhead.replay.percentiles import percentile
from playhead.store.clickhouse.connection import Connection
from playhead.store.clickhouse.filters_sql import BIGGEST, Clause, is_of_project_alone, matching_sessions_sql
from playhead.store.rows import Row

Percentiles: TypeAlias = dict[str | int, tuple[float | None, float | None]]

PERCENTS: Final = (50, 90, 95, 99)
LATEST_CALLS: Final = 1000
EXACT_CALLS: Final = 100_000
EARLIER: Final = 20_000_000
"""Days or hours of series are counted from so many before 1970, so that none has a negative number."""
BUCKET_US: Final[dict[GroupBy, int]] = {"day": DAY_US, "hour": DAY_US // 24}
KEYS: Final[dict[GroupBy, str]] = {
    "feature": "feature",
    "user": "ifNull(user_id, '')",
    "model": "0",
    **{name: f"toUInt32(intDiv(started_us + {EARLIER * us}, {us}))" for name, us in BUCKET_US.items()},
}
SUMMED: Final = ("finished", "cost_nanos", "input_tokens", "output_tokens", "duration_us", "unpriced", "dropped")


def stats(
    connection: Connection, asking: Executor, project: int, where: SessionFilter, *, group_by: GroupBy, top: int
) -> Stats:
    """Return the statistics; ``asking`` runs queries beside each other."""
    clause = matching_sessions_sql(project, where, text_index=connection.layout.text_index)
    models = asking.submit(_model_rows, connection, clause, f"ORDER BY 3 DESC, 1 LIMIT {int(top)}")
    series = asking.submit(_series_rows, connection, clause, group_by, top)
    parts = _parts(connection, clause)
    total = dict(zip(SUMMED, map(_whole, parts["", ""][2:]), strict=True))
    latencies = _latencies(connection, clause, where, group_by, total["finished"])
    return Stats(
        sessions=parts["", ""][0],
        sessions_with_errors=parts["", ""][1],
        interactions=total.pop("finished"),
        **total,
        by_source={key: row[0] for (kind, key), row in parts.items() if kind == "source"},
        by_status={key: row[0] for (kind, key), row in parts.items() if kind == "status"},
        by_feature={key: row[0] for (kind, key), row in parts.items() if kind == "feature"},
        cost_by_source={key: _whole(row[3]) for (kind, key), row in parts.items() if kind == "source"},
        latency=latencies.overall,
        models=[_model_stats(row, latencies.by_model) for row in models.result()],
        series=_series(series.result(), group_by, latencies),
        latency_is_estimate=latencies.are_estimates,
    )


# --- sums ------------------------------------------------------------------------------------------------------------


def _sum(column: str) -> str:
    """Return SQL for a sum, and beside it about the same as a float, which tells whether the sum has overflowed."""
    return f"(sum({column}), sum(toFloat64({column})))"


def _whole(sums: tuple[int, float]) -> int:
    """Return a sum that was taken twice; one that no column can hold is the greatest that it can."""
    total, about = sums
    return BIGGEST if about >= BIGGEST or total < 0 else total


def _parts(connection: Connection, clause: Clause) -> dict[tuple[str, str], Row]:
    """Return counts and sums of all, and of each source, status and feature."""
    condition, values = clause
    sums = ", ".join(map(_sum, SUMMED))
    rows = connection.query(
        f"SELECT grouping(source) = 0, grouping(status) = 0, grouping(feature) = 0, source, status, feature, count(),"
        f" countIf(errors > 0), {sums} FROM sessions AS s FINAL WHERE {condition}"
        " GROUP BY GROUPING SETS ((), (source), (status), (feature))",
        values,
    )
    found: dict[tuple[str, str], Row] = {("", ""): (0, 0, *((0, 0) for _ in SUMMED))}
    for by_source, by_status, by_feature, source, status, feature, *sums_ in rows:
        kinds = (("source", source, by_source), ("status", status, by_status), ("feature", feature, by_feature))
        place = next(((kind, key) for kind, key, is_it in kinds if is_it), ("", ""))
        found[place] = tuple(sums_)
    return found


def _series_rows(connection: Connection, clause: Clause, group_by: GroupBy, top: int) -> Sequence[Row]:
    most_first = f"ORDER BY 2 DESC, 1 LIMIT {int(top)}"
    if group_by == "model":
        return _model_rows(connection, clause, most_first)
    condition, values = clause
    order = "ORDER BY 1" if group_by in BUCKET_US else most_first
    sums = ", ".join(map(_sum, ("s.finished", "s.errors", "s.cost_nanos", "s.input_tokens", "s.output_tokens")))
    return connection.query(
        f"SELECT {KEYS[group_by]} AS key, count(), {sums} FROM sessions AS s FINAL WHERE {condition}"
        f" GROUP BY key {order}",
        values,
    )


def _model_rows(connection: Connection, clause: Clause, order: str) -> Sequence[Row]:
    condition, values = clause
    names = ("interactions", "errors", "cost_nanos", "input_tokens", "output_tokens")
    sums = ", ".join(_sum(f"{name}_") for name in names)
    arrays = ", ".join(f"s.sums.{name} AS {name}_" for name in names)
    return connection.query(
        f"SELECT model_, countIf(place_ = 1), {sums} FROM (SELECT s.sums.model AS models_,"
        f" arrayEnumerateUniq(s.sums.model) AS places_, {arrays} FROM sessions AS s FINAL WHERE {condition})"
        f" ARRAY JOIN models_ AS model_, places_ AS place_, {', '.join(f'{name}_' for name in names)}"
        f" GROUP BY model_ {order}",
        values,
    )


def _series(rows: Sequence[Row], group_by: GroupBy, latencies: _Latencies) -> list[SeriesPoint]:
    if group_by == "model":
        return [_point(row, latencies.by_model) for row in rows]
    points = [_point(row, latencies.by_key) for row in rows]
    if group_by not in BUCKET_US:
        return points
    return [replace(point, key=_bucket(int(point.key), BUCKET_US[group_by])) for point in points]


def _bucket(number: int, bucket_us: int) -> str:
    """Return the moment at which a day or an hour begins."""
    return format_us((number - EARLIER) * bucket_us)


def _point(row: Row, latencies: Percentiles) -> SeriesPoint:
    key, sessions, *sums = row
    interactions, errors, cost_nanos, input_tokens, output_tokens = map(_whole, sums)
    p50, p95 = latencies.get(key, (None, None))
    return SeriesPoint(
        key=str(key),
        sessions=sessions,
        interactions=interactions,
        errors=errors,
        cost_nanos=cost_nanos,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        p50=p50,
        p95=p95,
    )


def _model_stats(row: Row, latencies: Percentiles) -> ModelStats:
    point = _point(row, latencies)
    return ModelStats(
        model=point.key,
        count=point.interactions,
        cost_nanos=point.cost_nanos,
        input_tokens=point.input_tokens,
        output_tokens=point.output_tokens,
        p50=point.p50,
        p95=point.p95,
    )


# --- latencies -------------------------------------------------------------------------------------------------------


class _Latencies:
    """Percentiles of all measured calls, and the median and p95 of each series key and model."""

    def __init__(self) -> None:
        self.overall: dict[str, float | None] = {f"p{percent}": None for percent in PERCENTS}
        self.by_key: Percentiles = {}
        self.by_model: Percentiles = {}
        self.are_estimates = False


def _latencies(
    connection: Connection, clause: Clause, where: SessionFilter, group_by: GroupBy, calls: int
) -> _Latencies:
    if not calls:
        return _Latencies()
    if calls <= EXACT_CALLS:
        return _exact(connection, clause, KEYS[group_by])
    return _estimated(connection, clause, where, KEYS[group_by])


def _exact(connection: Connection, clause: Clause, key: str) -> _Latencies:
    condition, values = clause
    rows = connection.query(
        "SELECT s.key, e.name, groupArray(e.lasted_ms) FROM (SELECT no, slot, assumeNotNull(model) AS name,"
        " assumeNotNull(latency_ms) AS lasted_ms FROM events FINAL WHERE project_no = {project:UInt32}"
        " AND model IS NOT NULL AND latency_ms IS NOT NULL) AS e INNER JOIN"
        f" (SELECT no, slots, {key} AS key FROM sessions AS s FINAL WHERE {condition}) AS s ON s.no = e.no"
        " WHERE e.slot <= s.slots GROUP BY s.key, e.name",
        values,
    )
    found = _Latencies()
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


def _estimated(connection: Connection, clause: Clause, where: SessionFilter, key: str) -> _Latencies:
    """Return the percentiles over the rows of ``events``, which repeat what of a session this needs."""
    condition, values = clause
    of_sessions = (
        "" if is_of_project_alone(where) else f" AND no IN (SELECT no FROM sessions AS s FINAL WHERE {condition})"
    )
    levels = ", ".join(str(percent / 100) for percent in PERCENTS)
    rows = connection.query(
        f"SELECT grouping(key) = 0, grouping(name) = 0, key, name, quantilesExactMerge({levels})(part) FROM"
        f" (SELECT {key} AS key, assumeNotNull(model) AS name, quantilesExactState({levels})(assumeNotNull(latency_ms))"
        " AS part FROM events WHERE project_no = {project:UInt32} AND model IS NOT NULL AND latency_ms IS NOT NULL"
        f"{of_sessions} GROUP BY key, name) GROUP BY GROUPING SETS ((), (key), (name))",
        values,
    )
    found = _Latencies()
    found.are_estimates = True
    for by_key, by_name, group, model, (p50, p90, p95, p99) in rows:
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
    return [_model_latency(connection, project, model) for model in models]


def _model_latency(connection: Connection, project: int, model: str) -> ModelLatency:
    rows = connection.query(
        "SELECT e.latency_ms FROM (SELECT no, slot, seq, latency_ms FROM events FINAL WHERE"
        " project_no = {project:UInt32} AND model = {model:String} AND model IS NOT NULL AND latency_ms IS NOT NULL)"
        " AS e INNER JOIN (SELECT no, slots FROM sessions FINAL WHERE project_no = {project:UInt32}) AS s"
        f" ON s.no = e.no WHERE e.slot <= s.slots ORDER BY e.no DESC, e.seq DESC LIMIT {LATEST_CALLS}",
        {"project": project, "model": model},
    )
    latest = sorted(latency for (latency,) in rows)
    return ModelLatency(model, len(latest), percentile(latest, 50), percentile(latest, 95))
