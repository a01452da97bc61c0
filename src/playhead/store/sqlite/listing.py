"""Lists of sessions: one page in any order, and how many sessions carry each value of a member.

Reads session rows and the narrow tables beside them; never ``events``.
"""

from __future__ import annotations

from typing import Final

import apsw

from playhead.errors import Invalid
from playhead.model.filters import PageRequest, Position, SessionFilter, SortBy
from playhead.model.results import Facet, SessionPage
from playhead.store.rows import SESSION_COLUMNS, Row, session_of
from playhead.store.sqlite.filters_sql import BIGGEST, clamped, matching_sessions_sql

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


def list_sessions(db: apsw.Connection, project: int, where: SessionFilter, page: PageRequest) -> SessionPage:
    """Return one page of the sessions that match and the count of all; read both inside one transaction."""
    condition, values = matching_sessions_sql(db, project, where)
    total = int(db.execute(f"SELECT count(*) FROM sessions s WHERE {condition}", values).get)
    sql, bound = _page_sql(condition, page)
    rows: list[Row] = db.execute(sql, [*values, *bound]).fetchall()
    shown = rows[: page.limit]
    more = Position(*shown[-1][:2]) if shown and len(rows) > page.limit else None
    return SessionPage([session_of(row[1:]) for row in shown], total, more)


def _page_sql(condition: str, page: PageRequest) -> tuple[str, list[int]]:
    column = f"s.{SORT_COLUMNS[page.sort_by]}"
    direction, beyond = ("ASC", ">") if page.order == "asc" else ("DESC", "<")
    bound: list[int] = []
    if page.after is not None:
        condition += f" AND ({column}, s.no) {beyond} (?, ?)"
        bound += [clamped(page.after.value), clamped(page.after.tie)]
    skipped = 0 if page.after is not None else min((page.page - 1) * page.limit, BIGGEST)
    sql = (
        f"SELECT {column}, {SESSION_COLUMNS} FROM sessions s WHERE {condition}"
        f" ORDER BY {column} {direction}, s.no {direction} LIMIT ? OFFSET ?"
    )
    return sql, [*bound, page.limit + 1, skipped]


def facets(db: apsw.Connection, project: int, where: SessionFilter, member: str, limit: int = 20) -> list[Facet]:
    """Count matching sessions by the values of a member, most first, then by value.

    Raises Invalid for a member that is not counted.
    """
    if member not in FACETS:
        raise Invalid.field("member", f"expected one of {', '.join(FACETS)}")
    column, tables = FACETS[member]
    condition, values = matching_sessions_sql(db, project, where)
    rows = db.execute(
        f"SELECT {column} AS value, count(DISTINCT s.no) AS count FROM {tables}"
        f" WHERE {condition} AND value IS NOT NULL GROUP BY value ORDER BY count DESC, value LIMIT ?",
        [*values, limit],
    )
    return [Facet(*row) for row in rows]
