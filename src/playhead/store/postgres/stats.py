"""Statistics over the sessions that match a filter.

Counts and sums come from rollups where these answer the filter, and otherwise from session rows and ``session_models``;
both are exact, for PostgreSQL adds whole numbers without a limit. Latencies are those of ``latencies``. Events and
payloads are never read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from playhead.model.filters import GroupBy, SessionFilter
from playhead.model.moment import DAY_US
from playhead.model.results import ModelLatency, Stats
from playhead.store.latencies import Key
from playhead.store.postgres.connection import Db
from playhead.store.postgres.filters_sql import matching_sessions
from playhead.store.postgres.latencies import latencies_of, model_latency
from playhead.store.postgres.rollup_schema import MODEL_MEASURES, SESSION_MEASURES, start_sql
from playhead.store.postgres.rollups import KNOWN, by_key, read, summed, summed_part
from playhead.store.spans import EVERY, parts_of
from playhead.store.statistics import Kind, Sums, merged, stats_of

OF_SESSIONS: Final = {name: f"sum({sql.format(row='s')})" for name, sql in SESSION_MEASURES.items()}
OF_USERS: Final = {name: OF_SESSIONS[name] for name in MODEL_MEASURES}
OF_MODELS: Final = {"sessions": "count(DISTINCT s.no)", **{name: f"sum(f.{name})" for name in MODEL_MEASURES[1:]}}
MODELS: Final = "sessions s JOIN session_models f ON f.session_no = s.no"


def stats(db: Db, project: int, where: SessionFilter, group_by: GroupBy = "day", top: int = 10) -> Stats:
    """Return the statistics; read them inside one transaction."""
    return stats_of(_Question(db, project, where), latencies_of(db, project, where, group_by), group_by, top)


def model_latencies(db: Db, project: int, models: Sequence[str]) -> list[ModelLatency]:
    """Return the usual latencies of models, each over its latest measured calls, the newest sessions first."""
    return [model_latency(db, project, model) for model in models]


class _Question:
    """A filter, and the sums over the sessions that match it by what they are grouped by."""

    def __init__(self, db: Db, project: int, where: SessionFilter) -> None:
        self._db = db
        self._project = project
        self._where = where

    def by_kind(self) -> dict[Kind, Sums]:
        """Return sums by feature, source and status."""
        return self._sums("ARRAY[{0}.feature, {0}.source, {0}.status]", DAY_US)

    def by_start(self, span_us: int) -> Mapping[Key, Sums]:
        """Return sums by the start of the hour or day."""
        rolled, found = start_sql("r.start_us", span_us), start_sql("s.started_us", span_us)
        return self._sums(rolled, span_us, found)

    def by_feature(self) -> Mapping[Key, Sums]:
        """Return sums by feature."""
        return self._sums("{0}.feature", DAY_US)

    def by_user(self, top: int) -> Mapping[Key, Sums]:
        """Return sums by user, of those with most sessions."""
        order = f"ORDER BY 2 DESC, 1 LIMIT {int(top)}"
        if self._where == EVERY:
            own = ("project_no = %s", [self._project])
            return summed(self._db, "user_rollups", "r.user_id", MODEL_MEASURES, clause=own, rest=order)
        return self._of_sessions("sessions s", "coalesce(s.user_id, '')", OF_USERS, self._where, order)

    def by_model(self) -> Mapping[Key, Sums]:
        """Return sums by model."""
        rolled, rest = parts_of(self._where, KNOWN["model_rollups"])
        asked = ((one, self._project, self._where) for one in rolled)
        found = [summed_part(self._db, "model_rollups", "r.model", MODEL_MEASURES, one) for one in asked]
        found += [self._of_sessions(MODELS, "f.model", OF_MODELS, where) for where in rest]
        return merged(found)

    def _sums(self, key: str, longest_us: int, session_key: str | None = None) -> dict[Any, Sums]:
        rolled, rest = parts_of(self._where, KNOWN["rollups"], longest_us)
        asked = ((one, self._project, self._where) for one in rolled)
        found = [summed_part(self._db, "rollups", key.format("r"), tuple(SESSION_MEASURES), one) for one in asked]
        own = session_key or key.format("s")
        found += [self._of_sessions("sessions s", own, OF_SESSIONS, where) for where in rest]
        return merged(found)

    def _of_sessions(
        self, tables: str, key: str, measures: Mapping[str, str], where: SessionFilter, order: str = ""
    ) -> dict[Any, Sums]:
        condition, values = matching_sessions(self._project, where)
        sql = f"SELECT {key}, {', '.join(measures.values())} FROM {tables} WHERE {condition} GROUP BY 1 {order}"
        return by_key(read(self._db, sql, values), tuple(measures))
