"""Carrying: sessions from a store into another, with their seqs, arrivals and changes, through the ordinary writes.

A session's events are appended in order of seq. One that a pending call became is announced first, with the messages
that it brought, and completed behind all others, so that each message is first met where the source met it. At last the
session is settled. Whatever of this is there already is recognized by its place, so that a carrying that was cut off at
any point goes on there, and what the source got meanwhile follows.

Some sessions are carried together: all are started, then all get their events, then all are settled, for stores write
fastest what comes in a row and is of one kind. Which ones are carried is ``copying``'s.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from playhead.errors import SessionNotFound, StoreBusy
from playhead.model.event import NewEvent
from playhead.model.session import NewSession, Session, Totals
from playhead.store.base import Store
from playhead.store.copies import EventCopy, SessionCopy
from playhead.store.fingerprint import Fingerprint
from playhead.store.rows import SEQ_BITS, seq_of

T = TypeVar("T")

MAX_PAGE_EVENTS = 1_000
PAGE_BYTES = 4 << 20
FIRST_PAGE_EVENTS = 32
MAX_WAITING_BYTES = 16 << 20
MAX_WAITING_WRITES = 1_000


class End(Struct, frozen=True):
    """A store and the project in it: one end of a copying."""

    store: Store
    project: int

    def find(self, session_id: str) -> Session | None:
        """Return a session, or None."""
        try:
            return self.store.get_session(self.project, session_id)
        except SessionNotFound:
            return None


class Window:
    """Bounds how much is on its way into a store; its writes are done in order."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Future[Any], int]] = deque()
        self._bytes = 0

    def put(self, write: Callable[[], Future[T]], size_bytes: int = 0) -> Future[T]:
        """Submit a write once there is room for it. Raises what the store raises, but StoreBusy while it is at work."""
        while self._waiting and self._waiting[0][0].done():
            self._wait()
        while self._waiting and (
            len(self._waiting) >= MAX_WAITING_WRITES or self._bytes + size_bytes > MAX_WAITING_BYTES
        ):
            self._wait()
        while True:
            try:
                future = write()
            except StoreBusy:
                if not self._waiting:
                    raise
                self._wait()
            else:
                self._waiting.append((future, size_bytes))
                self._bytes += size_bytes
                return future

    def _wait(self) -> None:
        future, size_bytes = self._waiting.popleft()
        future.exception()
        self._bytes -= size_bytes


class Carried(Struct):
    """A session on its way: what was read of it, and the writes that bring it in.

    A write that is done is let go, for its answer names every event. ``gone``: the source does not have it any more.
    """

    copy: SessionCopy
    fingerprint: Fingerprint
    gone: bool = False
    writes: int = 0
    new_events: int = 0
    under_way: deque[Future[Any]] = field(default_factory=deque)

    def add(self, write: Future[Any]) -> None:
        """Take a write that was submitted."""
        self.writes += 1
        while self.under_way and self.under_way[0].done() and self.under_way[0].exception() is None:
            self.under_way.popleft()
        self.under_way.append(write)

    def wait(self) -> None:
        """Wait until it is on stable storage. Raises the first failure."""
        for write in self.under_way:
            write.result()


def carry(source: End, target: End, copies: Sequence[SessionCopy], window: Window) -> list[Carried]:
    """Submit what the target lacks of some sessions, and return without waiting for it.

    Every event is read, so that each fingerprint is of the whole session. What the target refuses is raised by
    ``Carried.wait``: SessionErased when it has erased the session, Conflict when the source changed while it was read.
    """
    carriers = [_Carrier(source, target, copy, window) for copy in copies]
    for step in (_Carrier.start, _Carrier.append, _Carrier.settle):
        for carrier in carriers:
            if not carrier.carried.gone:
                step(carrier)
    return [carrier.carried for carrier in carriers]


def fingerprint_of(end: End, session_id: str, events: int) -> Fingerprint:
    """Read a session's events from the first to the one with seq ``events``."""
    fingerprint = Fingerprint()
    for page in pages(end, session_id, events):
        fingerprint.add(page)
    return fingerprint


def pages(end: End, session_id: str, events: int) -> Iterator[list[EventCopy]]:
    """Yield a session's events in order of seq, as many at a time as make a few megabytes."""
    first, step = 1, FIRST_PAGE_EVENTS
    while first <= events:
        page = end.store.copy_events(end.project, session_id, range(first, min(first + step, events + 1)))
        yield page
        first += step
        size_bytes = max(1, sum(copy.event.size_bytes for copy in page))
        step = max(1, min(MAX_PAGE_EVENTS, 2 * step, step * PAGE_BYTES // size_bytes))


class _Carrier:
    def __init__(self, source: End, target: End, copy: SessionCopy, window: Window) -> None:
        self._source = source
        self._target = target
        self._window = window
        self._id = copy.session.id
        self._now_us = copy.session.updated_us
        self._there = target.find(self._id)
        self.carried = Carried(copy, Fingerprint())

    def start(self) -> None:
        """Start the session if it is not there. Should that fail, then so does all that follows."""
        if self._there is not None:
            return
        session = self.carried.copy.session
        new = NewSession(**{name: getattr(session, name) for name in NewSession.__struct_fields__})
        self._submit(lambda: self._target.store.start_session(self._target.project, new, session.created_us))

    def append(self) -> None:
        """Append what comes behind the last event and the last change that are there."""
        totals = Totals() if self._there is None else self._there.totals
        try:
            self._append(totals.events, totals.changes)
        except SessionNotFound:
            self.carried.gone = True

    def settle(self) -> None:
        """Make the session what its copy says."""
        copy = self.carried.copy
        if self._there != copy.session:
            self._submit(lambda: self._target.store.settle_session(self._target.project, copy))

    def _append(self, events: int, changes: int) -> None:
        completed = array("Q")
        for page in pages(self._source, self._id, self.carried.copy.session.totals.events):
            self.carried.fingerprint.add(page)
            new = [_as_taken(copy) for copy in page if copy.seq > events]
            self.carried.new_events += len(new)
            self._put(new)
            completed.extend(copy.change << SEQ_BITS | copy.seq for copy in page if copy.change > changes)
        self._complete(sorted(completed))

    def _complete(self, places: Sequence[int]) -> None:
        for first in range(0, len(places), FIRST_PAGE_EVENTS):
            some = [seq_of(place) for place in places[first : first + FIRST_PAGE_EVENTS]]
            page = self._source.store.copy_events(self._source.project, self._id, some)
            self._put([copy.event for copy in sorted(page, key=lambda copy: copy.change)])

    def _put(self, events: list[NewEvent]) -> None:
        if events:
            project, now_us = self._target.project, self._now_us
            size_bytes = sum(event.size_bytes for event in events)
            self._submit(lambda: self._target.store.append(project, self._id, events, now_us), size_bytes)

    def _submit(self, write: Callable[[], Future[Any]], size_bytes: int = 0) -> None:
        self.carried.add(self._window.put(write, size_bytes))


def _as_taken(copy: EventCopy) -> NewEvent:
    """Return an event as it first came: one with a change, pending, with the messages that it brought."""
    if not copy.change:
        return copy.event
    announced = {"prompt": copy.brought}
    return replace(copy.event, data=announced, pending=True, call=None, error=False, latency_ms=None)
