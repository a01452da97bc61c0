"""Allowances: a bound on what waits, of which each project may use as much as is still free.

So one project alone can fill half of it, two a third each, and whoever comes next finds room: a flood is refused while
others are served. This is the dynamic threshold of Choudhury and Hahne, "Dynamic Queue Length Thresholds for
Shared-Memory Packet Switches" (IEEE/ACM Transactions on Networking 6, 1998), with a factor of one. Not for use from
several threads at once.
"""

from __future__ import annotations

from collections import Counter


class Allowance:
    """Counts amounts by owner against a limit. What has no owner is bound by the limit alone."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used: Counter[int | None] = Counter()
        self.total = 0

    def has_room(self, owner: int | None, amount: int) -> bool:
        """Say whether an owner may have this much more."""
        mine = 0 if owner is None else self._used[owner]
        return mine + amount <= self._limit - self.total

    def used(self, owner: int | None) -> int:
        """Return how much an owner has."""
        return self._used[owner]

    def take(self, owner: int | None, amount: int) -> None:
        """Count an amount, whether there is room or not."""
        self._used[owner] += amount
        self.total += amount

    def give_back(self, owner: int | None, amount: int) -> None:
        """Count an amount as free again."""
        self._used[owner] -= amount
        self.total -= amount
        if not self._used[owner]:
            del self._used[owner]
