"""Partitions: the month that a session belongs to, and the tables that hold what arrived in it.

A partition is made beside the table that it joins and then attached, because that does not hold up who reads and
writes the others.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from playhead.store.postgres.confirming import transaction
from playhead.store.postgres.connection import Db
from playhead.store.postgres.schema import PARTITIONED

LOCK: Final = 0x706C6179_00000002
"""The advisory lock that partitions are made under."""
WHOLE_ROW_BYTES: Final = 8160
"""A row of up to this many bytes is kept together: a payload is read with its event, or not at all."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def month_of(us: int) -> int:
    """Return the month of a time in UTC, as yyyymm."""
    time = _EPOCH + timedelta(microseconds=us)
    return time.year * 100 + time.month


class MonthUnknown(Exception):  # noqa: N818  # says what happened
    """A month's partitions are not known to be there; the transaction has to be done again when they are."""

    def __init__(self, month: int) -> None:
        super().__init__(str(month))
        self.month = month


class Months:
    """The months that are known to have their partitions.

    These are made in a transaction of their own: one that has read a table's partitions before does not see new ones.
    """

    def __init__(self, db: Db) -> None:
        self._db = db
        self._known: set[int] = set()

    def check(self, month: int) -> int:
        """Return a month that is known. Raises MonthUnknown."""
        if month not in self._known:
            raise MonthUnknown(month)
        return month

    def make(self, month: int) -> None:
        """Make a month's partitions unless they are there, outside of any transaction."""
        with transaction(self._db):
            self._db.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            if not self._db.execute(_THERE, (f"{PARTITIONED[-1]}_{month:d}",)).rowcount:
                for table in PARTITIONED:
                    self._db.execute(_partition(table, month))
        self._known.add(month)


_THERE: Final = (
    "SELECT FROM pg_class WHERE relname = %s"
    f" AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = '{PARTITIONED[-1]}'::regclass)"
)


def _partition(table: str, month: int) -> str:
    name = f"{table}_{month:d}"
    return (
        f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL) WITH (toast_tuple_target = {WHOLE_ROW_BYTES});"
        f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES IN ({month:d})"
    )
