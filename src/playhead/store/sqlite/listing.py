"""Lists of sessions: one page in any order, and the count of all.

A page comes from a few sessions that an index lists, sorted, or from a walk along the index of its order that tests
each session and stops when the page is full. Reads session rows and the narrow tables beside them; never ``events``.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeAlias

import apsw

from playhead.model.filters import PageRequest, Position, SessionFilter, SortBy
from playhead.model.results import SessionPage
from playhead.model.session import Session
from playhead.store.payload import from_json
from playhead.store.rows import SESSION_COLUMNS, Row, session_of
from playhead.store.sqlite.counting import Total, known_total, project_total
from playhead.store.sqlite.filters_sql import BIGGEST, Clause, clamped, matching_sessions_sql
from playhead.store.sqlite.narrowing import BY_START, ORDERS, Listing, few_sessions, listings_of, share_of, shortest_of

SORT_COLUMNS: Final[dict[SortBy, str]] = {
    "startedAt": "started_us",
    "cost": "cost_nanos",
    "tokens": "tokens",
    "duration": "duration_us",
    "interactions": "interactions",
    "errors": "errors",
}
FEW: Final = 1_500
FEWEST: Final = 300
"""Up to so many are sorted in no time."""
WALK_STEPS: Final = 60_000
"""Steps of SQLite's machine that a walk may take before all that match are sorted: a few milliseconds."""
STEPS_OF_LISTED: Final = 20
"""Steps that cost about as much as to look one listed session up."""
STEPS_OF_PASSED: Final = 8
"""Steps of a walk past a session that does not match."""
MOST_LISTED: Final = 5_000

Place: TypeAlias = tuple[int, int]
"""A session's sort value and number."""


def list_sessions(db: apsw.Connection, project: int, where: SessionFilter, page: PageRequest) -> SessionPage:
    """Return one page of the sessions that match and the count of all; read both inside one transaction."""
    listings = listings_of(db, project, where)
    in_order = len(listings) == 1 and _index(listings, page) == listings[0].index
    few = None if in_order else few_sessions(db, listings, FEW)
    if few is not None:
        return _of_few(db, project, where, page, (listings, few))
    total = known_total(db, project, where, listings)
    found = _walked(db, project, where, page, (listings, total))
    return _page(db, found, _total(total, found, page) if share_of(listings) == 1.0 else total, page)


def _page(db: apsw.Connection, found: list[Place], total: Total, page: PageRequest) -> SessionPage:
    shown = found[: page.limit]
    more = Position(*shown[-1]) if shown and len(found) > page.limit else None
    sessions = _sessions(db, [no for _, no in shown])
    number, is_estimate = total
    return SessionPage(sessions, number, more, total_is_estimate=is_estimate)


def _sessions(db: apsw.Connection, numbers: list[int]) -> list[Session]:
    if not numbers:
        return []
    rows: list[Row] = db.execute(
        f"SELECT {SESSION_COLUMNS} FROM carray(?) AS asked CROSS JOIN sessions s ON s.no = asked.value",
        (apsw.carray(array("q", numbers)),),
    ).fetchall()
    return [session_of(row) for row in rows]


def _total(total: Total, found: list[Place], page: PageRequest) -> Total:
    """Return the total, exact where the last page tells it."""
    skipped = (page.page - 1) * page.limit
    if page.after is None and total[1] and 0 < len(found) <= page.limit:
        return skipped + len(found), False
    return total


# --- few, sorted or met on a walk ------------------------------------------------------------------------------------


def _of_few(
    db: apsw.Connection,
    project: int,
    where: SessionFilter,
    page: PageRequest,
    known: tuple[list[Listing], array[int]],
) -> SessionPage:
    """Return a page of those among a few sessions that match: on a walk that reads the rows of these alone, where that
    is short, or else sorted."""
    listings, few = known
    condition, values = matching_sessions_sql(db, project, where)
    if len(few) > FEWEST and where.search is None:
        total = known_total(db, project, where, listings)
        if _is_short(db, project, total, page, len(few)):
            one_of = "+s.no IN (SELECT asked.value FROM carray(?) AS asked)"
            sessions = f"sessions s INDEXED BY {_index(listings, page)}"
            with suppress(apsw.InterruptError), _at_most(db, STEPS_OF_LISTED * len(few)):
                found = _walk(db, (sessions, []), (f"{one_of} AND {condition}", [apsw.carray(few), *values]), page)
                return _page(db, found, total, page)
    places = _sorted(db, few, (condition, values), page)
    return _page(db, _cut(places, page), (len(places), False), page)


def _is_short(db: apsw.Connection, project: int, total: Total, page: PageRequest, length: int) -> bool:
    """Say whether a walk likely costs less than to look so many sessions up, as far as the total is known."""
    matching, is_estimate = total
    passed = page.limit * project_total(db, project)
    return is_estimate or STEPS_OF_LISTED * length * matching >= STEPS_OF_PASSED * passed


def _sorted(db: apsw.Connection, few: array[int], clause: Clause, page: PageRequest) -> list[Place]:
    """Return the places of those sessions among a few that match, in order."""
    condition, values = clause
    column = SORT_COLUMNS[page.sort_by]
    found: list[tuple[int, int]] = (
        from_json(
            db.execute(
                f"SELECT json_group_array(json_array(s.{column}, s.no)) FROM carray(?) AS few"
                f" CROSS JOIN sessions s ON s.no = few.value WHERE {condition}",
                [apsw.carray(few), *values],
            ).get
        )
        if few
        else []
    )
    return sorted(((value, no) for value, no in found), reverse=page.order == "desc")


def _cut(places: list[Place], page: PageRequest) -> list[Place]:
    """Return the places of a page, and one more if there is."""
    if page.after is None:
        first = (page.page - 1) * page.limit
        return places[first : first + page.limit + 1]
    after = (page.after.value, page.after.tie)
    beyond = [place for place in places if (place > after if page.order == "asc" else place < after)]
    return beyond[: page.limit + 1]


# --- many, walked through --------------------------------------------------------------------------------------------


def _walked(
    db: apsw.Connection, project: int, where: SessionFilter, page: PageRequest, known: tuple[list[Listing], Total]
) -> list[Place]:
    """Return the places of a page, and one more if there is, from a walk in the list's order.

    Where that takes longer than to sort what the shortest listing has, because what matches is rare or lies elsewhere,
    that is done.
    """
    listings, total = known
    shortest, length = shortest_of(db, listings, MOST_LISTED)
    sessions = ("sessions s", []) if shortest is None else shortest.sessions()
    if shortest is not None and not _is_short(db, project, total, page, length):
        return _walk(db, sessions, matching_sessions_sql(db, project, where), page)
    can_be_long = page.page > 1 and page.after is None
    try:
        with _at_most(db, None if can_be_long else min(WALK_STEPS, STEPS_OF_LISTED * length)):
            clause = matching_sessions_sql(db, project, where, one_by_one=True)
            return _walk(db, (f"sessions s INDEXED BY {_index(listings, page)}", []), clause, page)
    except apsw.InterruptError:
        return _walk(db, sessions, matching_sessions_sql(db, project, where), page)


def _walk(db: apsw.Connection, sessions: tuple[str, list[str | int]], clause: Clause, page: PageRequest) -> list[Place]:
    tables, listed = sessions
    condition, matched = clause
    values = [*listed, *matched]
    column = SORT_COLUMNS[page.sort_by]
    direction, beyond = ("ASC", ">") if page.order == "asc" else ("DESC", "<")
    select = f"SELECT s.{column}, s.no FROM {tables} WHERE {condition}"
    order = f"ORDER BY s.{column} {direction}, s.no {direction} LIMIT ?"
    if page.after is None:
        skipped = min((page.page - 1) * page.limit, BIGGEST)
        return _places(db, f"{select} {order} OFFSET ?", [*values, page.limit + 1, skipped])
    # In two halves, because SQLite does not look up a row value that holds the rowid.
    value, tie = clamped(page.after.value), clamped(page.after.tie)
    equal = f"{select} AND s.{column} = ? AND s.no {beyond} ? {order}"
    ties = _places(db, equal, [*values, value, tie, page.limit + 1])
    rest = f"{select} AND s.{column} {beyond} ? {order}"
    return ties + _places(db, rest, [*values, value, page.limit + 1 - len(ties)])


def _places(db: apsw.Connection, sql: str, values: list[Any]) -> list[Place]:
    rows: list[Row] = db.execute(sql, values).fetchall()
    return [(value, no) for value, no in rows]


def _index(listings: list[Listing], page: PageRequest) -> str:
    column = SORT_COLUMNS[page.sort_by]
    by_start = (one.index for one in listings if one.index in BY_START) if column == "started_us" else iter(())
    return next(by_start, ORDERS[column])


@contextmanager
def _at_most(db: apsw.Connection, steps: int | None) -> Iterator[None]:
    """Interrupt what takes more steps."""
    if steps is None:
        yield
        return
    db.set_progress_handler(lambda: True, max(1, steps))
    try:
        yield
    finally:
        db.set_progress_handler(None)
