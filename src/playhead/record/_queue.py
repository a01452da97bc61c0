"""The bounded queue between the application's threads and the recorder's: lines wait here for some milliseconds.

Putting takes no lock, so that no thread waits for another one and a signal handler may interrupt it anywhere. Taking is
for one thread at a time. Bytes are counted as closely as a bound needs it; events are counted exactly.
"""

from __future__ import annotations

from collections import deque
from itertools import repeat, starmap

RESERVE_BYTES = 1 << 20
"""Room beyond the bound for starts, ends and gaps, without which a session would be lost for one event."""


class Queue:
    """Lines in order.

    ``held_bytes`` is memory that is taken elsewhere and counts against the bound. ``is_filling`` becomes true whenever
    another eighth of the room is taken beyond the first quarter; who acts on it sets it back.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.held_bytes = 0
        self.is_filling = False
        self._bytes = 0
        self._mark = max_bytes // 4
        self._lines: deque[bytes] = deque()
        self._hand: list[bytes] = []
        self._serial = 1

    def __len__(self) -> int:
        return len(self._lines) + len(self._hand)

    def put(self, line: bytes, urgent: bool = False) -> bool:  # noqa: FBT001, FBT002 - named arguments cost time here
        """Append a line, unless there is no room for it."""
        size = len(line)
        fill = self._bytes + self.held_bytes + size
        if fill > self.max_bytes and not (urgent and fill <= self.max_bytes + RESERVE_BYTES):
            return False
        self._bytes += size
        self._lines.append(line)
        if self._bytes >= self._mark:
            self._mark += self.max_bytes // 8
            self.is_filling = True
        return True

    def is_crowded(self) -> bool:
        """Say whether more than half of the room is taken."""
        return self._bytes + self.held_bytes > self.max_bytes // 2

    def hand(self, max_count: int, max_bytes: int) -> tuple[int, list[bytes]]:
        """Return the first lines and their number, the same until ``done``: a thread that dies then loses none."""
        if not self._hand:
            self._mark = self.max_bytes // 4
            self._bytes = sum(map(len, self._lines.copy())) if len(self._lines) > max_count else 0
            self._hand.extend(starmap(self._lines.popleft, repeat((), min(len(self._lines), max_count))))
        size = 0
        for index, line in enumerate(self._hand):
            size += len(line) + 1
            if size > max_bytes and index:
                return self._serial, self._hand[:index]
        return self._serial, self._hand[:]

    def done(self, serial: int, count: int) -> None:
        """Forget the first ``count`` lines of the hand that has this number, in one step; of a later one nothing."""
        rest = self._hand[count:]
        if serial == self._serial:
            self._hand, self._serial = rest, serial + 1

    def clear(self) -> None:
        """Forget everything."""
        self._lines.clear()
        self._hand.clear()
        self._bytes = 0
