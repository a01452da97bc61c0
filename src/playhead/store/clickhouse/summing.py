"""Summing: queries over sessions that add up columns, no sum of which overflows unnoticed.

Owns how a question is put to ClickHouse: as one query, on as many threads as it is worth.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from msgspec import Struct

from playhead.store.clickhouse.connection import Connection
from playhead.store.rows import MAX_INT, Row

SUMS: Final = "$sums"
"""Stands for the sums, at the end of what a query selects."""


class Asked(Struct, frozen=True):
    """Which sessions are asked about: the condition on ``sessions AS s``, the values that it binds, and settings."""

    connection: Connection
    condition: str
    values: dict[str, Any]
    settings: str = ""

    def rows(self, sql: str) -> list[Row]:
        """Return the rows of a query. Raises Unavailable."""
        return list(self.connection.query(f"{sql}{self.settings}", self.values))

    def summed(self, sql: str, columns: Collection[str]) -> list[Row]:
        """Return the rows of a query with the sums of columns in place of ``SUMS``; none is above ``MAX_INT``.

        ClickHouse's own sums begin again at the least number. Where one might have, they are taken once more, with
        about the same as floats beside them. Raises Unavailable.
        """
        sums = ", ".join(f"sum({name})" for name in columns)
        most = f"toFloat64(max(greatest({', '.join(columns)}))) * count()"
        rows = self.rows(sql.replace(SUMS, f"{sums}, {most}"))
        if all(row[-1] < MAX_INT for row in rows):
            return [row[:-1] for row in rows]
        twice = ", ".join(f"(sum({name}), sum(toFloat64({name})))" for name in columns)
        kept = -len(columns)
        return [(*row[:kept], *map(_whole, row[kept:])) for row in self.rows(sql.replace(SUMS, twice))]


def _whole(sums: tuple[int, float]) -> int:
    total, about = sums
    return MAX_INT if about >= MAX_INT or total < 0 else total
