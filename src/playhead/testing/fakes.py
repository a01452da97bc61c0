"""A clock that stands still and ids that count, so that what is recorded is the same in every run."""

from __future__ import annotations

import itertools


class FakeClock:
    """Nanoseconds since the epoch, which pass when they are told to: ``Recorder(clock=FakeClock())``."""

    def __init__(self, now_ns: int = 1_767_225_600_000_000_000) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        """Return the present."""
        return self.now_ns

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now_ns += round(seconds * 1e9)


class IdSequence:
    """Ids that count: ``event-1``, ``event-2``, …: ``Recorder(new_id=IdSequence())``."""

    def __init__(self, prefix: str = "event-") -> None:
        self._prefix = prefix
        self._numbers = itertools.count(1)

    def __call__(self) -> str:
        """Return the next id."""
        return f"{self._prefix}{next(self._numbers)}"
