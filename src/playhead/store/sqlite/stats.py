"""Statistics over the sessions that match a filter.

Counts and sums come from rollups where these answer the filter, and otherwise from session rows and ``session_models``;
both are exact. Latencies are those of ``latencies``. Events and payloads are never read. Sums are taken in two halves,
so that they cannot overflow.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import apsw

from playhead.model.filters import GroupBy, SessionFilter
from playhead.model.moment import format_us
from playhead.model.results import ModelStats, SeriesPoint, Stats
from playhead.store.payload import from_json
from playhead.store.rows import Row
from playhead.store.sqlite.filters_sql import BIGGEST, matching_sessions_sql
from playhead.store.sqlite.latencies import SPANS, Ends, Key, Latencies, latencies_of, model_latencies
from playhead.store.sqlite.rollup_schema import DAY_US, MODEL_MEASURES, SESSION_MEASURES, SUMS, start_sql
from playhead.store.sqlite.rollups import EVERY, Rolled, parts_of

__all__ = ["model_latencies", "stats"]

Sums: TypeAlias = dict[str, int]
"""Measures by name."""

KNOWN: Final = ("feature", "source", "status")
KNOWN_OF_MODELS: Final = ("feature", "source")
OF_SESSIONS: Final = {name: f"sum({sql.format(row='s')})" for name, sql in SESSION_MEASURES.items()}
OF_USERS: Final = {name: OF_SESSIONS[name] for name in MODEL_MEASURES}
OF_MODELS: Final = {
    "sessions": "count(DISTINCT s.no)",
    "interactions": "sum(f.interactions)",
    "errors": "sum(f.errors)",
    **{f"{name}_high": f"sum(f.{name} >> 32)" for name in SUMS[:3]},
    **{f"{name}_low": f"sum(f.{name} & 4294967295)" for name in SUMS[:3]},
}
MODELS: Final = "sessions s JOIN session_models f ON f.session_no = s.no"


def stats(db: apsw.Connection, project: int, where: SessionFilter, group_by: GroupBy = "day", top: int = 10) -> Stats:
    """Return the statistics; read them inside one transaction."""
    asked = _Question(db, project, where)
    latencies = latencies_of(db, project, where, group_by)
    kinds = asked.by_kind()
    totals = _added_up(kinds.values())
    models = asked.by_model()
    return Stats(
        sessions=totals["sessions"],
        sessions_with_errors=totals["with_errors"],
        interactions=totals["interactions"],
        cost_nanos=_whole(totals, "cost_nanos"),
        input_tokens=_whole(totals, "input_tokens"),
        output_tokens=_whole(totals, "output_tokens"),
        duration_us=_whole(totals, "duration_us"),
        unpriced=totals["unpriced"],
        dropped=_whole(totals, "dropped"),
        by_feature=_counts(kinds, 0),
        by_source=_counts(kinds, 1),
        by_status=_counts(kinds, 2),
        cost_by_source=_costs(kinds, 1),
        latency=latencies.percentiles(),
        models=[_model(*each, latencies.by_model()) for each in _most(models, "interactions", top)],
        series=_series(asked, group_by, top, latencies),
        latency_is_estimate=latencies.is_estimate,
    )


def _series(asked: _Question, group_by: GroupBy, top: int, latencies: Latencies) -> list[SeriesPoint]:
    if group_by == "model":
        return [_point(*each, latencies.by_model()) for each in _most(asked.by_model(), "sessions", top)]
    ends = latencies.by_key()
    if group_by in SPANS:
        return [_point(*each, ends) for each in sorted(asked.by_start(SPANS[group_by]).items())]
    found = asked.by_user(top) if group_by == "user" else asked.by_feature()
    return [_point(*each, ends) for each in _most(found, "sessions", top)]


class _Question:
    """A filter, and the sums over the sessions that match it by what they are grouped by."""

    def __init__(self, db: apsw.Connection, project: int, where: SessionFilter) -> None:
        self._db = db
        self._project = project
        self._where = where
        self._models: dict[Key, Sums] | None = None

    def by_kind(self) -> dict[tuple[str, str, str], Sums]:
        """Return sums by feature, source and status."""
        rolled, found = "json_array(feature, source, status)", "json_array(s.feature, s.source, s.status)"
        return {tuple(from_json(key)): sums for key, sums in self._sums(rolled, found, DAY_US).items()}

    def by_start(self, span_us: int) -> dict[Key, Sums]:
        """Return sums by the start of the hour or day."""
        key = start_sql("r", span_us).replace("started_us", "start_us")
        return self._sums(key, start_sql("s", span_us), span_us)

    def by_feature(self) -> dict[Key, Sums]:
        """Return sums by feature."""
        return self._sums("feature", "s.feature", DAY_US)

    def by_user(self, top: int) -> dict[Key, Sums]:
        """Return sums by user, of those with most sessions."""
        order = f"ORDER BY sessions DESC, 1 LIMIT {int(top)}"
        if self._where == EVERY:
            columns, condition = f"user_id, {', '.join(OF_USERS)}", "project_no = ?"
            return self._read(
                f"SELECT {columns} FROM user_rollups WHERE {condition} {order}", [self._project], OF_USERS
            )
        key = "ifnull(s.user_id, '')"
        return self._of_sessions("sessions s", key, OF_USERS, self._where, order)

    def by_model(self) -> dict[Key, Sums]:
        """Return sums by model."""
        if self._models is None:
            rolled, rest = parts_of(self._where, KNOWN_OF_MODELS)
            found = [self._rolled("model_rollups", "model", MODEL_MEASURES, one, KNOWN_OF_MODELS) for one in rolled]
            found += [self._of_sessions(MODELS, "f.model", OF_MODELS, where) for where in rest]
            self._models = _merged(found)
        return self._models

    def _sums(self, rolled_key: str, session_key: str, longest_us: int) -> dict[Any, Sums]:
        rolled, rest = parts_of(self._where, KNOWN, longest_us)
        found = [self._rolled("rollups", rolled_key, tuple(SESSION_MEASURES), one, KNOWN) for one in rolled]
        found += [self._of_sessions("sessions s", session_key, OF_SESSIONS, where) for where in rest]
        return _merged(found)

    def _rolled(
        self, table: str, key: str, measures: Sequence[str], part: Rolled, known: Sequence[str]
    ) -> dict[Key, Sums]:
        condition, values = part.where(self._project, self._where, known)
        columns = ", ".join(f"sum({name})" for name in measures)
        return self._read(f"SELECT {key}, {columns} FROM {table} AS r WHERE {condition} GROUP BY 1", values, measures)

    def _of_sessions(
        self, tables: str, key: str, measures: Mapping[str, str], where: SessionFilter, order: str = ""
    ) -> dict[Key, Sums]:
        condition, values = matching_sessions_sql(self._db, self._project, where)
        columns = ", ".join(f"{sql} AS {name}" for name, sql in measures.items())
        sql = f"SELECT {key}, {columns} FROM {tables} WHERE {condition} GROUP BY 1 {order}"
        return self._read(sql, values, tuple(measures))

    def _read(self, sql: str, values: Sequence[Any], measures: Iterable[str]) -> dict[Key, Sums]:
        names = tuple(measures)
        rows: list[Row] = self._db.execute(sql, values).fetchall()
        return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}


# --- sums ------------------------------------------------------------------------------------------------------------


def _merged(parts: Iterable[Mapping[Any, Sums]]) -> dict[Any, Sums]:
    gathered: defaultdict[Any, list[Sums]] = defaultdict(list)
    for part in parts:
        for key, sums in part.items():
            gathered[key].append(sums)
    return {key: _added_up(found) for key, found in gathered.items()}


def _added_up(found: Iterable[Sums]) -> Sums:
    totals: Counter[str] = Counter()
    for sums in found:
        totals.update(sums)
    return totals


def _whole(sums: Sums, name: str) -> int:
    """Put a sum together that was taken in halves; one that no column can hold is the greatest that it can."""
    return min(BIGGEST, (sums[f"{name}_high"] << 32) + sums[f"{name}_low"])


def _counts(kinds: Mapping[tuple[str, str, str], Sums], member: int) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for kind, sums in kinds.items():
        counts[kind[member]] += sums["sessions"]
    return dict(counts)


def _costs(kinds: Mapping[tuple[str, str, str], Sums], member: int) -> dict[str, int]:
    gathered: defaultdict[str, list[Sums]] = defaultdict(list)
    for kind, sums in kinds.items():
        gathered[kind[member]].append(sums)
    return {name: _whole(_added_up(found), "cost_nanos") for name, found in gathered.items()}


def _most(found: Mapping[Key, Sums], measure: str, top: int) -> list[tuple[Key, Sums]]:
    """Return those with most of a measure, equal ones by their key."""
    return sorted(found.items(), key=lambda each: (-each[1][measure], each[0]))[:top]


def _model(model: Key, sums: Sums, ends: Ends) -> ModelStats:
    p50, p95 = ends.get(model, (None, None))
    return ModelStats(
        model=str(model),
        count=sums["interactions"],
        cost_nanos=_whole(sums, "cost_nanos"),
        input_tokens=_whole(sums, "input_tokens"),
        output_tokens=_whole(sums, "output_tokens"),
        p50=p50,
        p95=p95,
    )


def _point(key: Key, sums: Sums, ends: Ends) -> SeriesPoint:
    p50, p95 = ends.get(key, (None, None))
    return SeriesPoint(
        key=format_us(key) if isinstance(key, int) else key,
        sessions=sums["sessions"],
        interactions=sums["interactions"],
        errors=sums["errors"],
        cost_nanos=_whole(sums, "cost_nanos"),
        input_tokens=_whole(sums, "input_tokens"),
        output_tokens=_whole(sums, "output_tokens"),
        p50=p50,
        p95=p95,
    )
