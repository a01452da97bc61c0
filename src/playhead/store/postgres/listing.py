"""Lists of sessions: one page in any order, and the count of all.

Reads session rows and the narrow tables beside them; never ``events``.
"""

from __future__ import annotations

from typing import Final

from playhead.model.filters import PageRequest, Position, SessionFilter, SortBy
from playhead.model.results import SessionPage
from playhead.store.postgres.connection import Db
from playhead.store.postgres.counting import Count, count_sessions
from playhead.store.postgres.filters_sql import matching_sessions
from playhead.store.rows import MAX_INT, SESSION_COLUMNS, comparable, session_of

SORT_COLUMNS: Final[dict[SortBy, str]] = {
    "startedAt": "started_us",
    "cost": "cost_nanos",
    "tokens": "tokens",
    "duration": "duration_us",
    "interactions": "interactions",
    "errors": "errors",
}


def list_sessions(db: Db, project: int, where: SessionFilter, page: PageRequest) -> SessionPage:
    """Return one page of the sessions that match and the count of all; read both inside one transaction."""
    condition, values = matching_sessions(project, where)
    counted = count_sessions(db, project, where)
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


def _page_sql(condition: str, page: PageRequest) -> tuple[str, list[int]]:
    column = f"s.{SORT_COLUMNS[page.sort_by]}"
    direction, beyond = ("ASC", ">") if page.order == "asc" else ("DESC", "<")
    bound: list[int] = []
    if page.after is not None:
        condition += f" AND ({column}, s.no) {beyond} (%s, %s)"
        bound += [comparable(page.after.value), comparable(page.after.tie)]
    skipped = 0 if page.after is not None else min((page.page - 1) * page.limit, MAX_INT)
    sql = (
        f"SELECT {column}, {SESSION_COLUMNS} FROM sessions s WHERE {condition}"
        f" ORDER BY {column} {direction}, s.no {direction} LIMIT %s OFFSET %s"
    )
    return sql, [*bound, page.limit + 1, skipped]
