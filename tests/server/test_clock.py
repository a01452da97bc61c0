"""A clock that is set back: nobody waits until it has caught up."""

from __future__ import annotations

import os

import pytest

from playhead.errors import TooManyRequests
from playhead.server.attempts import AT_ONCE, REFILL_US, Attempts
from playhead.server.auth import Gate
from playhead.server.keyring import make_key
from playhead.server.settings import from_environment
from playhead.store.memory import MemoryStore

HOUR_US = 3_600_000_000


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, us: int) -> None:
        self.us = us

    def __call__(self) -> int:
        return self.us


@pytest.mark.parametrize("set_back_us", [0, HOUR_US])
def test_a_rate_is_that_of_the_time_that_passes(set_back_us: int) -> None:
    store, clock = MemoryStore(), Clock(2 * HOUR_US)
    gate = Gate(store, from_environment({}, rate_limit=2), clock)
    key, _ = make_key(store, store.ensure_project("p", 1), scope="read", now_us=1, random_bytes=os.urandom)
    gate.admit(key, "read")
    gate.admit(key, "read")
    clock.us -= set_back_us
    with pytest.raises(TooManyRequests):
        gate.admit(key, "read")
    for _ in range(3):
        clock.us += 500_000
        gate.admit(key, "read")
        with pytest.raises(TooManyRequests):
            gate.admit(key, "read")


@pytest.mark.parametrize("set_back_us", [0, HOUR_US])
def test_a_link_can_be_unlocked_again_after_one_pause(set_back_us: int) -> None:
    attempts, now_us = Attempts(), 2 * HOUR_US
    for _ in range(AT_ONCE):
        attempts.spend("share", now_us)
    now_us -= set_back_us
    with pytest.raises(TooManyRequests):
        attempts.spend("share", now_us)
    attempts.spend("share", now_us + REFILL_US)
