"""Statistics over the sessions that match a filter.

Counts and sums come from rollups where these answer the filter, and otherwise from session rows and ``session_models``;
both are exact. Latencies are those of ``latencies``. Events and payloads are never read. Sums that would overflow are
taken in two halves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import apsw

from playhead.model.filters import GroupBy, SessionFilter
from playhead.model.moment import DAY_US
from playhead.model.results import Stats
from playhead.store.latencies import Key
from playhead.store.payload import from_json
from playhead.store.rows import Row
from playhead.store.spans import EVERY, KNOWN, Rolled, parts_of
from playhead.store.sqlite.latencies import latencies_of
from playhead.store.sqlite.matching import Matches, Matching
from playhead.store.sqlite.rollup_schema import MODEL_MEASURES, SESSION_MEASURES, SUMS, start_sql
from playhead.store.statistics import SPANS, Kind, Sums, added_up, merged, stats_of

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
    asked = _Question(matches, where, SPANS.get(group_by))
    return stats_of(asked, latencies_of(matches, where, group_by), group_by, top)


class _Question:
    """A filter, and the sums over the sessions that match it by what they are grouped by.

    ``span_us`` is that of a series by time: its sums are those of all, too.
    """

    def __init__(self, matches: Matches, where: SessionFilter, span_us: int | None) -> None:
        self._db = matches.db
        self._project = matches.project
        self._matches = matches
        self._where = where
        self._starts = self._by_start(span_us)
        self._models = self._by_model()

    def totals(self) -> Sums:
        """Return the sums of all."""
        return added_up(self._starts.values())

    def by_kind(self) -> Mapping[Kind, Sums]:
        """Return sessions and costs by feature, source and status."""
        rolled, found = "json_array(feature, source, status)", "json_array(s.feature, s.source, s.status)"
        kinds = self._sums((rolled, found, "s.feature, s.source, s.status"), DAY_US, OF_KINDS)
        return {tuple(from_json(key)): sums for key, sums in kinds.items()}

    def by_start(self) -> Mapping[Key, Sums]:
        """Return sums by the start of the hour or day."""
        return self._starts

    def by_feature(self) -> Mapping[Key, Sums]:
        """Return sums by feature."""
        return self._sums(("feature", "s.feature", "1"), DAY_US)

    def by_user(self, top: int) -> Mapping[Key, Sums]:
        """Return sums by user, of those with most sessions."""
        order = f"ORDER BY sessions DESC, 1 LIMIT {int(top)}"
        if self._where == EVERY:
            columns, condition = f"user_id, {', '.join(OF_USERS)}", "project_no = ?"
            return self._read(
                f"SELECT {columns} FROM user_rollups WHERE {condition} {order}", [self._project], MODEL_MEASURES
            )
        matching = self._matches.of(self._where)
        return self._added("ifnull(s.user_id, '')", OF_USERS, matching.sessions_sql, matching, f"GROUP BY 1 {order}")

    def by_model(self) -> Mapping[Key, Sums]:
        """Return sums by model."""
        return self._models

    def _by_start(self, span_us: int | None) -> dict[Key, Sums]:
        """Return sums by the start of the hour or day; for a series by something else all under one key."""
        if span_us is None:
            return self._sums(("0", "0", "1"), DAY_US)
        return self._sums((start_sql("r.start_us", span_us), start_sql("s.started_us", span_us), "1"), span_us)

    def _by_model(self) -> dict[Key, Sums]:
        def of(matching: Matching) -> dict[Key, Sums]:
            return self._added("f.model", OF_MODELS, f"{matching.numbers_sql} {MODELS}", matching, "GROUP BY 1")

        def rolled(part: Rolled, where: SessionFilter) -> dict[Key, Sums]:
            return self._rolled("model_rollups", "model", MODEL_MEASURES, (part, where))

        return self._put_together(rolled, of, KNOWN["model_rollups"], DAY_US)

    def _sums(
        self, keys: tuple[str, str, str], longest_us: int, measures: Mapping[str, str] = OF_SESSIONS
    ) -> dict[Any, Sums]:
        """Return sums by a key of ``rollups`` that is another of sessions, by which these are grouped."""
        rolled_key, session_key, group = keys

        def of(matching: Matching) -> dict[Key, Sums]:
            return self._added(session_key, measures, matching.sessions_sql, matching, f"GROUP BY {group}")

        def rolled(part: Rolled, where: SessionFilter) -> dict[Key, Sums]:
            return self._rolled("rollups", rolled_key, tuple(measures), (part, where))

        return self._put_together(rolled, of, KNOWN["rollups"], longest_us)

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
            return _less(rolled(Rolled(longest_us), EVERY), merged(map(added, others.slices())))
        found = [rolled(one, self._where) for one in parts]
        return merged([*found, *(added(part) for one in rest for part in self._matches.of(one).slices())])

    def _rolled(
        self, table: str, key: str, measures: Sequence[str], asked: tuple[Rolled, SessionFilter]
    ) -> dict[Key, Sums]:
        part, where = asked
        condition, values = part.where(self._project, where, KNOWN[table])
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

    def _read(self, sql: str, values: Sequence[Any], measures: Sequence[str]) -> dict[Key, Sums]:
        """Return sums by the first column; those that were taken in halves are put together."""
        places = {name: place for place, name in enumerate(measures, 1)}
        wholes = {name: place for name, place in places.items() if not name.endswith(("_high", "_low"))}
        halves = {name: (places[f"{name}_high"], places[f"{name}_low"]) for name in SUMS if f"{name}_low" in places}
        rows: list[Row] = self._db.execute(sql, values).fetchall()
        return {
            row[0]: {name: row[place] for name, place in wholes.items()}
            | {name: (row[high] << 32) + row[low] for name, (high, low) in halves.items()}
            for row in rows
        }


def _in_one(measures: Mapping[str, str]) -> dict[str, str]:
    """Return measures with each sum in its lower half whole, which is quicker and may overflow."""
    return {name: "0" if name.endswith("_high") else sql.replace(" & 4294967295", "") for name, sql in measures.items()}


def _less(every: Mapping[Any, Sums], others: Mapping[Any, Sums]) -> dict[Any, Sums]:
    """Return sums less those of a part, but for what this part has all of."""
    left = {
        key: {name: value - others[key][name] for name, value in sums.items()} if key in others else sums
        for key, sums in every.items()
    }
    return {key: sums for key, sums in left.items() if sums["sessions"]}
