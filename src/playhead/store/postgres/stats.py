"""Statistics over the sessions that match a filter.

Counts and sums come from session rows and ``session_models``, latencies from the narrow rows of ``calls`` (see
``latencies``); payloads are never read. Sums are exact: PostgreSQL adds whole numbers without a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from playhead.model.filters import GroupBy, SessionFilter
from playhead.model.moment import DAY_US, format_us
from playhead.model.results import ModelLatency, ModelStats, SeriesPoint, Stats
from playhead.store.postgres.connection import Db
from playhead.store.postgres.filters_sql import matching_sessions
from playhead.store.postgres.latencies import Latencies, Percentiles, model_latency
from playhead.store.postgres.lexemes import Clause
from playhead.store.rows import MAX_INT, Row

BUCKET_US: Final[dict[GroupBy, int]] = {"day": DAY_US, "hour": DAY_US // 24}
SESSION_KEYS: Final[dict[GroupBy, str]] = {
    "feature": "s.feature",
    "user": "coalesce(s.user_id, '')",
    # the remainder twice over, because it is negative before 1970
    **{name: f"s.started_us - mod(mod(s.started_us, {us}) + {us}, {us})" for name, us in BUCKET_US.items()},
}
CALLS_OVER: Final = "(s.interactions - s.pending)"
MODELS: Final = "sessions s JOIN session_models f ON f.session_no = s.no"
GROUPS: Final = ("source", "status", "feature")
SUMS: Final = ("cost_nanos", "input_tokens", "output_tokens", "duration_us", "unpriced", "dropped")


def stats(db: Db, project: int, where: SessionFilter, group_by: GroupBy = "day", top: int = 10) -> Stats:
    """Return the statistics; read them inside one transaction."""
    clause = matching_sessions(project, where)
    sums = _sums(db, clause)
    latencies = Latencies(db, clause, SESSION_KEYS.get(group_by, "0"), at_most=sums["interactions"])
    return Stats(
        **sums,
        latency=latencies.percentiles(),
        latency_is_estimate=latencies.is_estimate,
        models=_models(db, clause, top, latencies),
        series=_series(db, clause, group_by, top, latencies),
    )


def model_latencies(db: Db, project: int, models: Sequence[str]) -> list[ModelLatency]:
    """Return the usual latencies of models, each over its latest measured calls, the newest sessions first."""
    return [model_latency(db, project, model) for model in models]


# --- sums ------------------------------------------------------------------------------------------------------------


def _sums(db: Db, clause: Clause) -> dict[str, Any]:
    """Return the members of ``Stats`` that come from session rows, read in one pass over them."""
    columns = ", ".join(f"sum(s.{name})" for name in SUMS)
    groups = ", ".join(f"s.{name}" for name in GROUPS)
    rows = _select(
        db,
        f"{groups}, count(*), count(*) FILTER (WHERE s.errors > 0), sum({CALLS_OVER}), {columns}",
        "sessions s",
        clause,
        f"GROUP BY GROUPING SETS ((), {', '.join(f'(s.{name})' for name in GROUPS)})",
    )
    members: dict[str, Any] = {f"by_{name}": {} for name in GROUPS} | {"cost_by_source": {}}
    for source, status, feature, count, with_errors, calls, *sums in rows:
        if source is not None:
            members["by_source"][source] = count
            members["cost_by_source"][source] = _whole(sums[0])
        elif status is not None:
            members["by_status"][status] = count
        elif feature is not None:
            members["by_feature"][feature] = count
        else:
            members |= {"sessions": count, "sessions_with_errors": with_errors, "interactions": _whole(calls)}
            members |= {name: _whole(total) for name, total in zip(SUMS, sums, strict=True)}
    return members


def _whole(total: Any) -> int:
    """Return a sum as a column could hold it."""
    return min(MAX_INT, int(total or 0))


def _select(db: Db, columns: str, tables: str, clause: Clause, rest: str = "") -> list[Row]:
    condition, values = clause
    with db.cursor(binary=True) as cursor:
        return cursor.execute(f"SELECT {columns} FROM {tables} WHERE {condition} {rest}", values).fetchall()


# --- models and series -----------------------------------------------------------------------------------------------


def _models(db: Db, clause: Clause, top: int, latencies: Latencies) -> list[ModelStats]:
    points = _model_points(db, clause, f"ORDER BY 3 DESC, 1 LIMIT {int(top)}", latencies)
    return [
        ModelStats(
            model=point.key,
            count=point.interactions,
            cost_nanos=point.cost_nanos,
            input_tokens=point.input_tokens,
            output_tokens=point.output_tokens,
            p50=point.p50,
            p95=point.p95,
        )
        for point in points
    ]


def _series(db: Db, clause: Clause, group_by: GroupBy, top: int, latencies: Latencies) -> list[SeriesPoint]:
    most_first = f"ORDER BY 2 DESC, 1 LIMIT {int(top)}"
    if group_by == "model":
        return _model_points(db, clause, most_first, latencies)
    order = "ORDER BY 1" if group_by in BUCKET_US else most_first
    columns = (
        f"count(*), sum({CALLS_OVER}), sum(s.errors), sum(s.cost_nanos), sum(s.input_tokens), sum(s.output_tokens)"
    )
    rows = _select(db, f"{SESSION_KEYS[group_by]}, {columns}", "sessions s", clause, f"GROUP BY 1 {order}")
    by_key = latencies.by_key()
    return [_point(row, by_key) for row in rows]


def _model_points(db: Db, clause: Clause, order: str, latencies: Latencies) -> list[SeriesPoint]:
    sums = ", ".join(
        f"sum(f.{name})" for name in ("interactions", "errors", "cost_nanos", "input_tokens", "output_tokens")
    )
    rows = _select(db, f"f.model, count(DISTINCT s.no), {sums}", MODELS, clause, f"GROUP BY 1 {order}")
    by_model = latencies.by_model()
    return [_point(row, by_model) for row in rows]


def _point(row: Row, latencies: Percentiles) -> SeriesPoint:
    key, sessions, *sums = row
    interactions, errors, cost_nanos, input_tokens, output_tokens = map(_whole, sums)
    p50, p95 = latencies.get(key, (None, None))
    return SeriesPoint(
        key=format_us(key) if isinstance(key, int) else key,
        sessions=sessions,
        interactions=interactions,
        errors=errors,
        cost_nanos=cost_nanos,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        p50=p50,
        p95=p95,
    )
