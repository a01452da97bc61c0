"""Statistics over the sessions that match a filter.

Counts and sums come from rollups where these answer the filter, and otherwise from session rows and ``session_models``;
both are exact. Latencies are those of ``latencies``. Events and payloads are never read. Sums that would overflow are
taken in two halves.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import apsw

from playhead.model.filters import GroupBy, SessionFilter
from playhead.model.moment import format_us
from playhead.model.results import ModelStats, SeriesPoint, Stats
from playhead.store.payload import from_json
from playhead.store.rows import Row
from playhead.store.spans import EVERY, Rolled, parts_of
from playhead.store.sqlite.filters_sql import BIGGEST
from playhead.store.sqlite.latencies import SPANS, Ends, Key, Latencies, latencies_of, model_latencies
from playhead.store.sqlite.matching import Matches, Matching
from playhead.store.sqlite.rollup_schema import DAY_US, MODEL_MEASURES, SESSION_MEASURES, SUMS, start_sql

__all__ = ["model_latencies", "stats"]

Sums: TypeAlias = dict[str, int]
"""Measures by name."""

KNOWN: Final = ("feature", "source", "status")
KNOWN_OF_MODELS: Final = ("feature", "source")
OF_SESSIONS: Final = {name: f"sum({sql.format(row='s')})" for name, sql in SESSION_MEASURES.items()}
OF_KINDS: Final = {name: OF_SESSIONS[name] for name in ("sessions", "cost_nanos_high", "cost_nanos_low")}
OF_USERS: Final = {name: OF_SESSIONS[name] for name in MODEL_MEASURES}
OF_MODELS: Final = {
    "sessions": "count(DISTINCT f.session_no)",
    "interactions": "sum(f.interactions)",
    "errors": "sum(f.errors)",
    **{f"{name}_high": f"sum(f.{name} >> 32)" for name in SUMS[:3]},
    **{f"{name}_low": f"sum(f.{name} & 4294967295)" for name in SUMS[:3]},
}
MODELS: Final = "CROSS JOIN session_models f ON f.session_no = s.no"


def stats(db: apsw.Connection, project: int, where: SessionFilter, group_by: GroupBy = "day", top: int = 10) -> Stats:
    """Return the statistics; read them inside one transaction."""
    matches = Matches(db, project)
    asked = _Question(matches, where)
    latencies = latencies_of(matches, where, group_by)
    kinds = asked.by_kind()
    totals = asked.totals(group_by)
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

    def __init__(self, matches: Matches, where: SessionFilter) -> None:
        self._db = matches.db
        self._project = matches.project
        self._matches = matches
        self._where = where
        self._models: dict[Key, Sums] | None = None
        self._starts: dict[Key, Sums] | None = None

    def totals(self, group_by: GroupBy) -> Sums:
        """Return the sums of all; they come with those by start, where these are asked for."""
        found = self.by_start(SPANS[group_by]) if group_by in SPANS else self._sums(("0", "0", "1"), DAY_US)
        return _added_up(found.values())

    def by_kind(self) -> dict[tuple[str, str, str], Sums]:
        """Return sessions and costs by feature, source and status."""
        rolled, found = "json_array(feature, source, status)", "json_array(s.feature, s.source, s.status)"
        kinds = self._sums((rolled, found, "s.feature, s.source, s.status"), DAY_US, OF_KINDS)
        return {tuple(from_json(key)): sums for key, sums in kinds.items()}

    def by_start(self, span_us: int) -> dict[Key, Sums]:
        """Return sums by the start of the hour or day."""
        if self._starts is None:
            key = start_sql("r", span_us).replace("started_us", "start_us")
            self._starts = self._sums((key, start_sql("s", span_us), "1"), span_us)
        return self._starts

    def by_feature(self) -> dict[Key, Sums]:
        """Return sums by feature."""
        return self._sums(("feature", "s.feature", "1"), DAY_US)

    def by_user(self, top: int) -> dict[Key, Sums]:
        """Return sums by user, of those with most sessions."""
        order = f"ORDER BY sessions DESC, 1 LIMIT {int(top)}"
        if self._where == EVERY:
            columns, condition = f"user_id, {', '.join(OF_USERS)}", "project_no = ?"
            return self._read(
                f"SELECT {columns} FROM user_rollups WHERE {condition} {order}", [self._project], OF_USERS
            )
        matching = self._matches.of(self._where)
        return self._added("ifnull(s.user_id, '')", OF_USERS, matching.sessions_sql, matching, f"GROUP BY 1 {order}")

    def by_model(self) -> dict[Key, Sums]:
        """Return sums by model."""
        if self._models is None:
            self._models = self._by_model()
        return self._models

    def _by_model(self) -> dict[Key, Sums]:
        def of(matching: Matching) -> dict[Key, Sums]:
            return self._added("f.model", OF_MODELS, f"{matching.numbers_sql} {MODELS}", matching, "GROUP BY 1")

        def rolled(part: Rolled, where: SessionFilter) -> dict[Key, Sums]:
            return self._rolled("model_rollups", "model", MODEL_MEASURES, (part, where, KNOWN_OF_MODELS))

        return self._put_together(rolled, of, KNOWN_OF_MODELS, DAY_US)

    def _sums(
        self, keys: tuple[str, str, str], longest_us: int, measures: Mapping[str, str] = OF_SESSIONS
    ) -> dict[Any, Sums]:
        """Return sums by a key of ``rollups`` that is another of sessions, by which these are grouped."""
        rolled_key, session_key, group = keys

        def of(matching: Matching) -> dict[Key, Sums]:
            return self._added(session_key, measures, matching.sessions_sql, matching, f"GROUP BY {group}")

        def rolled(part: Rolled, where: SessionFilter) -> dict[Key, Sums]:
            return self._rolled("rollups", rolled_key, tuple(measures), (part, where, KNOWN))

        return self._put_together(rolled, of, KNOWN, longest_us)

    def _put_together(
        self,
        rolled: Callable[[Rolled, SessionFilter], dict[Key, Sums]],
        added: Callable[[Matching], dict[Key, Sums]],
        known: Sequence[str],
        longest_us: int,
    ) -> dict[Key, Sums]:
        """Return sums from rollups as far as these know the filter, and from sessions; where most sessions match, those
        of all less those of the others."""
        parts, rest = parts_of(self._where, known, longest_us)
        others = None if parts else self._matches.but(self._where)
        if others is not None:
            return _less(rolled(Rolled(longest_us), EVERY), _merged(map(added, others.slices())))
        found = [rolled(one, self._where) for one in parts]
        return _merged([*found, *(added(part) for one in rest for part in self._matches.of(one).slices())])

    def _rolled(
        self, table: str, key: str, measures: Sequence[str], asked: tuple[Rolled, SessionFilter, Sequence[str]]
    ) -> dict[Key, Sums]:
        part, where, known = asked
        condition, values = part.where(self._project, where, known)
        columns = ", ".join(f"sum({name})" for name in measures)
        return self._read(f"SELECT {key}, {columns} FROM {table} AS r WHERE {condition} GROUP BY 1", values, measures)

    def _added(
        self, key: str, measures: Mapping[str, str], tables: str, matching: Matching, group: str
    ) -> dict[Key, Sums]:
        def found(sums: Mapping[str, str]) -> dict[Key, Sums]:
            columns = ", ".join(f"{sql} AS {name}" for name, sql in sums.items())
            sql = f"SELECT {key}, {columns} FROM {tables} WHERE {matching.condition} {group}"
            return self._read(sql, matching.values, tuple(sums))

        try:
            return found(_in_one(measures))
        except apsw.SQLError as error:
            if str(error) != "integer overflow":
                raise
            return found(measures)

    def _read(self, sql: str, values: Sequence[Any], measures: Iterable[str]) -> dict[Key, Sums]:
        names = tuple(measures)
        rows: list[Row] = self._db.execute(sql, values).fetchall()
        return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}


def _in_one(measures: Mapping[str, str]) -> dict[str, str]:
    """Return measures with each sum in its lower half whole, which is quicker and may overflow."""
    return {name: "0" if name.endswith("_high") else sql.replace(" & 4294967295", "") for name, sql in measures.items()}


# --- sums ------------------------------------------------------------------------------------------------------------


def _merged(parts: Iterable[Mapping[Any, Sums]]) -> dict[Any, Sums]:
    gathered: defaultdict[Any, list[Sums]] = defaultdict(list)
    for part in parts:
        for key, sums in part.items():
            gathered[key].append(sums)
    return {key: _added_up(found) for key, found in gathered.items()}


def _less(every: Mapping[Any, Sums], others: Mapping[Any, Sums]) -> dict[Any, Sums]:
    """Return sums less those of a part, but for what this part has all of."""
    left = {
        key: {name: value - others[key][name] for name, value in sums.items()} if key in others else sums
        for key, sums in every.items()
    }
    return {key: sums for key, sums in left.items() if sums["sessions"]}


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
