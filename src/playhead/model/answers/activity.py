"""When something happened in a session, coarsely: what a list draws of it."""

from __future__ import annotations

from msgspec import Struct

CELLS = 48


class Activity(Struct, frozen=True, rename="camel", kw_only=True):
    """A session cut into 48 cells of equal length, and in each of them how many model calls and
    steps were under way and how many other events fell into it. ``errors`` are of all kinds, where they ended.

    ``duration`` is milliseconds. A session that is too long to be looked through for a list has ``complete: false``
    and no cells.
    """

    session_id: str
    duration: float
    complete: bool
    interactions: list[int]
    steps: list[int]
    others: list[int]
    errors: list[int]
