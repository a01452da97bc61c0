"""Statistics over the sessions that match a filter.

Counts and sums come from session rows and ``session_models``, latencies from the narrow rows of ``calls``; payloads are
never read. Sums are taken in two halves, so that they cannot overflow, and are exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final, TypeAlias

import apsw

from playhead.model.filters import GroupBy, SessionFilter
from playhead.model.moment import DAY_US, format_us
from playhead.model.results import ModelLatency, ModelStats, SeriesPoint, Stats
from playhead.replay.percentiles import percentile
from playhead.store.payload import from_json
from playhead.store.rows import MAX_SEQ, SEQ_BITS, Row, event_no
from playhead.store.sqlite.filters_sql import BIGGEST, Clause, matching_sessions_sql

Percentiles: TypeAlias = dict[str | int, tuple[float | None, float | None]]

PERCENTS: Final = (50, 90, 95, 99)
LATEST_CALLS: Final = 1000
BUCKET_US: Final[dict[GroupBy, int]] = {"day": DAY_US, "hour": DAY_US // 24}
SESSION_KEYS: Final[dict[GroupBy, str]] = {
    "feature": "s.feature",
    "user": "ifnull(s.user_id, '')",
    # the remainder twice over, because SQLite's is negative before 1970
    **{name: f"s.started_us - ((s.started_us % {us}) + {us}) % {us}" for name, us in BUCKET_US.items()},
}
CALLS: Final = f"sessions s CROSS JOIN calls c ON c.no BETWEEN s.no << {SEQ_BITS} AND (s.no << {SEQ_BITS}) + {MAX_SEQ}"
CALLS_OVER: Final = "(s.interactions - s.pending)"
MODELS: Final = "sessions s JOIN session_models f ON f.session_no = s.no"


def stats(db: apsw.Connection, project: int, where: SessionFilter, group_by: GroupBy = "day", top: int = 10) -> Stats:
    """Return the statistics; read them inside one transaction."""
    clause = matching_sessions_sql(db, project, where)
    latencies = _Latencies(db, clause, SESSION_KEYS.get(group_by, "0"))
    return Stats(
        **_sums(db, clause),
        by_source=_counts(db, clause, "source"),
        by_status=_counts(db, clause, "status"),
        by_feature=_counts(db, clause, "feature"),
        cost_by_source=_costs(db, clause),
        latency=latencies.percentiles(),
        models=_models(db, clause, top, latencies),
        series=_series(db, clause, group_by, top, latencies),
    )


def model_latencies(db: apsw.Connection, project: int, models: Sequence[str]) -> list[ModelLatency]:
    """Return the usual latencies of models, each over its latest measured calls, the newest sessions first."""
    return [_model_latency(db, project, model) for model in models]


# --- sums ------------------------------------------------------------------------------------------------------------


def _sum(column: str) -> str:
    """Return SQL for a sum in two columns, the upper and the lower half of each number."""
    return f"sum({column} >> 32), sum({column} & 0xffffffff)"


def _wholes(halves: Sequence[int | None]) -> Iterator[int]:
    """Put sums together that were taken in halves; one that no column can hold is the greatest that it can."""
    for index in range(0, len(halves), 2):
        yield min(BIGGEST, ((halves[index] or 0) << 32) + (halves[index + 1] or 0))


def _sums(db: apsw.Connection, clause: Clause) -> dict[str, Any]:
    names = ("cost_nanos", "input_tokens", "output_tokens", "duration_us", "unpriced", "dropped")
    columns = ", ".join([_sum(CALLS_OVER), *(_sum(f"s.{name}") for name in names)])
    rows = _select(db, f"count(*), count(*) FILTER (WHERE s.errors > 0), {columns}", "sessions s", clause)
    count, with_errors, *halves = rows[0]
    sums = dict(zip(("interactions", *names), _wholes(halves), strict=True))
    return {"sessions": count, "sessions_with_errors": with_errors, **sums}


def _counts(db: apsw.Connection, clause: Clause, column: str) -> dict[str, int]:
    return dict(_select(db, f"s.{column}, count(*)", "sessions s", clause, f"GROUP BY s.{column}"))


def _costs(db: apsw.Connection, clause: Clause) -> dict[str, int]:
    rows = _select(db, f"s.source, {_sum('s.cost_nanos')}", "sessions s", clause, "GROUP BY s.source")
    return {source: next(_wholes(halves)) for source, *halves in rows}


def _select(db: apsw.Connection, columns: str, tables: str, clause: Clause, rest: str = "") -> list[Row]:
    condition, values = clause
    return db.execute(f"SELECT {columns} FROM {tables} WHERE {condition} {rest}", values).fetchall()


# --- models and series -----------------------------------------------------------------------------------------------


def _models(db: apsw.Connection, clause: Clause, top: int, latencies: _Latencies) -> list[ModelStats]:
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


def _series(
    db: apsw.Connection, clause: Clause, group_by: GroupBy, top: int, latencies: _Latencies
) -> list[SeriesPoint]:
    most_first = f"ORDER BY 2 DESC, 1 LIMIT {int(top)}"
    if group_by == "model":
        return _model_points(db, clause, most_first, latencies)
    order = "ORDER BY 1" if group_by in BUCKET_US else most_first
    rows = _session_rows(db, clause, SESSION_KEYS[group_by], order)
    by_key = latencies.by_key()
    return [_point(row, by_key) for row in rows]


def _session_rows(db: apsw.Connection, clause: Clause, key: str, order: str) -> list[Row]:
    sums = ", ".join(map(_sum, ("s.cost_nanos", "s.input_tokens", "s.output_tokens")))
    columns = f"{key}, count(*), sum({CALLS_OVER}), sum(s.errors), {sums}"
    return _select(db, columns, "sessions s", clause, f"GROUP BY 1 {order}")


def _model_points(db: apsw.Connection, clause: Clause, order: str, latencies: _Latencies) -> list[SeriesPoint]:
    sums = ", ".join(map(_sum, ("f.cost_nanos", "f.input_tokens", "f.output_tokens")))
    columns = f"f.model, count(DISTINCT s.no), sum(f.interactions), sum(f.errors), {sums}"
    rows = _select(db, columns, MODELS, clause, f"GROUP BY 1 {order}")
    by_model = latencies.by_model()
    return [_point(row, by_model) for row in rows]


def _point(row: Row, latencies: Percentiles) -> SeriesPoint:
    key, sessions, interactions, errors, *halves = row
    cost_nanos, input_tokens, output_tokens = _wholes(halves)
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


# --- latencies -------------------------------------------------------------------------------------------------------


class _Latencies:
    """The measured latencies of the calls of matching sessions, gathered by session key and by model.

    They are read as one array a group: to fetch each call as a row would give up the interpreter's lock for each.
    """

    def __init__(self, db: apsw.Connection, clause: Clause, key: str) -> None:
        self._groups: dict[tuple[str | int, str], list[float]] = {}
        condition, values = clause
        rows = db.execute(
            f"SELECT {key}, c.model, json_group_array(c.latency_ms) FROM {CALLS}"
            f" WHERE c.latency_ms IS NOT NULL AND {condition} GROUP BY 1, 2",
            values,
        )
        for key_value, model, latencies in rows:
            self._groups[key_value, model] = from_json(latencies)

    def percentiles(self) -> dict[str, float | None]:
        """Return those of all calls, by name."""
        ordered = sorted(chain.from_iterable(self._groups.values()))
        return {f"p{percent}": percentile(ordered, percent) for percent in PERCENTS}

    def by_key(self) -> Percentiles:
        """Return the median and p95 by session key."""
        return self._by(0)

    def by_model(self) -> Percentiles:
        """Return the median and p95 by model."""
        return self._by(1)

    def _by(self, part: int) -> Percentiles:
        merged: defaultdict[str | int, list[float]] = defaultdict(list)
        for names, latencies in self._groups.items():
            merged[names[part]] += latencies
        return {name: _middle_and_tail(latencies) for name, latencies in merged.items()}


def _middle_and_tail(latencies: list[float]) -> tuple[float | None, float | None]:
    ordered = sorted(latencies)
    return percentile(ordered, 50), percentile(ordered, 95)


def _model_latency(db: apsw.Connection, project: int, model: str) -> ModelLatency:
    latest = sorted(islice(_latest_latencies(db, project, model), LATEST_CALLS))
    return ModelLatency(model, len(latest), percentile(latest, 50), percentile(latest, 95))


def _latest_latencies(db: apsw.Connection, project: int, model: str) -> Iterator[float]:
    sessions = db.execute(
        "SELECT DISTINCT f.session_no FROM session_models f CROSS JOIN sessions s ON s.no = f.session_no"
        " WHERE f.model = ? AND s.project_no = ? ORDER BY f.session_no DESC",
        (model, project),
    )
    for (session_no,) in sessions:
        latest: str = db.execute(
            "SELECT json_group_array(latency_ms ORDER BY no DESC) FROM (SELECT no, latency_ms FROM calls"
            " WHERE no BETWEEN ? AND ? AND model = ? AND latency_ms IS NOT NULL ORDER BY no DESC LIMIT ?)",
            (event_no(session_no, 1), event_no(session_no, MAX_SEQ), model, LATEST_CALLS),
        ).get
        yield from from_json(latest)
