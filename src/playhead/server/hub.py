"""The hub: who waits for which session, so that a stream wakes as soon as something of it was stored."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterator
from typing import TypeAlias

Place: TypeAlias = tuple[int, str]
"""A project's number and a session's id."""


class Hub:
    """Wakes the streams of a session. Used from the event loop alone."""

    def __init__(self) -> None:
        self.closing = False
        self._signals: defaultdict[Place, set[asyncio.Event]] = defaultdict(set)

    def announce(self, project: int, session_id: str) -> None:
        """Say that something of a session was stored."""
        for signal in self._signals.get((project, session_id), ()):
            signal.set()

    def announce_all(self) -> None:
        """Say that something of any session may have changed."""
        for signals in self._signals.values():
            for signal in signals:
                signal.set()

    def close(self) -> None:
        """End every stream where it stands; readers come back with their Last-Event-ID."""
        self.closing = True
        self.announce_all()

    @contextlib.contextmanager
    def listening(self, place: Place) -> Iterator[asyncio.Event]:
        """Give a signal that is set whenever the session is announced."""
        signal = asyncio.Event()
        self._signals[place].add(signal)
        try:
            yield signal
        finally:
            self._signals[place].discard(signal)
            if not self._signals[place]:
                del self._signals[place]
