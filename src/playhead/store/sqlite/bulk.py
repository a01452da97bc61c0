"""Bulk inserts: many rows in one statement.

Owns nothing but the making of statements. Whenever SQLite is called, the interpreter's lock is given up and has to be
won back; on a busy server that costs more than the row. So a batch is stored in a few large steps, not in one a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import apsw

STEPS = (400, 200, 100, 50, 20, 10, 5, 2, 1)
"""Rows a statement takes: few different ones, so that each stays prepared, and such as batches often have."""
MOST_VALUES = 6_000
"""Values a statement takes, so that what stays prepared stays small."""


def insert_rows(db: apsw.Connection, head: str, rows: Sequence[tuple[Any, ...]], tail: str = "") -> None:
    """Insert rows, in order; ``head`` is the statement up to ``VALUES``, ``tail`` what comes behind them."""
    done = 0
    for step in STEPS:
        while len(rows) - done >= step and step * len(rows[done]) <= MOST_VALUES:
            part = rows[done : done + step]
            db.execute(_statement(head, len(part[0]), step, tail), tuple(chain.from_iterable(part)))
            done += step


@lru_cache(maxsize=256)
def _statement(head: str, width: int, count: int, tail: str) -> str:
    row = f"({', '.join('?' * width)})"
    return f"{head} VALUES {', '.join([row] * count)} {tail}"
