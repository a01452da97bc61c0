"""Walking: the places of sessions in a list's order: of a few, sorted, or met on a walk along the index of the order.

A walk tests each session and stops when the page is full. Knows no search: ``listing`` asks what a search leaves of
what is found here. Reads session rows and the narrow tables beside them; never ``events``.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import apsw

from playhead.model.filters import PageRequest, SessionFilter
from playhead.store.payload import from_json
from playhead.store.rows import MAX_INT, SORT_COLUMNS, Row, comparable
from playhead.store.sqlite.counting import Total, project_total
from playhead.store.sqlite.filters_sql import Clause, matching_sessions_sql
from playhead.store.sqlite.narrowing import BY_START, ORDERS, Listing, is_covered, shortest_of

WALK_STEPS: Final = 60_000
"""Steps of SQLite's machine that a walk may take before all that match are sorted: a few milliseconds."""
WALK_STEPS_OF_INDEX: Final = 400_000
"""The same for a walk that reads the index alone."""
STEPS_OF_LISTED: Final = 20
"""Steps that cost about as much as to look one listed session up."""
STEPS_OF_SORTED: Final = 100
"""The same of a walk that reads the rows of some sessions alone."""
STEPS_OF_PASSED: Final = 8
"""Steps of a walk past a session that does not match."""
MOST_LISTED: Final = 5_000

FEWEST: Final = 300
"""Up to so many are sorted in no time."""

Place: TypeAlias = tuple[int, int]
"""A session's sort value and number."""


def sorted_places(db: apsw.Connection, few: array[int], clause: Clause, page: PageRequest) -> list[Place]:
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


def cut(places: list[Place], page: PageRequest) -> list[Place]:
    """Return the places of a page, and one more if there is."""
    if page.after is None:
        first = (page.page - 1) * page.limit
        return places[first : first + page.limit + 1]
    after = (page.after.value, page.after.tie)
    beyond = [place for place in places if (place > after if page.order == "asc" else place < after)]
    return beyond[: page.limit + 1]


def is_short(db: apsw.Connection, project: int, total: Total, page: PageRequest, steps: int) -> bool:
    """Say whether a walk likely takes no more than so many steps, as far as the total is known."""
    matching, is_estimate = total
    passed = page.limit * project_total(db, project)
    return is_estimate or steps * matching >= STEPS_OF_PASSED * passed


def met(
    db: apsw.Connection, among: tuple[array[int], Clause], page: PageRequest, total: Total, along: tuple[int, str]
) -> list[Place] | None:
    """Return the places of a page, and one more if there is, from a walk along a project's index that reads no rows but
    those of some sessions, among which those that match are; None where to sort these costs less."""
    (some, clause), (project, index) = among, along
    steps = STEPS_OF_SORTED * len(some)
    if len(some) <= FEWEST or not is_short(db, project, total, page, steps):
        return None
    condition, values = clause
    one_of = "+s.no IN (SELECT asked.value FROM carray(?) AS asked)"
    try:
        with at_most(db, steps):
            return walk(
                db,
                (f"sessions s INDEXED BY {index}", []),
                (f"{one_of} AND {condition}", [apsw.carray(some), *values]),
                page,
            )
    except apsw.InterruptError:
        return None


def walked(
    db: apsw.Connection, project: int, where: SessionFilter, page: PageRequest, known: tuple[list[Listing], Total]
) -> list[Place]:
    """Return the places of a page, and one more if there is, from a walk in the list's order.

    Where that takes longer than to sort what the shortest listing has, because what matches is rare or lies elsewhere,
    that is done.
    """
    listings, total = known
    clause = matching_sessions_sql(db, project, where)
    shortest, length = shortest_of(db, listings, MOST_LISTED)
    sessions = ("sessions s", []) if shortest is None else shortest.sessions()
    if shortest is not None and not is_short(db, project, total, page, STEPS_OF_LISTED * length):
        return walk(db, sessions, clause, page)
    can_be_long = page.page > 1 and page.after is None
    most = WALK_STEPS_OF_INDEX if is_covered(where, SORT_COLUMNS[page.sort_by]) else WALK_STEPS
    try:
        with at_most(db, None if can_be_long else min(most, STEPS_OF_LISTED * length)):
            return walk(db, (f"sessions s INDEXED BY {index_of(listings, page)}", []), clause, page)
    except apsw.InterruptError:
        return walk(db, sessions, clause, page)


def walk(db: apsw.Connection, sessions: tuple[str, list[str | int]], clause: Clause, page: PageRequest) -> list[Place]:
    """Return the places of a page, and one more if there is, of sessions that SQL gives and that match a condition."""
    tables, listed = sessions
    condition, matched = clause
    values = [*listed, *matched]
    column = SORT_COLUMNS[page.sort_by]
    direction, beyond = ("ASC", ">") if page.order == "asc" else ("DESC", "<")
    select = f"SELECT s.{column}, s.no FROM {tables} WHERE {condition}"
    order = f"ORDER BY s.{column} {direction}, s.no {direction} LIMIT ?"
    if page.after is None:
        skipped = min((page.page - 1) * page.limit, MAX_INT)
        return _places(db, f"{select} {order} OFFSET ?", [*values, page.limit + 1, skipped])
    # In two halves, because SQLite does not look up a row value that holds the rowid.
    value, tie = comparable(page.after.value), comparable(page.after.tie)
    equal = f"{select} AND s.{column} = ? AND s.no {beyond} ? {order}"
    ties = _places(db, equal, [*values, value, tie, page.limit + 1])
    rest = f"{select} AND s.{column} {beyond} ? {order}"
    return ties + _places(db, rest, [*values, value, page.limit + 1 - len(ties)])


def _places(db: apsw.Connection, sql: str, values: list[Any]) -> list[Place]:
    rows: list[Row] = db.execute(sql, values).fetchall()
    return [(value, no) for value, no in rows]


def index_of(listings: list[Listing], page: PageRequest) -> str:
    """Return the index that lists the sessions of a page in order: that of a member which does, where there is one."""
    column = SORT_COLUMNS[page.sort_by]
    by_start = (one.index for one in listings if one.index in BY_START) if column == "started_us" else iter(())
    return next(by_start, ORDERS[column])


@contextmanager
def at_most(db: apsw.Connection, steps: int | None) -> Iterator[None]:
    """Interrupt what takes more steps."""
    if steps is None:
        yield
        return
    db.set_progress_handler(lambda: True, max(1, steps))
    try:
        yield
    finally:
        db.set_progress_handler(None)
