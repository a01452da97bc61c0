"""Samples: sessions spread evenly over all there are, for what would take too long to count."""

from __future__ import annotations

from typing import Final, NamedTuple

from playhead.store.postgres.connection import Db

SCATTER: Final = 2_654_435_761


class Sample(NamedTuple):
    """Numbers of sessions, of any project and of some that are gone, and the chance of each session to be among
    them."""

    numbers: list[int]
    share: float


def sample(db: Db, size: int) -> Sample:
    """Return so many sessions, the same each time as long as none is added."""
    row = db.execute("SELECT coalesce(max(no), 1) FROM sessions").fetchone()
    last: int = 1 if row is None else row[0]
    numbers = list(dict.fromkeys(1 + n * SCATTER % last for n in range(size)))
    return Sample(numbers, len(numbers) / last)
