"""Statistics over the sessions that match a filter: the questions behind ``store.statistics``, as queries.

Sums come from the rows of ``sessions`` and are exact; percentiles are those of ``latencies``. What is asked for is few
queries, at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, Final

from playhead.model.filters import GroupBy, SessionFilter
from playhead.model.results import Stats
from playhead.store.clickhouse.breadth import Breadth
from playhead.store.clickhouse.connection import Connection
from playhead.store.clickhouse.filters_sql import matching_sessions_sql
from playhead.store.clickhouse.keys_sql import KEYS, NO_KEY, key_of
from playhead.store.clickhouse.latencies import ask_latencies
from playhead.store.clickhouse.summing import SUMS, Asked
from playhead.store.latencies import Key
from playhead.store.statistics import SPANS, Kind, Sums, added_up, merged, stats_of

OF_SESSIONS: Final = {
    "interactions": "finished",
    **{
        name: name
        for name in ("errors", "cost_nanos", "input_tokens", "output_tokens", "duration_us", "unpriced", "dropped")
    },
}
"""Columns of ``sessions`` by the measure that they are summed up for."""
OF_MODELS: Final = ("interactions", "errors", "cost_nanos", "input_tokens", "output_tokens")
COUNTS: Final = "count(), countIf(errors > 0)"


def stats(
    connection: Connection,
    asking: Executor,
    breadth: Breadth,
    project: int,
    where: SessionFilter,
    *,
    group_by: GroupBy,
    top: int,
) -> Stats:
    """Return the statistics; ``asking`` runs queries beside each other."""
    clause = matching_sessions_sql(project, where, text_index=connection.layout.text_index)
    asked = Asked(connection, *clause, breadth.settings())
    latencies_of = ask_latencies(asked, asking, where, group_by)
    question = _Question(asked, asking, group_by, top)
    return stats_of(question, latencies_of(question.totals()["interactions"]), group_by, top)


class _Question:
    """What is asked of ``sessions``: by kind and by time in one pass, by model, or by user, in another beside it."""

    def __init__(self, asked: Asked, asking: Executor, group_by: GroupBy, top: int) -> None:
        models = asking.submit(_by_model, asked)
        users = asking.submit(_by_user, asked, top) if group_by == "user" else None
        self._kinds, self._starts = _by_kind_and_start(asked, group_by)
        self._models = models.result()
        self._users = users.result() if users is not None else {}

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
        return self._starts

    def by_user(self, top: int) -> Mapping[Key, Sums]:  # noqa: ARG002  # the protocol's; it was asked for already
        """Return sums by user, of those with most sessions."""
        return self._users

    def by_model(self) -> Mapping[Key, Sums]:
        """Return sums by model."""
        return self._models


def _by_kind_and_start(asked: Asked, group_by: GroupBy) -> tuple[dict[Kind, Sums], dict[Key, Sums]]:
    in_time = group_by in SPANS
    sets = "GROUPING SETS ((feature, source, status), (key))" if in_time else "feature, source, status"
    rows = asked.summed(
        f"SELECT {'grouping(key) = 0' if in_time else 0}, {KEYS[group_by] if in_time else NO_KEY} AS key,"
        f" feature, source, status, {COUNTS}, {SUMS} FROM sessions AS s FINAL WHERE {asked.condition} GROUP BY {sets}",
        OF_SESSIONS.values(),
    )
    kinds = {tuple(row[2:5]): _of_sessions(row[5:]) for row in rows if not row[0]}
    starts = {key_of(row[1], group_by): _of_sessions(row[5:]) for row in rows if row[0]}
    return kinds, starts


def _by_model(asked: Asked) -> dict[Key, Sums]:
    """Return sums by model; a session that used one of several providers counts once."""
    columns = [f"{name}_" for name in OF_MODELS]
    arrays = ", ".join(f"s.sums.{name} AS {name}_" for name in OF_MODELS)
    rows = asked.summed(
        f"SELECT model_, countIf(place_ = 1), {SUMS} FROM (SELECT s.sums.model AS models_,"
        f" arrayEnumerateUniq(s.sums.model) AS places_, {arrays} FROM sessions AS s FINAL WHERE {asked.condition})"
        f" ARRAY JOIN models_ AS model_, places_ AS place_, {', '.join(columns)} GROUP BY model_",
        columns,
    )
    return {model: dict(zip(("sessions", *OF_MODELS), rest, strict=True)) for model, *rest in rows}


def _by_user(asked: Asked, top: int) -> dict[Key, Sums]:
    rows = asked.summed(
        f"SELECT {KEYS['user']} AS key, {COUNTS}, {SUMS} FROM sessions AS s FINAL WHERE {asked.condition}"
        f" GROUP BY key ORDER BY 2 DESC, 1 LIMIT {int(top)}",
        OF_SESSIONS.values(),
    )
    return {key: _of_sessions(rest) for key, *rest in rows}


def _of_sessions(rest: Sequence[Any]) -> Sums:
    return dict(zip(("sessions", "with_errors", *OF_SESSIONS), rest, strict=True))
