"""Kept: what a reading connection has found out, until anything is written.

All pages of a list have one total, and one page of the dashboard asks for six facets and the statistics of the same
sessions. This module says in which state of the files something was found, and forgets it with that; it asks nothing
else of the database.
"""

from __future__ import annotations

from array import array
from typing import Final, TypeAlias
from weakref import WeakKeyDictionary

import apsw

from playhead.model.filters import SessionFilter
from playhead.store.payload import to_json

Asked: TypeAlias = tuple[int, bytes]
"""A project and a filter."""

MOST_TOTALS: Final = 1_000


class Kept:
    """Totals, each with whether it is an estimate, and the numbers of the sessions that were asked for last."""

    def __init__(self, version: tuple[int, int]) -> None:
        self.version = version
        self.totals: dict[Asked, tuple[int, bool]] = {}
        self._numbers: tuple[Asked, array[int]] | None = None

    def numbers(self, asked: Asked) -> array[int] | None:
        """Return the numbers of the sessions that match, where these were asked for last."""
        return self._numbers[1] if self._numbers is not None and self._numbers[0] == asked else None

    def keep_numbers(self, asked: Asked, numbers: array[int]) -> None:
        """Keep the numbers of the sessions that match, instead of those before."""
        self._numbers = (asked, numbers)


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
