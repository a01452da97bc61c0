"""Counting: how many sessions match a filter, exact up to ``EXACT_UP_TO`` and wherever rollups know it.

More are estimated, from a sample of all the project's sessions: to count them would cost as much as there are.
"""

from __future__ import annotations

import math
from array import array
from typing import Final, TypeAlias

import apsw
from msgspec.structs import replace

from playhead.model.filters import SessionFilter
from playhead.model.results import EXACT_UP_TO
from playhead.store.payload import from_json
from playhead.store.sqlite.filters_sql import Clause, matching_sessions_sql
from playhead.store.sqlite.narrowing import Listing
from playhead.store.sqlite.rollup_schema import DAY_US
from playhead.store.sqlite.rollups import EVERY, Rolled, parts_of

Total: TypeAlias = tuple[int, bool]
"""A number, and whether it is an estimate."""

MOST_LISTED: Final = 40_000
"""Listings up to this length are compared with each other; a number in one costs a fifth of a microsecond."""
SAMPLED: Final = 1_000
SAMPLED_SEARCHES: Final = 300
SCATTER: Final = 2_654_435_761
KNOWN: Final = ("feature", "source", "status", "has_errors")


def total_of(db: apsw.Connection, project: int, where: SessionFilter, listings: list[Listing]) -> Total:
    """Return how many sessions match, whatever members are asked for; ``listings`` are those of the filter."""
    if (rolled := _from_rollups(db, project, where)) is not None:
        return rolled, False
    if (listed := _from_listings(db, project, where, listings)) is not None:
        return listed
    if where.search is not None and (estimate := _of_searched(db, project, where)) is not None:
        return estimate, True
    clause = matching_sessions_sql(db, project, where)
    return _settled(db, project, clause, _bounded(db, clause))


def project_total(db: apsw.Connection, project: int) -> int:
    """Return how many sessions a project has."""
    return _rolled(db, project, EVERY, Rolled(DAY_US), "sessions")


# --- exact -----------------------------------------------------------------------------------------------------------


def _from_rollups(db: apsw.Connection, project: int, where: SessionFilter) -> int | None:
    if len(where.tags) == 1 and where == replace(EVERY, tags=where.tags):
        sql = "SELECT sessions FROM tag_rollups WHERE project_no = ? AND tag = ?"
        return db.execute(sql, (project, where.tags[0])).get or 0
    if where.user_id and where == replace(EVERY, user_id=where.user_id):
        sql = "SELECT sessions FROM user_rollups WHERE project_no = ? AND user_id = ?"
        return db.execute(sql, (project, where.user_id)).get or 0
    parts, rest = parts_of(where, KNOWN)
    if not parts:
        return None
    measure = {None: "sessions", True: "with_errors", False: "sessions - with_errors"}[where.has_errors]
    asked = replace(where, has_errors=None)
    edges = (_count(db, matching_sessions_sql(db, project, one)) for one in rest)
    return sum(_rolled(db, project, asked, part, measure) for part in parts) + sum(edges)


def _rolled(db: apsw.Connection, project: int, where: SessionFilter, part: Rolled, measure: str) -> int:
    condition, values = part.where(project, where, KNOWN[:-1])
    return int(db.execute(f"SELECT ifnull(sum({measure}), 0) FROM rollups WHERE {condition}", values).get)


def _count(db: apsw.Connection, clause: Clause) -> int:
    condition, values = clause
    return int(db.execute(f"SELECT count(*) FROM sessions s WHERE {condition}", values).get)


def _from_listings(db: apsw.Connection, project: int, where: SessionFilter, listings: list[Listing]) -> Total | None:
    """Return the total that listings alone tell, which are complete but for ``bookmarked=False``."""
    if where.bookmarked is False or where.search is not None or not (_is_alone(db) or any(one.own for one in listings)):
        return None
    if len(listings) == 1:
        found = listings[0].count(db, EXACT_UP_TO + 1)
        return _settled(db, project, matching_sessions_sql(db, project, where), found)
    found_by_all: set[int] | None = None
    for listing in listings:
        numbers = listing.numbers(db, MOST_LISTED + 1)
        if len(numbers) > MOST_LISTED:
            return None
        found_by_all = set(numbers) if found_by_all is None else found_by_all.intersection(numbers)
    return (len(found_by_all), False) if found_by_all is not None else None


def _is_alone(db: apsw.Connection) -> bool:
    """Say whether there is one project only, so that listings cannot hold another's sessions."""
    return int(db.execute("SELECT count(*) FROM (SELECT 1 FROM projects LIMIT 2)").get) < 2


# --- bounded, and estimated ------------------------------------------------------------------------------------------


def _of_searched(db: apsw.Connection, project: int, where: SessionFilter) -> int | None:
    """Return an estimate where it is as good as certain that more than ``EXACT_UP_TO`` match, by five deviations."""
    clause = matching_sessions_sql(db, project, where, one_by_one=True)
    share, sessions = sampled_share(db, project, clause, SAMPLED_SEARCHES), project_total(db, project)
    deviation = math.sqrt(share * (1 - share) / SAMPLED_SEARCHES)
    return round(share * sessions) if (share - 5 * deviation) * sessions > EXACT_UP_TO else None


def _bounded(db: apsw.Connection, clause: Clause) -> int:
    condition, values = clause
    found = f"SELECT 1 FROM sessions s WHERE {condition} LIMIT ?"
    return int(db.execute(f"SELECT count(*) FROM ({found})", [*values, EXACT_UP_TO + 1]).get)


def _settled(db: apsw.Connection, project: int, clause: Clause, found: int) -> Total:
    """Return a count that stopped behind ``EXACT_UP_TO``, or an estimate where it did."""
    if found <= EXACT_UP_TO:
        return found, False
    return max(found, round(sampled_share(db, project, clause) * project_total(db, project))), True


def sampled_share(db: apsw.Connection, project: int, clause: Clause, size: int = SAMPLED) -> float:
    """Return which share of a sample of a project's sessions matches, spread evenly over all there are."""
    condition, values = clause
    last: int = db.execute("SELECT max(no) FROM sessions").get or 0
    if not last:
        return 1.0
    numbers = array("q", {1 + n * SCATTER % last for n in range(size)})
    sessions, matching = db.execute(
        f"SELECT count(*), ifnull(sum({condition}), 0) FROM carray(?) AS asked"
        " CROSS JOIN sessions s ON s.no = asked.value WHERE s.project_no = ?",
        [*values, apsw.carray(numbers), project],
    ).get
    return matching / sessions if sessions else 1.0


def sampled_sessions(db: apsw.Connection, project: int, clause: Clause, size: int = SAMPLED) -> list[int]:
    """Return those that match of a sample of a project's sessions."""
    condition, values = clause
    last: int = db.execute("SELECT max(no) FROM sessions").get or 0
    if not last:
        return []
    asked = array("q", {1 + n * SCATTER % last for n in range(size)})
    sql = (
        "SELECT json_group_array(s.no) FROM carray(?) AS asked CROSS JOIN sessions s ON s.no = asked.value"
        f" WHERE s.project_no = ? AND {condition}"
    )
    found: list[int] = from_json(db.execute(sql, [apsw.carray(asked), project, *values]).get)
    return found
