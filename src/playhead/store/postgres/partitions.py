"""Partitions: the month that a session belongs to, and the tables that hold what arrived in it.

A partition is made beside the table that it joins and then attached, because that does not hold up who reads and
writes the others.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

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


class Months:
    """The months that are known to have their partitions. Forget them when a transaction was rolled back."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._known: set[int] = set()

    def forget(self) -> None:
        """Trust the database only."""
        self._known.clear()

    def ensure(self, month: int) -> int:
        """Make a month's partitions unless they are there, inside the transaction that needs them; return the month."""
        if month not in self._known:
            if not self._exists(month):
                self._db.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
                if not self._exists(month):
                    self._make(month)
            self._known.add(month)
        return month

    def _exists(self, month: int) -> bool:
        row = self._db.execute("SELECT to_regclass(%s) IS NOT NULL", (f"{PARTITIONED[-1]}_{month:d}",)).fetchone()
        return row is not None and bool(row[0])

    def _make(self, month: int) -> None:
        for table in PARTITIONED:
            name = f"{table}_{month:d}"
            self._db.execute(
                f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL) WITH (toast_tuple_target = {WHOLE_ROW_BYTES});"
                f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES IN ({month:d})"
            )
