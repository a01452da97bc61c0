"""Kept: what a reading connection has found out, until anything is written.

All pages of a list have one total, and one page of the dashboard asks for six facets and the statistics of the same
sessions. This module says in which state of the files something was found, and forgets it with that; it asks nothing
else of the database.
"""

from __future__ import annotations

from array import array
from collections import Counter
from typing import Final, TypeAlias
from weakref import WeakKeyDictionary

import apsw

from playhead.model.filters import SessionFilter
from playhead.store.payload import to_json

Asked: TypeAlias = tuple[int, bytes]
"""A project and a filter."""

MOST_TOTALS: Final = 1_000
MOST_FOUND: Final = 100_000


class Last:
    """The sessions that were asked for last: their numbers, and how many (or of a sample of them) carry each value of a
    member, by member."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.numbers: array[int] | None = None
        self.counts: dict[str, Counter[str]] = {}


class Kept:
    """Totals, each with whether it is an estimate; the sessions of lists that were found whole, eight bytes each; and
    what was found of the sessions that were asked for last."""

    def __init__(self, version: tuple[int, int]) -> None:
        self.version = version
        self.totals: dict[Asked, tuple[int, bool]] = {}
        self._found: dict[Asked, array[int]] = {}
        self._last: Last | None = None

    def found(self, asked: Asked) -> array[int] | None:
        """Return the numbers of all sessions of a list, in order, if they are kept."""
        return self._found.get(asked)

    def keep(self, asked: Asked, numbers: array[int]) -> None:
        """Keep the numbers of all sessions of a list; others may be forgotten for them."""
        if sum(map(len, self._found.values())) + len(numbers) > MOST_FOUND:
            self._found.clear()
        self._found[asked] = numbers

    def last(self, asked: Asked) -> Last:
        """Return what was found of some sessions, where these were asked for last; from now on they were."""
        if self._last is None or self._last.asked != asked:
            self._last = Last(asked)
        return self._last


_KEPT: Final[WeakKeyDictionary[apsw.Connection, Kept]] = WeakKeyDictionary()


def kept(db: apsw.Connection) -> Kept:
    """Return what a connection keeps of the state of the files that its transaction sees."""
    version = (_version(db, "main"), _version(db, "search"))
    known = _KEPT.get(db)
    if known is None or known.version != version or len(known.totals) >= MOST_TOTALS:
        known = _KEPT[db] = Kept(version)
    return known


def asked_of(project: int, where: SessionFilter) -> Asked:
    """Return what something is kept under."""
    return project, to_json(where)


def _version(db: apsw.Connection, schema: str) -> int:
    """Return a number that another connection's commit changes; it says something on this connection alone."""
    return int(db.execute(f"PRAGMA {schema}.data_version").get)
