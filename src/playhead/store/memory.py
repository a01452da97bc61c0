"""The memory store: the whole contract of ``base`` in plain lists. What other engines are compared with.

Kept for tests and for trying things out: nothing here is fast or durable, everything is meant to be evidently right.
Every write is applied when it is called and its future is already done. Questions are answered by ``memory_query``,
keys and shares kept by ``memory_registry``.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import TypeVar

from msgspec import UNSET
from msgspec.structs import replace

from playhead.errors import (
    Conflict,
    EventNotFound,
    PlayheadError,
    SessionEnded,
    SessionErased,
    SessionNotFound,
    Unavailable,
)
from playhead.model.audit import NewEntry, with_erasure
from playhead.model.event import EventType, NewEvent
from playhead.model.filters import GroupBy, PageRequest, SessionFilter
from playhead.model.results import (
    CallMark,
    EventPage,
    Facet,
    HitPage,
    ModelLatency,
    Outcome,
    SessionPage,
    Started,
    Stats,
)
from playhead.model.session import Erasure, NewSession, Session, SessionEnd, SessionPatch
from playhead.replay.words import parse_query
from playhead.store import memory_query
from playhead.store.base import Change, Registry, SessionChange, Store
from playhead.store.copies import ErasedSession, EventCopy, SessionCopy
from playhead.store.expiring import Expired, Expiry, first_batch, of_session
from playhead.store.memory_record import Record, started
from playhead.store.memory_registry import MemoryRegistry

T = TypeVar("T")
SECOND_US = 1_000_000


class MemoryStore(MemoryRegistry, Store, Registry):
    """Sessions, events, keys and shares for as long as the process lives."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._records: list[Record] = []
        self._erased: dict[tuple[int, str], int] = {}
        self._numbers = itertools.count(1)
        self._closed = False

    # --- writing -------------------------------------------------------------------------------------------------

    def start_session(self, project: int, session: NewSession, now_us: int) -> Future[Started]:
        """Start a session, or return the open one of the same id."""
        return self._write(lambda: self._start(project, session, now_us))

    def append(self, project: int, session_id: str, events: Sequence[NewEvent], now_us: int) -> Future[list[Outcome]]:
        """Store events of one session, all or none."""

        def write() -> list[Outcome]:
            record = self._record(project, session_id)
            return [record.append(event, now_us) for event in events]

        return self._write(write)

    def apply(self, project: int, changes: Sequence[SessionChange], now_us: int) -> Future[list[Outcome]]:
        """Store changes of any sessions, each for itself."""
        return self._write(lambda: [self._outcome(project, change, now_us) for change in changes])

    def end_session(self, project: int, session_id: str, end: SessionEnd, now_us: int) -> Future[Session]:
        """End a session."""

        def write() -> Session:
            record = self._record(project, session_id)
            record.end(end, now_us)
            return record.session

        return self._write(write)

    def end_silent(self, now_us: int) -> Future[int]:
        """End every active session whose project's time-out has passed."""

        def write() -> int:
            timeouts = {project.no: project.timeout_s * SECOND_US for project in self.list_projects()}
            silent = [
                record
                for record in self._records
                if record.session.status == "active" and record.arrival_us + timeouts[record.project] <= now_us
            ]
            for record in silent:
                last_us = record.session.totals.last_event_us
                ended_us = last_us if last_us is not None else record.session.started_us
                record.end(SessionEnd(ended_us=ended_us, reason="timeout"), now_us)
            return len(silent)

        return self._write(write)

    def patch_session(
        self, project: int, session_id: str, patch: SessionPatch, now_us: int, entry: NewEntry | None = None
    ) -> Future[Session]:
        """Change label, tags, metadata or bookmark."""

        def write() -> Session:
            record = self._record(project, session_id)
            changes = {name: getattr(patch, name) for name in patch.__struct_fields__}
            changes = {name: value for name, value in changes.items() if value is not UNSET}
            record.session = replace(record.session, **changes, updated_us=now_us)
            self._enter(entry)
            return record.session

        return self._write(write)

    def erase_session(
        self, project: int, session_id: str, now_us: int, entry: NewEntry | None = None
    ) -> Future[Erasure]:
        """Forget a session and all that belongs to it, but that it was erased."""

        def write() -> Erasure:
            record = self._record(project, session_id)
            self._records.remove(record)
            self._erased[project, session_id] = now_us
            shares = self._drop_shares(project, session_id)
            self.forget_notes(project, session_id)
            erasure = Erasure(session_id, now_us, len(record.events), len(record.messages), shares)
            self._enter(entry and with_erasure(entry, erasure))
            return erasure

        return self._write(write)

    def erase_expired(
        self, project: int, expiry: Expiry, now_us: int, entry: NewEntry | None = None
    ) -> Future[list[Erasure]]:
        """Erase some of the sessions that are over."""
        with self._lock:
            due = [(record.session.id, len(record.events)) for record in self._expired(project, expiry)]
            return self._write(
                lambda: [
                    self.erase_session(project, id_, now_us, of_session(entry, id_)).result()
                    for id_ in first_batch(due)
                ]
            )

    def _write(self, change: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        with self._lock:
            self.check_writable()
            try:
                future.set_result(change())
            except PlayheadError as error:
                future.set_exception(error)
        return future

    def _start(self, project: int, new: NewSession, now_us: int) -> Started:
        if (project, new.id) in self._erased:
            raise SessionErased
        record = self._found(project, new.id)
        if record is None:
            record = Record(next(self._numbers), project, started(new, now_us), now_us)
            self._records.append(record)
            return Started(record.session, created=True)
        if record.session.status != "active":
            raise SessionEnded
        return Started(record.session, created=False)

    def _outcome(self, project: int, change: SessionChange, now_us: int) -> Outcome:
        try:
            return self._change(project, change.session_id, change.change, now_us)
        except PlayheadError as error:
            id_ = change.change.id if isinstance(change.change, NewEvent) else change.session_id
            return Outcome(id_, code=error.code, message=error.message)

    def _change(self, project: int, session_id: str, change: Change, now_us: int) -> Outcome:
        if isinstance(change, NewSession):
            there = self._found(project, session_id) is not None
            if not there:
                self._start(project, change, now_us)
            return Outcome(session_id, duplicate=there)
        record = self._record(project, session_id)
        if isinstance(change, SessionEnd):
            return Outcome(session_id, duplicate=not record.end(change, now_us))
        return record.append(change, now_us)

    # --- reading -------------------------------------------------------------------------------------------------

    def get_session(self, project: int, session_id: str) -> Session:
        """Return one session with its summary."""
        with self._lock:
            return self._record(project, session_id).session

    def list_sessions(self, project: int, where: SessionFilter, page: PageRequest) -> SessionPage:
        """Return one page of the sessions that match, sorted."""
        return memory_query.list_sessions(self._matching(project, where), page)

    def count_expired(self, project: int, expiry: Expiry) -> Expired:
        """Return how much is over."""
        with self._lock:
            sessions = [record.session for record in self._expired(project, expiry)]
        return Expired(
            len(sessions),
            sum(session.totals.interactions for session in sessions),
            min((session.started_us for session in sessions), default=None),
        )

    def _expired(self, project: int, expiry: Expiry) -> list[Record]:
        of_project = (record for record in self._records if record.project == project)
        due = [record for record in of_project if expiry.concerns(record.session, record.arrival_us)]
        return sorted(due, key=lambda record: record.arrival_us)

    def facets(self, project: int, where: SessionFilter, member: str, limit: int = 20) -> list[Facet]:
        """Count matching sessions by the values of a member."""
        return memory_query.facets(self._matching(project, where), member, limit)

    def get_events(
        self,
        project: int,
        session_id: str,
        *,
        after: int = 0,
        limit: int = 1000,
        types: Sequence[EventType] = (),
    ) -> EventPage:
        """Return events in time order from behind an event."""
        with self._lock:
            record = self._record(project, session_id)
            events = [event for event in record.behind(after) if not types or event.type in types]
            shown = events[:limit]
            return EventPage(shown, shown[-1].seq if shown and len(events) > limit else None)

    def get_events_since(self, project: int, session_id: str, seq: int, limit: int = 1000) -> EventPage:
        """Return events in order of arrival."""
        with self._lock:
            events = [event for event in self._record(project, session_id).events if event.seq > seq]
            shown = events[:limit]
            return EventPage(shown, shown[-1].seq if shown and len(events) > limit else None)

    def get_changed(self, project: int, session_id: str, change: int, seq: int, limit: int = 1000) -> EventPage:
        """Return events up to a seq that were completed by a later change."""
        with self._lock:
            events = [event for event in self._record(project, session_id).events if event.change > max(change, 0)]
            events = sorted((event for event in events if event.seq <= seq), key=lambda event: event.change)
            shown = events[:limit]
            return EventPage(shown, shown[-1].change if shown and len(events) > limit else None)

    def get_events_by_seq(self, project: int, session_id: str, seqs: Sequence[int]) -> EventPage:
        """Return the events with these seqs, in time order."""
        with self._lock:
            return EventPage([event for event in self._record(project, session_id).behind(0) if event.seq in seqs])

    def find_event(self, project: int, session_id: str, event_id: str) -> int:
        """Return the seq of an event by its id."""
        with self._lock:
            seq = self._record(project, session_id).seqs.get(event_id)
        if seq is None:
            raise EventNotFound
        return seq

    def get_marks(self, project: int, session_id: str, *, after: int = 0, limit: int = 20_000) -> list[CallMark]:
        """Return what a timeline draws of each event."""
        with self._lock:
            record = self._record(project, session_id)
            return [record.mark(event) for event in record.behind(after)[:limit]]

    def search(self, project: int, query: str, where: SessionFilter, *, limit: int = 20, offset: int = 0) -> HitPage:
        """Find texts with all words of a memory_query."""
        return memory_query.search(self._matching(project, where), query, limit, offset)

    def stats(self, project: int, where: SessionFilter, group_by: GroupBy = "day", top: int = 10) -> Stats:
        """Return statistics over the sessions that match."""
        return memory_query.stats(self._matching(project, where), group_by, top)

    def model_latencies(self, project: int, models: Sequence[str]) -> list[ModelLatency]:
        """Return the usual latencies of models in the project."""
        return memory_query.model_latencies(self._matching(project, SessionFilter()), models)

    def export_sessions(self, project: int, where: SessionFilter) -> Iterator[Session]:
        """Yield every session that matches, newest first."""
        records = self._matching(project, where)
        yield from (record.session for record in memory_query.in_order(records, "startedAt", "desc"))

    def _matching(self, project: int, where: SessionFilter) -> list[Record]:
        with self._lock:
            if self._closed:
                raise Unavailable("The store is closed")
            parse_query(where.search or "")  # over the limits also where nothing is recorded
            return [
                record for record in self._records if record.project == project and memory_query.matches(record, where)
            ]

    def _found(self, project: int, session_id: str) -> Record | None:
        if self._closed:
            raise Unavailable("The store is closed")
        same = (record for record in self._records if (record.project, record.session.id) == (project, session_id))
        return next(same, None)

    def _record(self, project: int, session_id: str) -> Record:
        record = self._found(project, session_id)
        if record is None:
            raise SessionNotFound
        return record

    # --- copying -------------------------------------------------------------------------------------------------

    def copy_sessions(self, project: int, after: int = 0, limit: int = 200) -> list[SessionCopy]:
        """Return sessions in order of creation, from behind a position."""
        with self._lock:
            records = [record for record in self._records if record.project == project and record.no > after]
            return [SessionCopy(record.no, record.session, record.arrival_us) for record in records[:limit]]

    def copy_events(self, project: int, session_id: str, seqs: Sequence[int]) -> list[EventCopy]:
        """Return the events with these seqs with all that is kept of them, in order of seq."""
        with self._lock:
            record = self._record(project, session_id)
            return [record.copy(event) for event in record.events if event.seq in seqs]

    def settle_session(self, project: int, copy: SessionCopy) -> Future[None]:
        """Make a session what its copy says."""

        def write() -> None:
            record = self._record(project, copy.session.id)
            there, wanted = record.session.totals, copy.session.totals
            if (there.events, there.changes) != (wanted.events, wanted.changes):
                raise Conflict
            record.session, record.arrival_us = copy.session, copy.last_arrival_us

        return self._write(write)

    def list_erased(self, project: int, after: str = "", limit: int = 1000) -> list[ErasedSession]:
        """Return the erased sessions in order of their ids, from behind one of them."""
        with self._lock:
            erased = [
                ErasedSession(id_, erased_us)
                for (no, id_), erased_us in sorted(self._erased.items())
                if no == project and id_ > after
            ]
            return erased[:limit]

    def keep_erased(self, project: int, erased: Sequence[ErasedSession]) -> Future[None]:
        """Remember sessions as erased that never were here."""

        def write() -> None:
            if any(self._found(project, each.session_id) for each in erased):
                raise Conflict
            for each in erased:
                self._erased.setdefault((project, each.session_id), each.erased_us)

        return self._write(write)

    # --- life ----------------------------------------------------------------------------------------------------

    def check_writable(self) -> None:
        """Raise Unavailable once closed."""
        if self._closed:
            raise Unavailable("The store is closed")

    def wait_for_index(self, timeout_s: float = 10.0) -> bool:  # noqa: ARG002 - the protocol's; nothing is waited for
        """Return True: there is no index to wait for."""
        return True

    def gauges(self) -> dict[str, float]:
        """Return how much is held."""
        with self._lock:
            return {"sessions": len(self._records), "queue_depth": 0, "queue_bytes": 0, "index_lag": 0}

    def close(self) -> None:
        """Answer nothing from now on."""
        self._closed = True
