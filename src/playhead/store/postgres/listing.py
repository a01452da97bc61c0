"""Lists of sessions: one page in any order, and the count of all.

Reads session rows, the narrow tables beside them and the search index; never ``events``.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from playhead.model.filters import PageRequest, Position, SessionFilter
from playhead.model.results import SessionPage
from playhead.model.session import Session
from playhead.store.postgres.connection import Db
from playhead.store.postgres.counting import Count, count_many, count_sessions, few_held
from playhead.store.postgres.filters_sql import matching_sessions
from playhead.store.postgres.holders import Holders
from playhead.store.postgres.walking import Place, page_sql, places_of_few, walked
from playhead.store.rows import SESSION_COLUMNS, SORT_COLUMNS, session_of
from playhead.store.spans import EVERY


def list_sessions(db: Db, project: int, where: SessionFilter, page: PageRequest) -> SessionPage:
    """Return one page of the sessions that match and the count of all; read both inside one transaction."""
    if where.search is not None:
        return _searched(db, project, replace(where, search=None), page, Holders(db, project, where.search))
    counted = count_sessions(db, project, where)
    columns = f"s.{SORT_COLUMNS[page.sort_by]}, s.no"
    shown, values = page_sql(columns, "sessions s", matching_sessions(project, where), page)
    rows = db.execute(
        f"SELECT page.value, {SESSION_COLUMNS} FROM ({shown}) AS page (value, no) JOIN sessions s ON s.no = page.no",
        values,
    ).fetchall()
    rows.sort(key=lambda row: (row[0], row[1]), reverse=page.order == "desc")
    return _page([row[:2] for row in rows], [session_of(row[1:]) for row in rows[: page.limit]], counted, page)


def _page(places: Sequence[Place], sessions: list[Session], counted: Count, page: PageRequest) -> SessionPage:
    """Return a page from its places, and one more if there is."""
    total = _seen(counted, page, len(places))
    more = Position(*places[page.limit - 1]) if len(places) > page.limit > 0 else None
    return SessionPage(sessions, total.number, more, total.is_estimate)


def _seen(counted: Count, page: PageRequest, found: int) -> Count:
    """Return a count with what a numbered page shows of it: how many there are at least, or on the last page at all."""
    if not counted.is_estimate or page.after is not None or not found:
        return counted
    seen = (page.page - 1) * page.limit + found
    return Count(max(seen, counted.number), is_estimate=True) if found > page.limit else Count(seen, is_estimate=False)


def _searched(db: Db, project: int, others: SessionFilter, page: PageRequest, holders: Holders) -> SessionPage:
    """Return a page of the sessions that a search leaves of those that match the other members."""
    clause = matching_sessions(project, others)
    few = few_held(db, project, others, holders)
    if few is not None and others == EVERY:
        counted = Count(len(few), is_estimate=False)
        places = walked(db, clause, page, holders)
    elif few is not None:
        places, number = places_of_few(db, few, clause, page)
        counted = Count(number, is_estimate=False)
    else:
        counted = count_many(db, project, others, holders)
        places = walked(db, clause, page, holders)
    return _page(places, _sessions(db, [no for _, no in places[: page.limit]]), counted, page)


def _sessions(db: Db, numbers: list[int]) -> list[Session]:
    """Return sessions in the order of their numbers as given."""
    rows = db.execute(f"SELECT {SESSION_COLUMNS} FROM sessions s WHERE s.no = ANY(%s)", (numbers,)).fetchall()
    by_number = {row[0]: row for row in rows}
    return [session_of(by_number[no]) for no in numbers]
