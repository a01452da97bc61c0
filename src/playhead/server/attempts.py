"""Attempts: how often a share's password may be tried, so that guessing takes longer than anyone has.

A few at once, then one every few seconds, counted by share and not by visitor: addresses are cheap. Used from the event
loop alone; time is passed in.
"""

from __future__ import annotations

from typing import Final

from playhead.errors import TooManyRequests

AT_ONCE: Final = 10
REFILL_US: Final = 6_000_000
MOST_SHARES: Final = 10_000


class GuessingTooFast(TooManyRequests):
    """Too many passwords were tried for one link."""

    retry_after_s = REFILL_US // 1_000_000


class Attempts:
    """Counts attempts by share. Forgets a share once all its attempts are there again."""

    def __init__(self) -> None:
        self._full_at_us: dict[str, int] = {}

    def spend(self, share_id: str, now_us: int) -> None:
        """Take one attempt. Raises GuessingTooFast when there is none left."""
        latest_us = now_us + AT_ONCE * REFILL_US  # later than that it stands only when the clock was set back
        full_at_us = max(min(self._full_at_us.get(share_id, 0), latest_us), now_us) + REFILL_US
        if full_at_us - now_us > AT_ONCE * REFILL_US:
            self._full_at_us[share_id] = full_at_us - REFILL_US
            raise GuessingTooFast("Too many passwords were tried for this link; wait a little")
        if len(self._full_at_us) >= MOST_SHARES:
            self._full_at_us = {share: full_us for share, full_us in self._full_at_us.items() if full_us > now_us}
        self._full_at_us[share_id] = full_at_us

    def give_back(self, share_id: str) -> None:
        """Return the attempt of a password that was right."""
        if share_id in self._full_at_us:
            self._full_at_us[share_id] -= REFILL_US
