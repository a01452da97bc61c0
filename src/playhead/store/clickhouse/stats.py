"""Statistics over the sessions that match a filter.

Counts and sums come from the rows of ``sessions`` and are exact; percentiles are those of ``latencies``. What is asked
for is few queries, at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any, Final, TypeAlias

from msgspec.structs import replace

from playhead.model.filters import GroupBy, SessionFilter
from playhead.model.results import ModelStats, SeriesPoint, Stats
from playhead.store.clickhouse.connection import Connection
from playhead.store.clickhouse.filters_sql import BIGGEST, Clause, matching_sessions_sql
from playhead.store.clickhouse.keys_sql import BUCKET_US, KEYS, NO_KEY, beginning
from playhead.store.clickhouse.latencies import Latencies, Percentiles, ask_latencies
from playhead.store.rows import Row

IN_SERIES: Final = ("finished", "errors", "cost_nanos", "input_tokens", "output_tokens")
SUMMED: Final = (*IN_SERIES, "duration_us", "unpriced", "dropped")
PARTS: Final = ("source", "status", "feature", "key")

Parts: TypeAlias = dict[tuple[str, str | int], Row]
"""Sessions, those with errors, and the sums of ``SUMMED``, of each value of each of ``PARTS``, and of all under ''."""


def stats(
    connection: Connection, asking: Executor, project: int, where: SessionFilter, *, group_by: GroupBy, top: int
) -> Stats:
    """Return the statistics; ``asking`` runs queries beside each other."""
    clause = matching_sessions_sql(project, where, text_index=connection.layout.text_index)
    latencies_of = ask_latencies(connection, asking, clause, where, group_by)
    models = asking.submit(_model_rows, connection, clause, f"ORDER BY 3 DESC, 1 LIMIT {int(top)}")
    largest = asking.submit(_largest, connection, clause, group_by, top) if group_by in ("user", "model") else None
    parts = _parts(connection, clause, KEYS[group_by] if group_by in BUCKET_US else NO_KEY)
    sessions, with_errors, *sums = parts["", ""]
    total = dict(zip(SUMMED, map(_whole, sums), strict=True))
    del total["errors"]
    latencies = latencies_of(total["finished"])
    series = largest.result() if largest is not None else _of_parts(parts, group_by, top)
    return Stats(
        sessions=sessions,
        sessions_with_errors=with_errors,
        interactions=total.pop("finished"),
        **total,
        by_source={key: row[0] for key, row in _each(parts, "source")},
        by_status={key: row[0] for key, row in _each(parts, "status")},
        by_feature={key: row[0] for key, row in _each(parts, "feature")},
        cost_by_source={key: _whole(row[2 + SUMMED.index("cost_nanos")]) for key, row in _each(parts, "source")},
        latency=latencies.overall,
        models=[_model_stats(row, latencies.by_model) for row in models.result()],
        series=_series(series, group_by, latencies),
        latency_is_estimate=latencies.are_estimates,
    )


def _each(parts: Parts, kind: str) -> list[tuple[Any, Row]]:
    return [(key, row) for (of, key), row in parts.items() if of == kind]


# --- sums ------------------------------------------------------------------------------------------------------------


def _sum(column: str) -> str:
    """Return SQL for a sum, and beside it about the same as a float, which tells whether the sum has overflowed."""
    return f"(sum({column}), sum(toFloat64({column})))"


def _whole(sums: tuple[int, float]) -> int:
    """Return a sum that was taken twice; one that no column can hold is the greatest that it can."""
    total, about = sums
    return BIGGEST if about >= BIGGEST or total < 0 else total


def _parts(connection: Connection, clause: Clause, key: str) -> Parts:
    """Return counts and sums of all, and of each source, status, feature and key."""
    condition, values = clause
    inner = ", ".join(f"sum({name}) AS sum_{name}, sum(toFloat64({name})) AS about_{name}" for name in SUMMED)
    outer = ", ".join(f"(sum(sum_{name}), sum(about_{name}))" for name in SUMMED)
    rows = connection.query(
        f"SELECT {', '.join(f'grouping({part}) = 0' for part in PARTS)}, {', '.join(PARTS)}, sum(sessions_),"
        f" sum(failed_), {outer} FROM (SELECT source, status, feature, {key} AS key, count() AS sessions_,"
        f" countIf(errors > 0) AS failed_, {inner} FROM sessions AS s FINAL WHERE {condition}"
        f" GROUP BY {', '.join(PARTS)}) GROUP BY GROUPING SETS ((), {', '.join(f'({part})' for part in PARTS)})",
        values,
    )
    found: Parts = {("", ""): (0, 0, *((0, 0) for _ in SUMMED))}
    count = len(PARTS)
    for row in rows:
        kinds = zip(PARTS, row[count : 2 * count], row[:count], strict=True)
        place = next(((kind, key) for kind, key, is_it in kinds if is_it), ("", ""))
        found[place] = row[2 * count :]
    return found


def _of_parts(parts: Parts, group_by: GroupBy, top: int) -> list[Row]:
    """Return the rows of a series by time, or by feature, most sessions first."""
    kind = "key" if group_by in BUCKET_US else "feature"
    rows = [(key, row[0], *row[2 : 2 + len(IN_SERIES)]) for key, row in _each(parts, kind)]
    if kind == "key":
        return sorted(rows)
    return sorted(rows, key=lambda row: (-row[1], row[0]))[:top]


def _largest(connection: Connection, clause: Clause, group_by: GroupBy, top: int) -> Sequence[Row]:
    """Return the rows of a series by user or model, most sessions first."""
    most_first = f"ORDER BY 2 DESC, 1 LIMIT {int(top)}"
    if group_by == "model":
        return _model_rows(connection, clause, most_first)
    condition, values = clause
    sums = ", ".join(_sum(f"s.{name}") for name in IN_SERIES)
    return connection.query(
        f"SELECT {KEYS[group_by]} AS key, count(), {sums} FROM sessions AS s FINAL WHERE {condition}"
        f" GROUP BY key {most_first}",
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


def _series(rows: Sequence[Row], group_by: GroupBy, latencies: Latencies) -> list[SeriesPoint]:
    points = [_point(row, latencies.by_model if group_by == "model" else latencies.by_key) for row in rows]
    if group_by not in BUCKET_US:
        return points
    return [replace(point, key=beginning(int(point.key), group_by)) for point in points]


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
