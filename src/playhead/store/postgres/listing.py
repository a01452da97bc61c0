"""Lists of sessions: one page in any order, and how many sessions carry each value of a member.

Reads session rows and the narrow tables beside them; never ``events``. Counts up to ``EXACT_UP_TO``; what is more is
the planner's estimate.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from playhead.errors import Invalid
from playhead.model.filters import PageRequest, Position, SessionFilter, SortBy
from playhead.model.results import EXACT_UP_TO, Facet, SessionPage
from playhead.store.postgres.connection import Db
from playhead.store.postgres.filters_sql import clamped, matching_sessions
from playhead.store.rows import MAX_INT, SESSION_COLUMNS, session_of

SORT_COLUMNS: Final[dict[SortBy, str]] = {
    "startedAt": "started_us",
    "cost": "cost_nanos",
    "tokens": "tokens",
    "duration": "duration_us",
    "interactions": "interactions",
    "errors": "errors",
}
FACETS: Final = {
    "feature": ("s.feature", "sessions s"),
    "source": ("s.source", "sessions s"),
    "status": ("s.status", "sessions s"),
    "user": ("s.user_id", "sessions s"),
    "model": ("f.model", "sessions s JOIN session_models f ON f.session_no = s.no"),
    "tag": ("f.tag", "sessions s JOIN session_tags f ON f.session_no = s.no"),
}


class Count(NamedTuple):
    """How many rows there are, and whether that is an estimate."""

    number: int
    is_estimate: bool


def list_sessions(db: Db, project: int, where: SessionFilter, page: PageRequest) -> SessionPage:
    """Return one page of the sessions that match and the count of all; read both inside one transaction."""
    condition, values = matching_sessions(project, where)
    counted = count_rows(db, f"SELECT FROM sessions s WHERE {condition}", values)
    sql, bound = _page_sql(condition, page)
    rows = db.execute(sql, [*values, *bound]).fetchall()
    total = _seen(counted, page, len(rows))
    shown = rows[: page.limit]
    more = Position(*shown[-1][:2]) if shown and len(rows) > page.limit else None
    return SessionPage([session_of(row[1:]) for row in shown], total.number, more, total.is_estimate)


def _seen(counted: Count, page: PageRequest, found: int) -> Count:
    """Return a count with what a numbered page shows of it: how many there are at least, or on the last page at all."""
    if not counted.is_estimate or page.after is not None or not found:
        return counted
    seen = (page.page - 1) * page.limit + found
    return Count(max(seen, counted.number), is_estimate=True) if found > page.limit else Count(seen, is_estimate=False)


def count_rows(db: Db, selection: str, values: list[Any]) -> Count:
    """Count the rows of a selection, exactly up to ``EXACT_UP_TO``."""
    row = db.execute(f"SELECT count(*) FROM ({selection} LIMIT {EXACT_UP_TO + 1}) AS counted", values).fetchone()
    counted: int = 0 if row is None else row[0]
    if counted <= EXACT_UP_TO:
        return Count(counted, is_estimate=False)
    return Count(max(counted, estimate_rows(db, selection, values)), is_estimate=True)


def estimate_rows(db: Db, selection: str, values: list[Any]) -> int:
    """Return how many rows the planner expects of a selection."""
    plan = db.execute(f"EXPLAIN (FORMAT JSON) {selection}", values).fetchone()
    return 0 if plan is None else int(plan[0][0]["Plan"]["Plan Rows"])


def _page_sql(condition: str, page: PageRequest) -> tuple[str, list[int]]:
    column = f"s.{SORT_COLUMNS[page.sort_by]}"
    direction, beyond = ("ASC", ">") if page.order == "asc" else ("DESC", "<")
    bound: list[int] = []
    if page.after is not None:
        condition += f" AND ({column}, s.no) {beyond} (%s, %s)"
        bound += [clamped(page.after.value), clamped(page.after.tie)]
    skipped = 0 if page.after is not None else min((page.page - 1) * page.limit, MAX_INT)
    sql = (
        f"SELECT {column}, {SESSION_COLUMNS} FROM sessions s WHERE {condition}"
        f" ORDER BY {column} {direction}, s.no {direction} LIMIT %s OFFSET %s"
    )
    return sql, [*bound, page.limit + 1, skipped]


def facets(db: Db, project: int, where: SessionFilter, member: str, limit: int = 20) -> list[Facet]:
    """Count matching sessions by the values of a member, most first, then by value.

    Raises Invalid for a member that is not counted.
    """
    if member not in FACETS:
        raise Invalid.field("member", f"expected one of {', '.join(FACETS)}")
    column, tables = FACETS[member]
    condition, values = matching_sessions(project, where)
    count = "count(DISTINCT s.no)" if "JOIN" in tables else "count(*)"
    rows = db.execute(
        f"SELECT {column} AS value, {count} AS count FROM {tables}"
        f" WHERE {condition} AND {column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s",
        [*values, limit],
    )
    return [Facet(*row) for row in rows]
