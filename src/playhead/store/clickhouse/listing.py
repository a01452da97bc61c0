"""Lists of sessions: one page in any order, how many carry each value of a member, and all that match.

Reads the rows of ``sessions`` alone. What decides the order is read first, whole sessions only of those shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from playhead.errors import Invalid
from playhead.model.filters import PageRequest, Position, SessionFilter
from playhead.model.results import Facet, SessionPage
from playhead.model.session import Session
from playhead.store.clickhouse.breadth import Breadth
from playhead.store.clickhouse.connection import Connection
from playhead.store.clickhouse.filters_sql import Clause, matching_sessions_sql
from playhead.store.clickhouse.lookups import parts
from playhead.store.clickhouse.state import decode_state, session_of
from playhead.store.copies import SessionCopy
from playhead.store.rows import MAX_INT, SORT_COLUMNS, Row, comparable

FACETS: Final = {
    "feature": "s.feature",
    "source": "s.source",
    "status": "s.status",
    "user": "s.user_id",
    "model": "arrayJoin(arrayDistinct(s.sums.model))",
    "tag": "arrayJoin(s.tags)",
}
STEP: Final = 200


def list_sessions(
    connection: Connection, breadth: Breadth, project: int, where: SessionFilter, page: PageRequest
) -> SessionPage:
    """Return one page of the sessions that match and the count of all."""
    clause = matching_sessions_sql(project, where, text_index=connection.layout.text_index)
    skipped = 0 if page.after is not None else min((page.page - 1) * page.limit, MAX_INT)
    if breadth.are_few():
        rows, total = _counted_places(connection, clause, page, skipped)
    else:
        total = _count(connection, clause)
        rows = _places(connection, clause, page, skipped) if skipped < total else []
    shown = rows[: page.limit]
    more = Position(*shown[-1][:2]) if shown and len(rows) > page.limit else None
    return SessionPage(_sessions(connection, project, [row[2] for row in shown]), total, more)


def facets(connection: Connection, project: int, where: SessionFilter, member: str, limit: int = 20) -> list[Facet]:
    """Count matching sessions by the values of a member, most first, then by value.

    Raises Invalid for a member that is not counted.
    """
    if member not in FACETS:
        raise Invalid.field("member", f"expected one of {', '.join(FACETS)}")
    condition, values = matching_sessions_sql(project, where, text_index=connection.layout.text_index)
    rows = connection.query(
        f"SELECT value, count() AS times FROM (SELECT {FACETS[member]} AS value FROM sessions AS s FINAL"
        f" WHERE {condition}) WHERE value IS NOT NULL GROUP BY value ORDER BY times DESC, value LIMIT {int(limit)}",
        values,
    )
    return [Facet(*row) for row in rows]


def export_sessions(connection: Connection, project: int, where: SessionFilter) -> Iterator[Session]:
    """Yield every session that matches, newest first, a few at a time.

    Each step is a read of its own: a session that starts meanwhile is left out, one that is erased meanwhile too.
    """
    clause = matching_sessions_sql(project, where, text_index=connection.layout.text_index)
    page = PageRequest(limit=STEP, after=Position(MAX_INT, MAX_INT))
    while rows := _places(connection, clause, page, 0)[:STEP]:
        yield from _sessions(connection, project, [id_ for _, _, id_ in rows])
        page = PageRequest(limit=STEP, after=Position(*rows[-1][:2]))


def copy_sessions(connection: Connection, project: int, after: int, limit: int) -> list[SessionCopy]:
    """Return sessions in order of creation, from behind a number."""
    rows = connection.query(
        "SELECT no, id, state FROM sessions FINAL WHERE project_no = {project:UInt32} AND no > {after:Int64}"
        f" ORDER BY no LIMIT {int(limit)}",
        {"project": project, "after": comparable(after)},
        raw=["state"],
    )
    decoded = ((no, id_, decode_state(state)) for no, id_, state in rows)
    return [SessionCopy(no, session_of(id_, state), state.last_arrival_us) for no, id_, state in decoded]


def _count(connection: Connection, clause: Clause) -> int:
    condition, values = clause
    return int(connection.query(f"SELECT count() FROM sessions AS s FINAL WHERE {condition}", values)[0][0])


def _counted_places(
    connection: Connection, clause: Clause, page: PageRequest, skipped: int
) -> tuple[Sequence[Row], int]:
    """Return what ``_places`` does and the count of all, from one pass, which keeps the places of all in memory."""
    condition, values = clause
    (beyond, bound), order = _order("value", "no", page)
    counted = (
        f"SELECT s.{SORT_COLUMNS[page.sort_by]} AS value, s.no AS no, s.id AS id, count() OVER () AS total"
        f" FROM sessions AS s FINAL WHERE {condition}"
    )
    rows = connection.query(
        f"SELECT value, no, id, total FROM ({counted}) WHERE {beyond}"
        f" ORDER BY {order} LIMIT {page.limit + 1} OFFSET {skipped}",
        values | bound,
    )
    if rows:
        return rows, int(rows[0][3])
    return rows, _count(connection, clause) if skipped or page.after is not None else 0


def _places(connection: Connection, clause: Clause, page: PageRequest, skipped: int) -> Sequence[Row]:
    """Return sort value, number and id of one session more than a page shows."""
    condition, values = clause
    column = f"s.{SORT_COLUMNS[page.sort_by]}"
    (beyond, bound), order = _order(column, "s.no", page)
    return connection.query(
        f"SELECT {column}, s.no, s.id FROM sessions AS s FINAL WHERE {condition} AND {beyond}"
        f" ORDER BY {order} LIMIT {page.limit + 1} OFFSET {skipped}",
        values | bound,
    )


def _order(value: str, number: str, page: PageRequest) -> tuple[Clause, str]:
    """Return the condition on what comes behind the cursor of a page, and the order, of a sort value and a number."""
    direction, beyond = ("ASC", ">") if page.order == "asc" else ("DESC", "<")
    order = f"{value} {direction}, {number} {direction}"
    if page.after is None:
        return ("1", {}), order
    bound = {"value": comparable(page.after.value), "tie": comparable(page.after.tie)}
    return (f"({value}, toInt64({number})) {beyond} ({{value:Int64}}, {{tie:Int64}})", bound), order


def _sessions(connection: Connection, project: int, ids: Sequence[str]) -> list[Session]:
    """Return sessions in the order asked for; those that have gone meanwhile are left out."""
    found: dict[str, Session] = {}
    for part in parts(ids, len):
        rows = connection.query(
            "SELECT id, state FROM sessions FINAL WHERE project_no = {project:UInt32} AND id IN {ids:Array(String)}",
            {"project": project, "ids": part},
            raw=["state"],
        )
        found |= {id_: session_of(id_, decode_state(state)) for id_, state in rows}
    return [found[id_] for id_ in ids if id_ in found]
