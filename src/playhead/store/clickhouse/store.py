"""The ClickHouse store: what implements the protocols, put together from this package's parts.

Owns nothing but the wiring: writes go to the writer as tasks, reads ask ClickHouse beside it, keys and shares are the
engine's beside. Its tables, and how they are written, are described in ``schema``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from playhead.model.audit import NewEntry
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
from playhead.store.base import Registry, SessionChange, Store
from playhead.store.clickhouse import copying, expiring, latencies, listing, reading, searching, writes
from playhead.store.clickhouse import stats as statistics
from playhead.store.clickhouse.book import LedgerBook
from playhead.store.clickhouse.breadth import Breadth
from playhead.store.clickhouse.connection import Connection
from playhead.store.clickhouse.registry import Beside, BesideRegistry
from playhead.store.clickhouse.writer import Writer
from playhead.store.copies import ErasedSession, EventCopy, SessionCopy
from playhead.store.expiring import Expired, Expiry
from playhead.store.write_queue import MAX_BYTES, MAX_CHANGES

ASKING = 4


class ClickHouseStore(BesideRegistry, Store, Registry):
    """Implements ``Store`` over a ClickHouse database and a book, and ``Registry`` by an engine beside them."""

    def __init__(
        self,
        connection: Connection,
        book: LedgerBook,
        beside: Beside,
        *,
        max_changes: int = MAX_CHANGES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._connection = connection
        self._book = book
        self._beside = beside
        self._breadth = Breadth(connection)
        self._asking = ThreadPoolExecutor(ASKING, thread_name_prefix="playhead-stats")
        self._writer = Writer(connection, book, beside, max_changes=max_changes, max_bytes=max_bytes)

    # --- writing -------------------------------------------------------------------------------------------------

    def start_session(self, project: int, session: NewSession, now_us: int) -> Future[Started]:
        """Start a session, or return the open one of the same id. Fails with SessionEnded, SessionErased."""
        return self._writer.submit(writes.Start(project, session, now_us), project)

    def append(self, project: int, session_id: str, events: Sequence[NewEvent], now_us: int) -> Future[list[Outcome]]:
        """Store events of one session, all or none. Fails with SessionNotFound."""
        return self._writer.submit(
            writes.Append(project, session_id, events, now_us),
            project,
            changes=max(1, len(events)),
            size_bytes=sum(event.size_bytes for event in events),
        )

    def apply(self, project: int, changes: Sequence[SessionChange], now_us: int) -> Future[list[Outcome]]:
        """Store changes of any sessions in order, each for itself; failures are in the outcomes."""
        return self._writer.submit(
            writes.Apply(project, changes, now_us),
            project,
            changes=max(1, len(changes)),
            size_bytes=sum(each.change.size_bytes for each in changes if isinstance(each.change, NewEvent)),
        )

    def end_session(self, project: int, session_id: str, end: SessionEnd, now_us: int) -> Future[Session]:
        """End a session, once. Fails with SessionNotFound."""
        return self._writer.submit(writes.End(project, session_id, end, now_us), project)

    def end_silent(self, now_us: int) -> Future[int]:
        """End sessions that have been silent for their project's time-out, at most ``writes.SILENT_AT_ONCE`` of each
        project at a time, and return how many."""
        return self._writer.submit(writes.EndSilent(now_us), None)

    def patch_session(
        self, project: int, session_id: str, patch: SessionPatch, now_us: int, entry: NewEntry | None = None
    ) -> Future[Session]:
        """Change label, tags, metadata or bookmark. Fails with SessionNotFound."""
        return self._writer.submit(writes.Patch(project, session_id, patch, now_us, entry), project)

    def erase_session(
        self, project: int, session_id: str, now_us: int, entry: NewEntry | None = None
    ) -> Future[Erasure]:
        """Remove a session with all that hangs on it. Fails with SessionNotFound."""
        return self._writer.submit(writes.Erase(project, session_id, now_us, self._forget_beside, entry), project)

    def erase_expired(
        self, project: int, expiry: Expiry, now_us: int, entry: NewEntry | None = None
    ) -> Future[list[Erasure]]:
        """Erase some of the sessions that are over, at most ``writes.ERASED_AT_ONCE``; nothing when there is none, or
        another server does."""
        return self._writer.submit(writes.EraseExpired(project, expiry, now_us, self._forget_beside, entry), project)

    # --- reading one session -------------------------------------------------------------------------------------

    def get_session(self, project: int, session_id: str) -> Session:
        """Return one session with its summary. Raises SessionNotFound."""
        return reading.get_session(self._connection, project, session_id)

    def get_events(
        self,
        project: int,
        session_id: str,
        *,
        after: int = 0,
        limit: int = 1000,
        types: Sequence[EventType] = (),
    ) -> EventPage:
        """Return events in time order from behind the event with seq ``after``. Raises SessionNotFound."""
        head = reading.get_head(self._connection, project, session_id)
        return reading.get_events(self._connection, head, after=after, limit=limit, types=types)

    def get_events_since(self, project: int, session_id: str, seq: int, limit: int = 1000) -> EventPage:
        """Return events in order of arrival, with a seq above ``seq``. Raises SessionNotFound."""
        head = reading.get_head(self._connection, project, session_id)
        return reading.get_events_since(self._connection, head, seq, limit)

    def get_changed(self, project: int, session_id: str, change: int, seq: int, limit: int = 1000) -> EventPage:
        """Return events up to ``seq`` completed by a change above ``change``. Raises SessionNotFound."""
        head = reading.get_head(self._connection, project, session_id)
        return reading.get_changed(self._connection, head, change, seq, limit)

    def get_events_by_seq(self, project: int, session_id: str, seqs: Sequence[int]) -> EventPage:
        """Return the events with these seqs, in time order. Raises SessionNotFound."""
        head = reading.get_head(self._connection, project, session_id)
        return reading.get_events_by_seq(self._connection, head, seqs)

    def find_event(self, project: int, session_id: str, event_id: str) -> int:
        """Return the seq of an event by its id. Raises SessionNotFound, EventNotFound."""
        head = reading.get_head(self._connection, project, session_id)
        return reading.find_event(self._connection, head, event_id)

    def get_marks(self, project: int, session_id: str, *, after: int = 0, limit: int = 20_000) -> list[CallMark]:
        """Return what a timeline draws of each event, in time order. Raises SessionNotFound."""
        head = reading.get_head(self._connection, project, session_id)
        return reading.get_marks(self._connection, head, after=after, limit=limit)

    # --- reading many --------------------------------------------------------------------------------------------

    def list_sessions(self, project: int, where: SessionFilter, page: PageRequest) -> SessionPage:
        """Return one page of the sessions that match, sorted."""
        return listing.list_sessions(self._connection, self._breadth, project, where, page)

    def count_expired(self, project: int, expiry: Expiry) -> Expired:
        """Return how many sessions are over, and what they hold."""
        return expiring.count_expired(self._connection, project, expiry)

    def facets(self, project: int, where: SessionFilter, member: str, limit: int = 20) -> list[Facet]:
        """Count matching sessions by the values of a member, most first."""
        return listing.facets(self._connection, project, where, member, limit)

    def search(self, project: int, query: str, where: SessionFilter, *, limit: int = 20, offset: int = 0) -> HitPage:
        """Find texts with all words of a query, best first; an empty query finds nothing."""
        return searching.search(self._connection, project, query, where, limit=limit, offset=offset)

    def stats(self, project: int, where: SessionFilter, group_by: GroupBy = "day", top: int = 10) -> Stats:
        """Return statistics over the sessions that match."""
        self._connection.refuse_if_closed()
        asked = (self._connection, self._asking, self._breadth, project, where)
        return statistics.stats(*asked, group_by=group_by, top=top)

    def model_latencies(self, project: int, models: Sequence[str]) -> list[ModelLatency]:
        """Return the usual latencies of these models in the project."""
        return latencies.model_latencies(self._connection, project, models)

    def export_sessions(self, project: int, where: SessionFilter) -> Iterator[Session]:
        """Yield every session that matches, newest first, without holding them all."""
        return listing.export_sessions(self._connection, project, where)

    # --- copying -------------------------------------------------------------------------------------------------

    def copy_sessions(self, project: int, after: int = 0, limit: int = 200) -> list[SessionCopy]:
        """Return sessions in order of creation, from behind the position ``after``."""
        return listing.copy_sessions(self._connection, project, after, limit)

    def copy_events(self, project: int, session_id: str, seqs: Sequence[int]) -> list[EventCopy]:
        """Return the events with these seqs with all that is kept of them, by seq. Raises SessionNotFound."""
        head = reading.get_head(self._connection, project, session_id)
        return copying.copy_events(self._connection, head, seqs)

    def settle_session(self, project: int, copy: SessionCopy) -> Future[None]:
        """Make a session what its copy says. Fails with SessionNotFound, Conflict."""
        return self._writer.submit(writes.Settle(project, copy), project)

    def list_erased(self, project: int, after: str = "", limit: int = 1000) -> list[ErasedSession]:
        """Return the erased sessions in order of their ids, from behind the id ``after``."""
        return self._book.list_erased(project, after, limit)

    def keep_erased(self, project: int, erased: Sequence[ErasedSession]) -> Future[None]:
        """Remember sessions as erased that never were in this store. Fails with Conflict."""
        return self._writer.submit(writes.KeepErased(project, erased), project)

    # --- life ----------------------------------------------------------------------------------------------------

    def check_writable(self) -> None:
        """Raise Unavailable when nothing could be stored; after a failure, ask whether that has passed."""
        self._writer.check()
        self._beside.check_writable()

    def wait_for_index(self, timeout_s: float = 10.0) -> bool:  # noqa: ARG002  # the protocol's; a text is found at once
        """Return True: texts are stored with their events."""
        self._connection.refuse_if_closed()
        return True

    def gauges(self) -> dict[str, float]:
        """Return queue_depth, queue_bytes, commits_total, database_bytes; index_lag is always 0."""
        return {**self._writer.gauges(), "database_bytes": self._connection.size_bytes(), "index_lag": 0}

    def close(self) -> None:
        """Write what is queued, stop the threads, close the connections."""
        self._writer.close()
        self._asking.shutdown()
        self._connection.close()
        self._book.close()
        self._beside.close()
