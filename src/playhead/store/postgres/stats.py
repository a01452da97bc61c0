"""Statistics over the sessions that match a filter.

Counts and sums come from rollups where these answer the filter, and otherwise from session rows and ``session_models``;
both are exact, for PostgreSQL adds whole numbers without a limit. Latencies are those of ``latencies``. Events and
payloads are never read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from playhead.model.filters import GroupBy, SessionFilter
from playhead.model.moment import DAY_US
from playhead.model.results import Stats
from playhead.store.latencies import Key
from playhead.store.postgres.connection import Db
from playhead.store.postgres.filters_sql import matching_sessions
from playhead.store.postgres.latencies import Matching, latencies_of
from playhead.store.postgres.rollup_schema import MODEL_MEASURES, SESSION_MEASURES, SUMS, start_sql
from playhead.store.postgres.rollups import by_key, read, summed, summed_part
from playhead.store.rows import Row
from playhead.store.spans import EVERY, KNOWN, Rolled, parts_of
from playhead.store.statistics import SPANS, Kind, Sums, added_up, merged, stats_of

OF_SESSIONS: Final = {name: sql.format(row="s") for name, sql in SESSION_MEASURES.items()}
OF_USERS: Final = {name: OF_SESSIONS[name] for name in MODEL_MEASURES}
OF_MODELS: Final = ("interactions", "errors", *SUMS[:3])
MODELS: Final = "sessions s JOIN session_models f ON f.session_no = s.no"


def stats(db: Db, project: int, where: SessionFilter, group_by: GroupBy = "day", top: int = 10) -> Stats:
    """Return the statistics; read them inside one transaction."""
    asked = _Question(db, project, where, SPANS.get(group_by))
    totals = asked.totals()
    calls = Matching(sessions=totals["sessions"], calls=totals["interactions"])
    return stats_of(asked, latencies_of(db, project, where, group_by, calls), group_by, top)


class _Question:
    """A filter, and the sums over the sessions that match it by what they are grouped by.

    ``span_us`` is that of a series by time: what has to be asked of sessions is added up for it in the same pass.
    """

    def __init__(self, db: Db, project: int, where: SessionFilter, span_us: int | None) -> None:
        self._db = db
        self._project = project
        self._where = where
        self._span_us = span_us or DAY_US
        self._rolled, rest = parts_of(where, KNOWN["rollups"], self._span_us)
        self._rest = [self._kinds_and_starts(one, span_us) for one in rest]
        rolled = [self._of_part(part, "ARRAY[r.feature, r.source, r.status]") for part in self._rolled]
        self._kinds: dict[Kind, Sums] = merged([*rolled, *(kinds for kinds, _ in self._rest)])
        self._models = self._by_model()

    def totals(self) -> Sums:
        """Return the sums of all."""
        return added_up(self._kinds.values())

    def by_kind(self) -> Mapping[Kind, Sums]:
        """Return sums by feature, source and status."""
        return self._kinds

    def by_feature(self) -> Mapping[Key, Sums]:
        """Return sums by feature."""
        return merged({feature: sums} for (feature, _, _), sums in self._kinds.items())

    def by_start(self) -> Mapping[Key, Sums]:
        """Return sums by the start of the hour or day."""
        rolled = [self._of_part(part, start_sql("r.start_us", self._span_us)) for part in self._rolled]
        return merged([*rolled, *(starts for _, starts in self._rest)])

    def by_user(self, top: int) -> Mapping[Key, Sums]:
        """Return sums by user, of those with most sessions."""
        order = f"ORDER BY 2 DESC, 1 LIMIT {int(top)}"
        if self._where == EVERY:
            own = ("project_no = %s", [self._project])
            return summed(self._db, "user_rollups", "r.user_id", MODEL_MEASURES, clause=own, rest=order)
        user = f"SELECT coalesce(s.user_id, ''), {_sums(OF_USERS)} FROM sessions s"
        return by_key(self._of_sessions(user, self._where, f"GROUP BY 1 {order}"), MODEL_MEASURES)

    def by_model(self) -> Mapping[Key, Sums]:
        """Return sums by model."""
        return self._models

    def _by_model(self) -> dict[Key, Sums]:
        rolled, rest = parts_of(self._where, KNOWN["model_rollups"])
        asked = ((one, self._project, self._where) for one in rolled)
        found = [summed_part(self._db, "model_rollups", "r.model", MODEL_MEASURES, one) for one in asked]
        return merged([*found, *map(self._of_models, rest)])

    def _of_models(self, where: SessionFilter) -> dict[Key, Sums]:
        """Return sums by model; a session that used one of several providers counts once."""
        sums = ", ".join(f"sum(f.{name})" for name in OF_MODELS)
        rows = self._of_sessions(
            f"SELECT f.model, count(*), {sums} FROM {MODELS}", where, "GROUP BY f.model, f.provider"
        )
        providers = Counter(row[0] for row in rows)
        found = merged(by_key([row], MODEL_MEASURES) for row in rows)
        several = [model for model, count in providers.items() if count > 1]
        counted = self._sessions_of(several, where) if several else {}
        return {model: {**sums, **counted.get(model, {})} for model, sums in found.items()}

    def _sessions_of(self, models: list[str], where: SessionFilter) -> dict[Key, Sums]:
        """Return how many sessions each of some models has."""
        condition, values = matching_sessions(self._project, where)
        counted = f"SELECT f.model, count(DISTINCT s.no) FROM {MODELS} WHERE {condition} AND f.model = ANY(%s)"
        return by_key(read(self._db, f"{counted} GROUP BY 1", [*values, models]), MODEL_MEASURES[:1])

    def _of_part(self, part: Rolled, key: str) -> dict[Any, Sums]:
        asked = (part, self._project, self._where)
        return summed_part(self._db, "rollups", key, tuple(SESSION_MEASURES), asked)

    def _kinds_and_starts(self, where: SessionFilter, span_us: int | None) -> tuple[dict[Kind, Sums], dict[Key, Sums]]:
        kind = "ARRAY[s.feature, s.source, s.status]"
        start = "0" if span_us is None else start_sql("s.started_us", span_us)
        sets = "GROUP BY 1" if span_us is None else "GROUP BY GROUPING SETS (1, 2)"
        rows = self._of_sessions(f"SELECT {kind}, {start}, {_sums(OF_SESSIONS)} FROM sessions s", where, sets)
        measures = tuple(SESSION_MEASURES)
        kinds = [(kind, *sums) for kind, _, *sums in rows if kind is not None]
        starts = [(start, *sums) for kind, start, *sums in rows if kind is None]
        return by_key(kinds, measures), by_key(starts, measures)

    def _of_sessions(self, select: str, where: SessionFilter, rest: str) -> list[Row]:
        condition, values = matching_sessions(self._project, where)
        return read(self._db, f"{select} WHERE {condition} {rest}", values)


def _sums(measures: Mapping[str, str]) -> str:
    return ", ".join(f"sum({sql}) AS {name}" for name, sql in measures.items())
