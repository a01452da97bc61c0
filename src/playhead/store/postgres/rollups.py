"""Rollups, as they are read: sums over the sessions of whole hours and days, with the news that are not folded yet.

Reads ``rollups`` and the other tables of ``rollup_schema``; never sessions, calls or events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from playhead.model.filters import SessionFilter
from playhead.store.postgres.connection import Db
from playhead.store.postgres.lexemes import Clause
from playhead.store.rows import Row
from playhead.store.spans import KNOWN, Rolled
from playhead.store.statistics import Sums

Asked: TypeAlias = tuple[Rolled, int, SessionFilter]
"""A part of a question, the project, and the filter."""

NEWS: Final = {
    "rollups": "session_news",
    "user_rollups": "session_news",
    "model_rollups": "model_news",
    "tag_rollups": "tag_news",
    "latency_rollups": "latency_news",
}
"""What is to be added to each of the rollups."""


def of_part(part: Rolled, project: int, where: SessionFilter, rollups: str, *, news: bool = False) -> Clause:
    """Return the condition for a part of a question on rollups, or on their news, which have no span."""
    condition, values = (part.spanless_where if news else part.where)(project, where, KNOWN[rollups])
    if any(isinstance(value, str) and "\x00" in value for value in values):  # in no column
        return "FALSE", []
    return condition.replace("?", "%s"), values


def total_of_part(db: Db, rollups: str, measures: Sequence[str], asked: Asked) -> Sums:
    """Return the sums over a part of a question."""
    return total(db, rollups, measures, of_part(*asked, rollups), of_part(*asked, rollups, news=True))


def total(db: Db, rollups: str, measures: Sequence[str], clause: Clause, of_news: Clause | None = None) -> Sums:
    """Return sums over all rows that match."""
    (condition, values), (news_condition, bound) = clause, of_news or clause
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in measures)
    both = f"SELECT {sums} FROM {rollups} WHERE {condition} UNION ALL SELECT {sums} FROM {NEWS[rollups]}"
    found = read(db, f"{both} WHERE {news_condition}", [*values, *bound])
    return _sums_of(measures, [sum(column) for column in zip(*found, strict=True)])


def summed_part(db: Db, rollups: str, key: str, measures: Sequence[str], asked: Asked) -> dict[Any, Sums]:
    """Return the sums over a part of a question, by a key (SQL over a row ``r``)."""
    clause, of_news = of_part(*asked, rollups), of_part(*asked, rollups, news=True)
    return summed(db, rollups, key, measures, clause=clause, of_news=of_news)


def summed(
    db: Db,
    rollups: str,
    key: str,
    measures: Sequence[str],
    *,
    clause: Clause,
    of_news: Clause | None = None,
    rest: str = "",
) -> dict[Any, Sums]:
    """Return sums over the rows that match, by a key (SQL over a row ``r``); what no session is left of is left out."""
    (condition, values), (news_condition, bound) = clause, of_news or clause
    rows = f"(SELECT * FROM {rollups} WHERE {condition}) AS r"
    sums = ", ".join(f"sum(r.{name}) AS {name}" for name in measures)
    columns = f"{key} AS key, {sums}"
    news = f"SELECT {columns} FROM {NEWS[rollups]} AS r WHERE {news_condition} GROUP BY 1"
    again = ", ".join(f"sum({name}) AS {name}" for name in measures)
    found = read(
        db,
        f"SELECT key, {again} FROM (SELECT {columns} FROM {rows} GROUP BY 1 UNION ALL {news}) AS r GROUP BY key"
        f" HAVING sum(sessions) <> 0 {rest}",
        [*values, *bound],
    )
    return by_key(found, measures)


def by_key(rows: Iterable[Row], measures: Sequence[str]) -> dict[Any, Sums]:
    """Return sums by the first column of their rows; a key of several parts is a tuple."""
    return {tuple(key) if isinstance(key, list) else key: _sums_of(measures, sums) for key, *sums in rows}


def _sums_of(measures: Sequence[str], values: Sequence[Any]) -> Sums:
    return {name: int(value or 0) for name, value in zip(measures, values, strict=True)}


def read(db: Db, sql: str, values: Sequence[Any]) -> list[Row]:
    """Return the rows of a question, whose answers are quicker to read as binary."""
    with db.cursor(binary=True) as cursor:
        return cursor.execute(sql, values).fetchall()
