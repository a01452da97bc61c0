"""Samples: sessions spread evenly over all there are, and what the planner expects, for what would take too long to
count."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

from playhead.store.postgres.connection import Db

SCATTER: Final = 2_654_435_761
SESSIONS: Final = (
    "unnest(%s::bigint[]) WITH ORDINALITY AS asked (no, place)"
    " CROSS JOIN LATERAL (SELECT * FROM sessions AS s WHERE s.no = asked.no OFFSET 0) AS s"
)
"""The rows of numbers that are bound, each looked up: the planner would rather read all there are."""


class Sample(NamedTuple):
    """Numbers of sessions, of any project and of some that are gone, and the chance of each session to be among
    them."""

    numbers: list[int]
    share: float


def sample(db: Db, size: int) -> Sample:
    """Return so many sessions, the same each time as long as none is added."""
    return _sample_of(last_session(db), size)


def sample_of_share(db: Db, share: float, most: int) -> Sample | None:
    """Return such a share of all sessions, or None where these would be more than ``most``."""
    last = last_session(db)
    size = math.ceil(share * last)
    return _sample_of(last, size) if size <= most else None


def last_session(db: Db) -> int:
    """Return the number of the session that was made last, 1 where there is none."""
    row = db.execute("SELECT coalesce(max(no), 1) FROM sessions").fetchone()
    return 1 if row is None else int(row[0])


def estimate_rows(db: Db, selection: str, values: list[Any]) -> int:
    """Return how many rows the planner expects of a selection."""
    plan = db.execute(f"EXPLAIN (FORMAT JSON) {selection}", values).fetchone()
    return 0 if plan is None else int(plan[0][0]["Plan"]["Plan Rows"])


def _sample_of(last: int, size: int) -> Sample:
    numbers = list(dict.fromkeys(1 + n * SCATTER % last for n in range(size)))
    return Sample(numbers, len(numbers) / last)
