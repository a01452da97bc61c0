"""Lists of sessions: one page in any order, and the count of all.

A page comes from a few sessions that an index lists, sorted, or from a walk along the index of its order (see
``walking``). What a search leaves is asked of the search index a few sessions at a time (see ``holders``). Reads
session rows and the narrow tables beside them; never ``events``, but for a search that holds phrases.
"""

from __future__ import annotations

import math
from array import array
from typing import Final

import apsw
from msgspec.structs import replace

from playhead.model.filters import PageRequest, Position, SessionFilter
from playhead.model.results import SessionPage
from playhead.model.session import Session
from playhead.store.rows import SESSION_COLUMNS, Row, session_of
from playhead.store.sqlite.counting import Total, known_total
from playhead.store.sqlite.filters_sql import matching_sessions_sql
from playhead.store.sqlite.holders import Holders, holders_of
from playhead.store.sqlite.kept import asked_of, kept
from playhead.store.sqlite.narrowing import Listing, few_sessions, listings_of
from playhead.store.sqlite.walking import (
    FEWEST,
    Place,
    cut,
    index_of,
    met,
    sorted_places,
    walked,
)

FEW: Final = 1_500
FEW_TEXTS: Final = 5 * FEW
MOST_AT_ONCE: Final = 2_000
"""Sessions that are asked for a search at once."""
GROWTH: Final = 4
SURPLUS: Final = 1.3
"""How many more are asked than are likely to be enough."""


def list_sessions(db: apsw.Connection, project: int, where: SessionFilter, page: PageRequest) -> SessionPage:
    """Return one page of the sessions that match and the count of all; read both inside one transaction."""
    if where.search is not None:
        return _searched(db, project, where, page, holders_of(db, project, where.search))
    listings = listings_of(project, where)
    in_order = len(listings) == 1 and index_of(listings, page) == listings[0].index
    few = None if in_order else few_sessions(db, listings, FEW)
    if few is not None:
        return _of_few(db, project, where, page, (listings, few))
    total = known_total(db, project, where, listings)
    found = walked(db, project, where, page, (listings, total))
    return _page(db, found, _total(total, found, page), page)


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
    clause = matching_sessions_sql(db, project, where)
    if len(few) > FEWEST:
        total = known_total(db, project, where, listings)
        found = met(db, (few, clause), page, total, (project, index_of(listings, page)))
        if found is not None:
            return _page(db, found, total, page)
    places = sorted_places(db, few, clause, page)
    return _page(db, cut(places, page), (len(places), False), page)


def _of_found(db: apsw.Connection, project: int, page: PageRequest, found: array[int]) -> SessionPage:
    """Return a page of sessions that are known to be all that match."""
    total = len(found), False
    places = met(db, (found, ("s.project_no = ?", [project])), page, total, (project, index_of([], page)))
    if places is None:
        places = cut(sorted_places(db, found, ("1", []), page), page)
    return _page(db, places, total, page)


# --- of a search -----------------------------------------------------------------------------------------------------


def _searched(
    db: apsw.Connection, project: int, where: SessionFilter, page: PageRequest, holders: Holders
) -> SessionPage:
    """Return a page of the sessions that a search leaves of those that match the other members."""
    others = replace(where, search=None)
    listings = listings_of(project, others)
    is_whole = holders.share(db) == 1.0
    asked = asked_of(project, where)
    if is_whole and (found := kept(db).found(asked)) is not None:
        return _of_found(db, project, page, found)
    few = holders.few(db, FEW_TEXTS) if is_whole else None
    if few is None and is_whole:
        few = few_sessions(db, listings, FEW)
    if few is not None:
        places = sorted_places(db, few, matching_sessions_sql(db, project, others), page)
        held = holders.among(db, [no for _, no in places])
        kept(db).keep(asked, array("q", sorted(held)))
        places = [place for place in places if place[1] in held]
        return _page(db, cut(places, page), (len(places), False), page)
    total = known_total(db, project, where, listings)
    if is_whole and (found := kept(db).found(asked)) is not None:
        return _of_found(db, project, page, found)
    places = _walked_holders(db, project, others, page, holders)
    return _page(db, places, _total(total, places, page) if is_whole else total, page)


def _walked_holders(
    db: apsw.Connection, project: int, others: SessionFilter, page: PageRequest, holders: Holders
) -> list[Place]:
    """Return the places of a page, and one more if there is, of those that a search leaves on a walk in order: some are
    asked for it at a time, as many as are likely to be enough by what those before them were."""
    listings = listings_of(project, others)
    total = known_total(db, project, others, listings)
    skipped = 0 if page.after is not None else (page.page - 1) * page.limit
    wanted = skipped + page.limit + 1
    found: list[Place] = []
    asked, most = 0, wanted
    after = page.after
    while len(found) < wanted:
        most = min(most, MOST_AT_ONCE)
        places = walked(db, project, others, replace(page, limit=most - 1, page=1, after=after), (listings, total))
        held = holders.among(db, [no for _, no in places])
        found += [place for place in places if place[1] in held]
        if len(places) < most:
            break
        asked, after = asked + most, Position(*places[-1])
        likely = SURPLUS * (wanted - len(found)) * asked / max(1, len(found))
        most = min(GROWTH * asked, math.ceil(likely))
    return found[skipped:wanted]
