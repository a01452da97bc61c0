"""Counting: how many sessions match a filter, exact up to ``EXACT_UP_TO`` and wherever rollups know it.

More are estimated, from a sample of all the project's sessions: to count them would cost as much as there are. Where a
search is among the members, the sample is of stretches of sessions, whose texts lie together in the index.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Collection, Sequence
from statistics import pstdev
from typing import Final, TypeAlias

import apsw
from msgspec.structs import replace

from playhead.model.filters import SessionFilter
from playhead.model.moment import DAY_US
from playhead.model.results import EXACT_UP_TO
from playhead.store.payload import from_json
from playhead.store.spans import EVERY, KNOWN, Rolled, parts_of
from playhead.store.sqlite.filters_sql import Clause, matching_sessions_sql
from playhead.store.sqlite.holders import Holders, holders_of
from playhead.store.sqlite.kept import asked_of, kept
from playhead.store.sqlite.narrowing import Listing, shortest_of

Total: TypeAlias = tuple[int, bool]
"""A number, and whether it is an estimate."""

MOST_LISTED: Final = 20_000
"""Up to so many sessions that one member leaves are looked at one by one."""
LONGER: Final = 4
"""How much longer a listing may be than another and be read instead of as many rows: a row costs as much as four."""
SAMPLED: Final = 1_000
STRETCHES: Final = 20
STRETCH: Final = 25
"""So many sessions behind each other are asked for a search in each of the stretches that are sampled."""
DEVIATIONS: Final = 4
SCATTER: Final = 2_654_435_761


def known_total(db: apsw.Connection, project: int, where: SessionFilter, listings: list[Listing]) -> Total:
    """Return what ``total_of`` does, counted anew only where anything was written since."""
    asked, totals = asked_of(project, where), kept(db).totals
    if asked not in totals:
        totals[asked] = total_of(db, project, where, listings)
    return totals[asked]


def total_of(db: apsw.Connection, project: int, where: SessionFilter, listings: list[Listing]) -> Total:
    """Return how many sessions match, whatever members are asked for; ``listings`` are those of the filter."""
    if (rolled := _from_rollups(db, project, where)) is not None:
        return rolled, False
    if where.search is not None:
        return _of_search(db, project, where, listings, holders_of(db, project, where.search))
    clause = matching_sessions_sql(db, project, where)
    if are_complete(db, where, listings) and len(listings) == 1:
        return _settled(db, project, clause, listings[0].count(db, EXACT_UP_TO + 1))
    shortest, length = shortest_of(db, listings, MOST_LISTED)
    if length > EXACT_UP_TO and (estimate := _surely_many(db, project, where)) is not None:
        return estimate, True
    if shortest is not None and not shortest.index and are_complete(db, where, listings):
        return _of_listings(db, project, where, shortest, listings)
    return _settled(db, project, clause, _bounded(db, clause, shortest))


def project_total(db: apsw.Connection, project: int) -> int:
    """Return how many sessions a project has."""
    return _of_kinds(db, project, EVERY, "sessions")


# --- exact -----------------------------------------------------------------------------------------------------------


def _from_rollups(db: apsw.Connection, project: int, where: SessionFilter) -> int | None:
    if len(where.tags) == 1 and where == replace(EVERY, tags=where.tags):
        sql = "SELECT sessions FROM tag_rollups WHERE project_no = ? AND tag = ?"
        return db.execute(sql, (project, where.tags[0])).get or 0
    if where.user_id and where == replace(EVERY, user_id=where.user_id):
        sql = "SELECT sessions FROM user_rollups WHERE project_no = ? AND user_id = ?"
        return db.execute(sql, (project, where.user_id)).get or 0
    parts, rest = parts_of(where, (*KNOWN["rollups"], "has_errors"))
    if not parts:
        return None
    measure = {None: "sessions", True: "with_errors", False: "sessions - with_errors"}[where.has_errors]
    asked = replace(where, has_errors=None)
    if parts == [Rolled(DAY_US)]:
        return _of_kinds(db, project, asked, measure)
    edges = (_count(db, matching_sessions_sql(db, project, one)) for one in rest)
    return sum(_rolled(db, project, asked, part, measure) for part in parts) + sum(edges)


def _of_kinds(db: apsw.Connection, project: int, where: SessionFilter, measure: str) -> int:
    condition, values = Rolled(DAY_US).spanless_where(project, where, KNOWN["rollups"])
    sql = f"SELECT ifnull(sum({measure}), 0) FROM kind_totals WHERE {condition}"
    return int(db.execute(sql, values).get)


def _rolled(db: apsw.Connection, project: int, where: SessionFilter, part: Rolled, measure: str) -> int:
    condition, values = part.where(project, where, KNOWN["rollups"])
    return int(db.execute(f"SELECT ifnull(sum({measure}), 0) FROM rollups WHERE {condition}", values).get)


def _count(db: apsw.Connection, clause: Clause) -> int:
    condition, values = clause
    return int(db.execute(f"SELECT count(*) FROM sessions s WHERE {condition}", values).get)


def are_complete(db: apsw.Connection, where: SessionFilter, listings: list[Listing]) -> bool:
    """Say whether the sessions that are in every listing are those that match."""
    if where.bookmarked is False or where.search is not None:
        return False
    return any(one.own for one in listings) or (bool(listings) and _is_alone(db))


def _of_listings(
    db: apsw.Connection, project: int, where: SessionFilter, shortest: Listing, listings: list[Listing]
) -> Total:
    """Count what every listing has: those that are not much longer than the shortest are read too, and of what is left
    then the rows are."""
    found = set(shortest.numbers(db, MOST_LISTED))
    unread = 0
    for listing in listings:
        if listing is shortest or not found:
            continue
        most = LONGER * len(found)
        numbers = listing.numbers(db, most + 1)
        if len(numbers) > most:
            unread += 1
        else:
            found.intersection_update(numbers)
    if unread and found:
        return _count_of(db, matching_sessions_sql(db, project, where), array("q", sorted(found))), False
    return len(found), False


def _count_of(db: apsw.Connection, clause: Clause, numbers: array[int]) -> int:
    condition, values = clause
    few = "carray(?) AS few CROSS JOIN sessions s ON s.no = few.value"
    return int(db.execute(f"SELECT count(*) FROM {few} WHERE {condition}", [apsw.carray(numbers), *values]).get)


def _is_alone(db: apsw.Connection) -> bool:
    """Say whether there is one project only, so that listings cannot hold another's sessions."""
    return int(db.execute("SELECT count(*) FROM (SELECT 1 FROM projects LIMIT 2)").get) < 2


def matching_of(db: apsw.Connection, clause: Clause, few: Sequence[int], limit: int = -1) -> list[int]:
    """Return the numbers of those among some sessions that match a condition, up to a limit."""
    condition, values = clause
    if not few:
        return []
    found = f"SELECT s.no FROM carray(?) AS few CROSS JOIN sessions s ON s.no = few.value WHERE {condition} LIMIT ?"
    bound = [apsw.carray(array("q", few)), *values, limit]
    numbers: list[int] = from_json(db.execute(f"SELECT json_group_array(no) FROM ({found})", bound).get)
    return numbers


# --- bounded, and estimated ------------------------------------------------------------------------------------------


def _surely_many(db: apsw.Connection, project: int, where: SessionFilter) -> int | None:
    """Return an estimate where it is as good as certain that more than ``EXACT_UP_TO`` match, by four deviations."""
    sessions = project_total(db, project)
    if sessions <= EXACT_UP_TO:
        return None
    clause = matching_sessions_sql(db, project, where)
    for size in (SAMPLED, 4 * SAMPLED):
        share = sampled_share(db, project, clause, size)
        deviation = math.sqrt(share * (1 - share) / size)
        if (share - DEVIATIONS * deviation) * sessions > EXACT_UP_TO:
            return round(share * sessions)
        if share * sessions < EXACT_UP_TO:
            return None
    return None


def _bounded(db: apsw.Connection, clause: Clause, shortest: Listing | None) -> int:
    condition, values = clause
    sessions, listed = ("sessions s", []) if shortest is None else shortest.sessions()
    found = f"SELECT 1 FROM {sessions} WHERE {condition} LIMIT ?"
    return int(db.execute(f"SELECT count(*) FROM ({found})", [*listed, *values, EXACT_UP_TO + 1]).get)


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


# --- of a search -----------------------------------------------------------------------------------------------------


def _of_search(
    db: apsw.Connection, project: int, where: SessionFilter, listings: list[Listing], holders: Holders
) -> Total:
    """Count the sessions that a search leaves of those that match the other members, of which the listings are; keep
    which they are where all were found."""
    clause = matching_sessions_sql(db, project, replace(where, search=None))
    if (share := holders.share(db)) < 1.0:
        return round(len(matching_of(db, clause, holders.every(db))) / share), True
    shortest, length = shortest_of(db, listings, EXACT_UP_TO + 1)
    if shortest is not None:
        return _kept(db, project, where, holders.among(db, matching_of(db, clause, shortest.numbers(db, length))))
    sessions, estimate = project_total(db, project), 0
    for stretches in (STRETCHES, 4 * STRETCHES):
        share, deviation = _share_of_stretches(db, project, clause, holders, stretches)
        estimate = max(EXACT_UP_TO + 1, round(share * sessions))
        if (share - DEVIATIONS * deviation) * sessions > EXACT_UP_TO:
            return estimate, True
        if share * sessions <= EXACT_UP_TO:
            break
    found = matching_of(db, clause, holders.every(db), EXACT_UP_TO + 1)
    return _kept(db, project, where, found) if len(found) <= EXACT_UP_TO else (estimate, True)


def _kept(db: apsw.Connection, project: int, where: SessionFilter, found: Collection[int]) -> Total:
    """Keep the sessions that match, and return how many they are."""
    kept(db).keep(asked_of(project, where), array("q", sorted(found)))
    return len(found), False


def _share_of_stretches(
    db: apsw.Connection, project: int, clause: Clause, holders: Holders, stretches: int
) -> tuple[float, float]:
    """Return which share of a project's sessions matches a condition and a search, of those in stretches spread over
    all there are, and by how much this may well be wrong: however the stretches differ."""
    condition, values = clause
    last: int = db.execute("SELECT max(no) FROM sessions").get or 0
    firsts = [1 + n * last // stretches + n * SCATTER % max(1, last // stretches) for n in range(stretches)]
    asked = array("q", sorted({no for first in firsts for no in range(first, first + STRETCH)}))
    sessions, matching = db.execute(
        f"SELECT json_group_array(s.no), json_group_array(s.no) FILTER (WHERE {condition}) FROM carray(?) AS asked"
        " CROSS JOIN sessions s ON s.no = asked.value WHERE s.project_no = ?",
        [*values, apsw.carray(asked), project],
    ).get
    held = holders.among(db, from_json(matching))
    known = set(from_json(sessions))
    if not known:
        return 0.0, 0.0
    share = len(held) / len(known)
    found = [[no in held for no in range(first, first + STRETCH) if no in known] for first in firsts]
    shares = [sum(stretch) / len(stretch) for stretch in found if stretch]
    alone = math.sqrt(share * (1 - share) / len(known))
    return share, max(alone, pstdev(shares) / math.sqrt(len(shares)))
