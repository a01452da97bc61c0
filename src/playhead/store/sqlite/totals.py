"""Totals: what a reading connection has counted, kept until anything is written.

All pages of a list in all its orders have one total, and to count it may cost more than the page does. This module
keeps totals and counts none itself; what it keeps is of one state of the files, and forgotten with it.
"""

from __future__ import annotations

from typing import Final
from weakref import WeakKeyDictionary

import apsw

from playhead.model.filters import SessionFilter
from playhead.store.payload import to_json
from playhead.store.sqlite.counting import Total, total_of
from playhead.store.sqlite.narrowing import Listing

MOST_KEPT: Final = 1_000


def known_total(db: apsw.Connection, project: int, where: SessionFilter, listings: list[Listing]) -> Total:
    """Return what ``counting.total_of`` does, counted anew only where this state of the files was not asked yet."""
    counted = _counted(db)
    asked = (project, to_json(where))
    if asked not in counted.totals:
        counted.totals[asked] = total_of(db, project, where, listings)
    return counted.totals[asked]


class _Counted:
    """What a connection has counted in one state of its files."""

    def __init__(self, version: tuple[int, int]) -> None:
        self.version = version
        self.totals: dict[tuple[int, bytes], Total] = {}


_COUNTED: Final[WeakKeyDictionary[apsw.Connection, _Counted]] = WeakKeyDictionary()


def _counted(db: apsw.Connection) -> _Counted:
    version = (_version(db, "main"), _version(db, "search"))
    counted = _COUNTED.get(db)
    if counted is None or counted.version != version or len(counted.totals) >= MOST_KEPT:
        counted = _COUNTED[db] = _Counted(version)
    return counted


def _version(db: apsw.Connection, schema: str) -> int:
    """Return a number that another connection's commit changes; it says something on this connection alone."""
    return int(db.execute(f"PRAGMA {schema}.data_version").get)
