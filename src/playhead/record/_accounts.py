"""What became of every event: the recorder's books, and what it says of them. Keeps numbers; sends and stores nothing.

Each number has one owner, who replaces it whole: the books hold also when a thread is ended between two instructions.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping

from msgspec import Struct, field

from playhead.model.moment import format_us

MAX_GAPS = 10_000
"""Sessions whose drops are remembered one by one; beyond it they are still counted, but show in no session."""


class RecorderStats(Struct, frozen=True, kw_only=True):
    """A recorder's account at one moment, in events; starts and ends of sessions and gaps are events too.

    At every quiet moment ``recorded == stored + sum(rejected) + sum(dropped) + spooled + queued``.

    Args:
        recorded: Everything that was to be recorded, with ``adopted`` and ``gaps``.
        stored: Acknowledged by the server as on stable storage; ``duplicates`` of them were there already, because
            the answer to an earlier attempt was lost.
        rejected: Refused by the server for good, by its code.
        dropped: Given up by the recorder, by reason: queue_full, spool_full, disk_full, too_large, unencodable,
            redaction_failed, integration_failed, torn, shut_down, sampling_full (the oldest events of a session that
            was left out until its first error).
        queued: In memory, not yet in the spool.
        spooled: In the spool, or in memory in its place; ``in_flight`` of them are being sent.
        adopted: Taken over from the spools of dead processes, of ``recorded``.
        gaps: Written by the recorder itself to tell of drops, of ``recorded``.
        altered: Events that hold something other than what was given, by what was altered.
        sampled_out: Events of sessions that sampling left out. They are not in ``recorded``.
        requests: Attempts to send; ``retries`` of them repeated an earlier one.
        restarts: Threads of the recorder that died and were replaced.
    """

    recorded: int = 0
    stored: int = 0
    duplicates: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    queued: int = 0
    spooled: int = 0
    in_flight: int = 0
    adopted: int = 0
    gaps: int = 0
    altered: dict[str, int] = field(default_factory=dict)
    sampled_out: int = 0
    requests: int = 0
    retries: int = 0
    restarts: int = 0

    @property
    def unaccounted(self) -> int:
        """``recorded`` without all that is known of it: 0 at every quiet moment."""
        known = self.stored + sum(self.rejected.values()) + sum(self.dropped.values()) + self.spooled + self.queued
        return self.recorded - known


class Sent(Struct, frozen=True, kw_only=True):
    """The sender's own page of the books, replaced whole. ``own`` and ``adopted`` count what is settled."""

    stored: int = 0
    duplicates: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    retries: int = 0

    def plus(self, other: Sent) -> Sent:
        """Return both together."""
        return Sent(
            stored=self.stored + other.stored,
            duplicates=self.duplicates + other.duplicates,
            rejected=added(self.rejected, other.rejected),
            requests=self.requests + other.requests,
            retries=self.retries + other.retries,
        )


class Gap(Struct, frozen=True):
    """What a session lost: how much by reason, and between which moments (microseconds since the epoch)."""

    reasons: dict[str, int]
    from_us: int
    until_us: int

    def data(self) -> dict[str, object]:
        """Return it as the data of a gap event."""
        span = {"from": format_us(self.from_us), "until": format_us(self.until_us)}
        return {"count": sum(self.reasons.values()), "reasons": self.reasons, **span}

    def and_also(self, other: Gap) -> Gap:
        """Return both as one."""
        reasons = added(self.reasons, other.reasons)
        return Gap(reasons, min(self.from_us, other.from_us), max(self.until_us, other.until_us))


class Tally:
    """A number that many threads count up without a lock: one instruction of the interpreter each."""

    def __init__(self) -> None:
        self._count = itertools.count()
        self.add = self._count.__next__

    @property
    def value(self) -> int:
        """How often ``add`` was called."""
        return int(repr(self._count)[6:-1])


class Losses:
    """Drops by reason, and by session until a gap event has told of them. A signal's handler that drops while it
    interrupts a drop is counted too: no number is read and put back with a place in between where it could strike."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._gaps: dict[str, Gap] = {}
        self._dropped: dict[str, Tally] = {}
        self._altered: dict[str, Tally] = {}

    @property
    def dropped(self) -> dict[str, int]:
        """Events that will not be stored, by reason."""
        return _values(self._dropped)

    @property
    def altered(self) -> dict[str, int]:
        """Events that hold something other than was given, by what was altered."""
        return _values(self._altered)

    def drop(self, session_id: str | None, reason: str, now_us: int, count: int = 1) -> None:
        """Count events that will not be stored."""
        _count(self._dropped, reason, count)
        self.mark(session_id, reason, now_us, count)

    def mark(self, session_id: str | None, reason: str, now_us: int, count: int = 1) -> None:
        """Remember for a session's next gap what is counted elsewhere."""
        if session_id is not None:
            self.restore(session_id, Gap({reason: count}, now_us, now_us))

    def restore(self, session_id: str, gap: Gap) -> None:
        """Remember a gap until it can be told of, with what is remembered of the session already."""
        with self._lock:
            while session_id in (gaps := self._gaps) or len(gaps) < MAX_GAPS:
                before = gaps.setdefault(session_id, Gap({}, gap.from_us, gap.until_us))
                both = before.and_also(gap)
                if self._gaps is gaps and gaps[session_id] is before:
                    gaps[session_id] = both
                    return

    def alter(self, names: frozenset[str]) -> None:
        """Count an event that holds something other than was given."""
        for name in names:
            _count(self._altered, name, 1)

    def take_gaps(self) -> dict[str, Gap]:
        """Return what no gap event has told of yet, by session, and forget it."""
        if not self._gaps:
            return {}
        with self._lock:
            gaps, self._gaps = self._gaps, {}
            return {session_id: gap for session_id, gap in gaps.items() if gap.reasons}


def _count(tallies: dict[str, Tally], name: str, count: int) -> None:
    tally = tallies.get(name) or tallies.setdefault(name, Tally())
    for _ in range(count):
        tally.add()


def _values(tallies: dict[str, Tally]) -> dict[str, int]:
    return {name: tally.value for name, tally in tallies.copy().items()}


def added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Return the sums of two counts."""
    return {
        name: one.get(name, 0) + other.get(name, 0) for name in (*one, *(name for name in other if name not in one))
    }
