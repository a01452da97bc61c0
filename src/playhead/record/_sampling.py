"""Sessions that sampling leaves out: their events wait in memory for a first error, which brings the whole session in.

Lines, already encoded. What is held is bounded for each session and for all of them; a session's start stays, so that
what follows it can be sent. Knows no queue: the recorder asks it, and takes what is released.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from playhead.record.sampling import Sampling
from playhead.replay.failures import says_failed

MAX_REMEMBERED = 10_000
SLACK = 0.75


class Ring:
    """The newest lines of one session, and always its first. ``lost`` went for want of room."""

    def __init__(self) -> None:
        self.lines: list[tuple[bytes, str]] = []
        self.bytes = 0
        self.lost = 0

    def add(self, line: bytes, kind: str, max_bytes: int) -> None:
        """Append a line; the oldest but the first go for it."""
        self.lines.append((line, kind))
        self.bytes += len(line)
        if self.bytes > max_bytes:
            self.shrink(int(max_bytes * SLACK))

    def shrink(self, max_bytes: int) -> None:
        """Let the oldest lines but the first go until there are no more bytes than that."""
        count = 0
        while self.bytes > max_bytes and count + 1 < len(self.lines):
            count += 1
            self.bytes -= len(self.lines[count][0])
        del self.lines[1 : count + 1]
        self.lost += count


class Sampler:
    """Decides about sessions and holds those that are left out. Hold ``lock`` around ``keep`` and ``release``."""

    def __init__(self, rules: Sampling) -> None:
        self._rules = rules
        self._held: dict[str, Ring] = {}
        self._over: dict[str, None] = {}
        self._kept: dict[str, None] = {}
        self.forget()

    def forget(self) -> None:
        """Begin anew in a forked child: what is held is the parent's; the decisions hold for both."""
        self.lock = threading.RLock()
        self.sampled_out = 0
        self._bytes = 0
        self._held = {session_id: Ring() for session_id in self._held}

    def begin(self, session_id: str, start: Mapping[str, Any]) -> None:
        """Decide about a session that starts. One that starts again while it is recorded stays so."""
        records = self._rules.records(session_id, start)
        with self.lock:
            if session_id in self._kept:
                return
            if records and session_id not in self._held:
                _remember(self._kept, session_id)
            elif not records:
                self._held.setdefault(session_id, Ring())
            self._over.pop(session_id, None)

    def leaves_out(self, session_id: str) -> bool:
        """Say whether a session is left out, until an error at least."""
        return session_id in self._held or session_id in self._over

    def keep(self, session_id: str, line: bytes, kind: str, data: Any) -> bool:
        """Hold a line back; False when it is to be recorded, after what ``release`` returns."""
        ring = self._held.get(session_id)
        if ring is None:
            self.sampled_out += session_id in self._over
            return session_id in self._over
        if is_failure(kind, data):
            return False
        self._bytes -= ring.bytes
        ring.add(line, kind, self._rules.session_bytes)
        self._bytes += ring.bytes
        self.sampled_out += 1
        if kind == "session.end":
            self._leave(session_id)
        elif self._bytes > self._rules.total_bytes:
            self._shrink()
        return True

    def release(self, session_id: str) -> Ring:
        """Return what was held of a session that is to be recorded after all. It is over with ``done``."""
        return self._held.get(session_id) or Ring()

    def done(self, session_id: str) -> None:
        """Forget a session that has been released: from now on it is recorded like any other."""
        ring = self._held.get(session_id)
        if ring is not None:
            _remember(self._kept, session_id)
            self.sampled_out -= len(ring.lines) + ring.lost
            self._bytes -= ring.bytes
            del self._held[session_id]

    def _leave(self, session_id: str) -> None:
        self._bytes -= self._held.pop(session_id).bytes
        _remember(self._over, session_id)

    def _shrink(self) -> None:
        """Make room: first the events of the oldest sessions go, then those sessions."""
        target = int(self._rules.total_bytes * SLACK)
        for ring in self._held.values():
            if self._bytes > target:
                self._bytes -= ring.bytes
                ring.shrink(0)
                self._bytes += ring.bytes
        for session_id in list(self._held):
            if self._bytes > target:
                self._leave(session_id)


def is_failure(kind: str, data: Any) -> bool:
    """Say whether an event counts as an error, as the server counts it; the end of a session that failed does too."""
    if kind in ("step", "session.end"):
        return bool(data.get("error")) or says_failed(data.get("status"))
    if kind != "interaction" or data.get("pending"):
        return False
    answer = data.get("responseMetadata")
    told = answer if isinstance(answer, Mapping) else {}
    return (
        bool(data.get("error"))
        or bool(told.get("error"))
        or any(says_failed(told.get(name)) for name in ("status", "statusCode", "status_code"))
    )


def _remember(names: dict[str, None], name: str) -> None:
    names[name] = None
    if len(names) > MAX_REMEMBERED:
        del names[next(iter(names))]
