"""Expiring: which sessions a project keeps no longer, and how many of them one write erases. Runs no statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from playhead.model.audit import NewEntry, session_target
from playhead.model.moment import DAY_US
from playhead.model.session import Session

MOST_SESSIONS: Final = 25
MOST_EVENTS: Final = 2_000
"""One write erases as many sessions as have so many events together, and at least one: others wait for it."""


class Expiry(Struct, frozen=True):
    """Which sessions are over: those that have ended, and of which nothing has arrived since ``until_us``, their end
    included, by the server's clock. Bookmarked ones are not if they are kept."""

    until_us: int
    keep_bookmarked: bool = True

    @classmethod
    def after_days(cls, days: int, now_us: int, *, keep_bookmarked: bool) -> Expiry:
        """Return what is over at a moment, when sessions are kept for so many days."""
        return cls(now_us - days * DAY_US, keep_bookmarked)

    def concerns(self, session: Session, last_arrival_us: int) -> bool:
        """Say whether a session is over."""
        kept = self.keep_bookmarked and session.bookmarked
        return session.status != "active" and last_arrival_us <= self.until_us and not kept


class Expired(Struct, frozen=True):
    """How many sessions are over, how many interactions they have, and when the oldest of them started."""

    sessions: int = 0
    interactions: int = 0
    oldest_us: int | None = None


def of_session(entry: NewEntry | None, session_id: str) -> NewEntry | None:
    """Return the audit log's entry of what is done to one of many sessions."""
    return None if entry is None else replace(entry, target=session_target(session_id))


def first_batch(due: Iterable[tuple[str, int]]) -> Iterator[str]:
    """Yield the ids of as many sessions, given with their events, as one write erases."""
    events = 0
    for place, (session_id, count) in enumerate(due):
        events += count
        if place == MOST_SESSIONS or (place and events > MOST_EVENTS):
            return
        yield session_id
