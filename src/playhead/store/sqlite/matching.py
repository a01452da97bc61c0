"""Matching: the sessions that a filter leaves, found once where many sums are asked of them.

A statistic asks a dozen questions about the same sessions. Their numbers are found by indexes where these tell, and by
one walk over the sessions otherwise; eight bytes a session. Of so many sessions that this is too much, each question
tests the filter by itself. Reads session rows and the narrow tables beside them; never ``events``.
"""

from __future__ import annotations

from array import array
from typing import Any, Final

import apsw
from msgspec import Struct
from msgspec.structs import replace

from playhead.model.filters import SessionFilter
from playhead.store.payload import from_json, to_json
from playhead.store.sqlite.counting import are_complete, matching_of, project_total
from playhead.store.sqlite.filters_sql import Clause, matching_sessions_sql
from playhead.store.sqlite.holders import holders_of
from playhead.store.sqlite.kept import asked_of, kept
from playhead.store.sqlite.narrowing import few_sessions, listings_of, shortest_of

FEW: Final = 3_000
MOST_SHORT: Final = 20_000
MOST_AT_ONCE: Final = 1_000_000
MANY: Final = 0.55
"""From this share on of all sessions, those that do not match are fewer by so much that they are added up instead."""
SLICE: Final = 4_000
"""So many sessions are grouped together: to sort more at a time takes longer than to add groups up."""


class Matching(Struct, frozen=True):
    """Sessions that match: SQL that has them as ``s``, a condition and the values that it binds; ``numbers_sql`` has
    their numbers alone; ``numbers``: in order, None where they are too many."""

    sessions_sql: str
    numbers_sql: str
    condition: str
    values: list[Any]
    numbers: array[int] | None

    def slices(self) -> list[Matching]:
        """Return the same sessions in parts that are quickly grouped."""
        if self.numbers is None or len(self.numbers) <= SLICE:
            return [self]
        return [of_numbers(self.numbers[first : first + SLICE]) for first in range(0, len(self.numbers), SLICE)]


class Matches:
    """The sessions of one project by filter, each found when first asked for; of one transaction."""

    def __init__(self, db: apsw.Connection, project: int) -> None:
        self.db = db
        self.project = project
        self._found: dict[bytes, Matching] = {}
        self._others: dict[bytes, Matching | None] = {}

    def of(self, where: SessionFilter) -> Matching:
        """Return those that match."""
        asked = to_json(where)
        if asked not in self._found:
            self._found[asked] = self._find(where)
        return self._found[asked]

    def but(self, where: SessionFilter) -> Matching | None:
        """Return those that do not match where most do; None where these are not known to be few."""
        asked = to_json(where)
        if asked not in self._others:
            self._others[asked] = self._find_others(self.of(where).numbers)
        return self._others[asked]

    def _find(self, where: SessionFilter) -> Matching:
        clause = matching_sessions_sql(self.db, self.project, where)
        last: int = self.db.execute("SELECT max(no) FROM sessions").get or 0
        if last <= MOST_AT_ONCE:
            known = kept(self.db).last(asked_of(self.project, where))
            if known.numbers is None:
                known.numbers = _numbers(self.db, self.project, where, clause)
            return of_numbers(known.numbers)
        condition, values = clause
        return Matching("sessions s", "sessions s", condition, values, None)

    def _find_others(self, numbers: array[int] | None) -> Matching | None:
        if numbers is None or len(numbers) <= MANY * project_total(self.db, self.project):
            return None
        every = "SELECT json_group_array(no) FROM sessions WHERE project_no = ?"
        known: list[int] = from_json(self.db.execute(every, (self.project,)).get)
        return of_numbers(array("q", sorted(set(known).difference(numbers))))


def of_numbers(numbers: array[int]) -> Matching:
    """Return the sessions that have some numbers; all of them match."""
    # carray takes no empty list; no session has the number 0.
    values = [apsw.carray(numbers or array("q", [0]))]
    sessions = "carray(?) AS asked CROSS JOIN sessions s ON s.no = asked.value"
    return Matching(sessions, "(SELECT value AS no FROM carray(?) AS asked) AS s", "1", values, numbers)


def evenly(numbers: array[int], most: int) -> array[int]:
    """Return so many of some numbers at even distances, or all where there are not more."""
    size, taken = len(numbers), min(len(numbers), most)
    return array("q", [numbers[place * size // taken] for place in range(taken)])


def matching(db: apsw.Connection, clause: Clause, limit: int = -1) -> list[int]:
    """Return the numbers of the sessions that match a condition, up to a limit."""
    condition, values = clause
    found = f"SELECT s.no FROM sessions s WHERE {condition} LIMIT ?"
    numbers: list[int] = from_json(db.execute(f"SELECT json_group_array(no) FROM ({found})", [*values, limit]).get)
    return numbers


def _numbers(db: apsw.Connection, project: int, where: SessionFilter, clause: Clause) -> array[int]:
    if where.search is not None:
        return _holding(db, project, where, where.search)
    listings = listings_of(project, where)
    few = few_sessions(db, listings, FEW)
    if few is not None:
        return array("q", matching_of(db, clause, few))
    if len(listings) == 1 and are_complete(db, where, listings):
        return array("q", sorted(listings[0].numbers(db, -1)))
    shortest, _ = shortest_of(db, listings, MOST_SHORT)
    if shortest is not None:
        return array("q", matching_of(db, clause, sorted(shortest.numbers(db, -1))))
    return array("q", sorted(matching(db, clause)))


def _holding(db: apsw.Connection, project: int, where: SessionFilter, search: str) -> array[int]:
    """Return the numbers of the sessions that a search leaves of those that match the other members."""
    holders = holders_of(db, project, search)
    others = replace(where, search=None)
    few = few_sessions(db, listings_of(project, others), FEW)
    clause = matching_sessions_sql(db, project, others)
    if few is not None:
        return array("q", sorted(holders.among(db, matching_of(db, clause, few))))
    return array("q", sorted(matching_of(db, clause, holders.every(db))))
