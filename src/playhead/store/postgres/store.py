"""The PostgreSQL store: what implements the protocols, put together from this package's parts.

Owns nothing but the wiring: writes go to the writer as functions, reads take a connection from the pool. Its tables are
described in ``schema``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from typing import Final, TypeVar

from playhead.errors import StoreFull, Unavailable
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
from playhead.store.base import SessionChange, Store
from playhead.store.copies import ErasedSession, EventCopy, SessionCopy
from playhead.store.expiring import Expired, Expiry
from playhead.store.postgres import copying, erasing, expiring, latencies, listing, reading, searching, sessions
from playhead.store.postgres import stats as statistics
from playhead.store.postgres.appending import Append, Apply, store_run
from playhead.store.postgres.confirming import check_confirmed
from playhead.store.postgres.connection import Db, Pool, connected
from playhead.store.postgres.exporting import export_sessions
from playhead.store.postgres.facets import facets as count_by
from playhead.store.postgres.index import Follower
from playhead.store.postgres.indexing import first_queued, last_queued
from playhead.store.postgres.migrations import REGISTRY_MIGRATIONS, STORE_MIGRATIONS, migrate
from playhead.store.postgres.reading import Place
from playhead.store.postgres.registry import PostgresRegistry
from playhead.store.postgres.writer import Writer, WriteScope
from playhead.store.write_queue import MAX_BYTES, MAX_CHANGES

T = TypeVar("T")

PROBE_BYTES: Final = 65_536
PROBE_PATIENCE_S: Final = 5.0

_HAS_SESSION: Final = "SELECT FROM sessions WHERE project_no = %s AND id = %s FOR KEY SHARE"


class PostgresStore(PostgresRegistry, Store):
    """Implements ``Store`` and ``Registry`` over a database; made by ``open_postgres``."""

    def __init__(self, url: str, *, max_changes: int = MAX_CHANGES, max_bytes: int = MAX_BYTES) -> None:
        super().__init__(Pool(url), _has_session)
        self._follower = Follower(url)
        self._writer = Writer(
            url, together=store_run, on_commit=self._follower.wake, max_changes=max_changes, max_bytes=max_bytes
        )
        self._follower.start()

    # --- writing -------------------------------------------------------------------------------------------------

    def start_session(self, project: int, session: NewSession, now_us: int) -> Future[Started]:
        """Start a session, or return the open one of the same id. Fails with SessionEnded, SessionErased."""
        return self._write(project, lambda scope: sessions.start_session(scope, project, session, now_us))

    def append(self, project: int, session_id: str, events: Sequence[NewEvent], now_us: int) -> Future[list[Outcome]]:
        """Store events of one session, all or none. Fails with SessionNotFound."""
        return self._writer.submit_bulk(
            Append(project, session_id, events, now_us),
            changes=max(1, len(events)),
            size_bytes=sum(event.size_bytes for event in events),
            project=project,
        )

    def apply(self, project: int, changes: Sequence[SessionChange], now_us: int) -> Future[list[Outcome]]:
        """Store changes of any sessions in order, each for itself; failures are in the outcomes."""
        return self._writer.submit_bulk(
            Apply(project, changes, now_us),
            changes=max(1, len(changes)),
            size_bytes=sum(each.change.size_bytes for each in changes if isinstance(each.change, NewEvent)),
            project=project,
        )

    def end_session(self, project: int, session_id: str, end: SessionEnd, now_us: int) -> Future[Session]:
        """End a session, once. Fails with SessionNotFound."""
        return self._write(project, lambda scope: sessions.end_session(scope, project, session_id, end, now_us))

    def end_silent(self, now_us: int) -> Future[int]:
        """End every session that has been silent for its project's time-out, and return how many."""
        return self._writer.submit(lambda scope: sessions.end_silent(scope, now_us), changes=1)

    def patch_session(
        self, project: int, session_id: str, patch: SessionPatch, now_us: int, entry: NewEntry | None = None
    ) -> Future[Session]:
        """Change label, tags, metadata or bookmark. Fails with SessionNotFound."""

        def write(scope: WriteScope) -> Session:
            session = sessions.patch_session(scope, project, session_id, patch, now_us)
            if entry is not None:
                scope.entries.append(entry)
            return session

        return self._write(project, write)

    def erase_session(
        self, project: int, session_id: str, now_us: int, entry: NewEntry | None = None
    ) -> Future[Erasure]:
        """Remove a session with all that hangs on it. Fails with SessionNotFound."""
        return self._write(project, lambda scope: erasing.erase_session(scope, project, session_id, now_us, entry))

    def erase_expired(
        self, project: int, expiry: Expiry, now_us: int, entry: NewEntry | None = None
    ) -> Future[list[Erasure]]:
        """Erase some of the sessions that are over; nothing when there is none, or another server does."""
        return self._write(project, lambda scope: expiring.erase_expired(scope, project, expiry, now_us, entry))

    # --- reading one session -------------------------------------------------------------------------------------

    def get_session(self, project: int, session_id: str) -> Session:
        """Return one session with its summary. Raises SessionNotFound."""
        return self._pool.read(lambda db: reading.get_session(db, project, session_id))

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
        return self._at(
            project,
            session_id,
            lambda db, place: reading.get_events(db, place, after=after, limit=limit, types=types),
        )

    def get_events_since(self, project: int, session_id: str, seq: int, limit: int = 1000) -> EventPage:
        """Return events in order of arrival, with a seq above ``seq``. Raises SessionNotFound."""
        return self._at(project, session_id, lambda db, place: reading.get_events_since(db, place, seq, limit))

    def get_changed(self, project: int, session_id: str, change: int, seq: int, limit: int = 1000) -> EventPage:
        """Return events up to ``seq`` completed by a change above ``change``. Raises SessionNotFound."""
        return self._at(project, session_id, lambda db, place: reading.get_changed(db, place, change, seq, limit))

    def get_events_by_seq(self, project: int, session_id: str, seqs: Sequence[int]) -> EventPage:
        """Return the events with these seqs, in time order. Raises SessionNotFound."""
        return self._at(project, session_id, lambda db, place: reading.get_events_by_seq(db, place, seqs))

    def find_event(self, project: int, session_id: str, event_id: str) -> int:
        """Return the seq of an event by its id. Raises SessionNotFound, EventNotFound."""
        return self._at(project, session_id, lambda db, place: reading.find_event(db, place, event_id))

    def get_marks(self, project: int, session_id: str, *, after: int = 0, limit: int = 20_000) -> list[CallMark]:
        """Return what a timeline draws of each event, in time order. Raises SessionNotFound."""
        return self._at(project, session_id, lambda db, place: reading.get_marks(db, place, after=after, limit=limit))

    # --- reading many --------------------------------------------------------------------------------------------

    def list_sessions(self, project: int, where: SessionFilter, page: PageRequest) -> SessionPage:
        """Return one page of the sessions that match, sorted."""
        return self._pool.read(lambda db: listing.list_sessions(db, project, where, page))

    def count_expired(self, project: int, expiry: Expiry) -> Expired:
        """Return how many sessions are over, and what they hold."""
        return self._pool.read(lambda db: expiring.count_expired(db, project, expiry))

    def facets(self, project: int, where: SessionFilter, member: str, limit: int = 20) -> list[Facet]:
        """Count matching sessions by the values of a member, most first."""
        return self._pool.read(lambda db: count_by(db, project, where, member, limit))

    def search(self, project: int, query: str, where: SessionFilter, *, limit: int = 20, offset: int = 0) -> HitPage:
        """Find texts with all words of a query, best first; an empty query finds nothing."""
        return self._pool.read(lambda db: searching.search(db, project, query, where, limit=limit, offset=offset))

    def stats(self, project: int, where: SessionFilter, group_by: GroupBy = "day", top: int = 10) -> Stats:
        """Return statistics over the sessions that match."""
        return self._pool.read(lambda db: statistics.stats(db, project, where, group_by, top))

    def model_latencies(self, project: int, models: Sequence[str]) -> list[ModelLatency]:
        """Return the usual latencies of these models in the project."""
        return self._pool.read(lambda db: latencies.model_latencies(db, project, models))

    def export_sessions(self, project: int, where: SessionFilter) -> Iterator[Session]:
        """Yield every session that matches, newest first, without holding them all."""
        return export_sessions(self._pool, project, where)

    # --- copying -------------------------------------------------------------------------------------------------

    def copy_sessions(self, project: int, after: int = 0, limit: int = 200) -> list[SessionCopy]:
        """Return sessions in order of creation, from behind a position."""
        return self._pool.read(lambda db: copying.copy_sessions(db, project, after, limit))

    def copy_events(self, project: int, session_id: str, seqs: Sequence[int]) -> list[EventCopy]:
        """Return events by their seqs, with all that is kept of them. Raises SessionNotFound."""
        return self._at(project, session_id, lambda db, place: copying.copy_events(db, place, seqs))

    def settle_session(self, project: int, copy: SessionCopy) -> Future[None]:
        """Make a session what its copy says. Fails with SessionNotFound, Conflict."""
        return self._write(project, lambda scope: copying.settle_session(scope, project, copy))

    def list_erased(self, project: int, after: str = "", limit: int = 1000) -> list[ErasedSession]:
        """Return the erased sessions in order of their ids, from behind one."""
        return self._pool.read(lambda db: copying.list_erased(db, project, after, limit))

    def keep_erased(self, project: int, erased: Sequence[ErasedSession]) -> Future[None]:
        """Remember sessions as erased that never were here. Fails with Conflict."""
        return self._write(project, lambda scope: copying.keep_erased(scope, project, erased))

    # --- life ----------------------------------------------------------------------------------------------------

    def check_writable(self) -> None:
        """Raise Unavailable when nothing could be stored: the queue or the disk is full, or the database away, or the
        standby that has to confirm.

        After a full disk, try whether there is room again.
        """
        if self._writer.full:
            self._probe()
        self._writer.check()
        if self._writer.unconfirmed:
            self._pool.read(check_confirmed)
        self._pool.write(lambda db: db.execute("SELECT pg_current_xact_id()").close())

    def wait_for_index(self, timeout_s: float = 10.0) -> bool:
        """Block until the search index holds every write that was done at the call; False when that took too long."""
        until = time.monotonic() + timeout_s
        last = self._pool.read(last_queued)
        while last and 0 < self._pool.read(first_queued) <= last:
            left = until - time.monotonic()
            if left <= 0:
                return False
            self._follower.await_step(min(left, 1.0))
        return True

    def gauges(self) -> dict[str, float]:
        """Return queue_depth, queue_bytes, commits_total, commits_repeated_total and database_away (0 or 1); and, as
        long as the database can be asked, database_bytes and index_lag in queued writes."""
        try:
            sizes = self._pool.read(_sizes)
        except Unavailable:
            return {**self._writer.gauges(), "database_away": 1}
        return {**self._writer.gauges(), **sizes, "database_away": 0}

    def close(self) -> None:
        """Write what is queued, stop the threads, close the connections."""
        self._writer.close()
        self._follower.stop()
        super().close()

    def _probe(self) -> None:
        done, _ = wait([self._writer.submit(_take_room)], PROBE_PATIENCE_S)
        if not done or done.pop().exception() is not None:
            raise StoreFull
        self._writer.submit(_leave_room)

    def _write(self, project: int, run: Callable[[WriteScope], T]) -> Future[T]:
        """Queue a write of one change."""
        return self._writer.submit(run, changes=1, project=project)

    def _at(self, project: int, session_id: str, ask: Callable[[Db, Place], T]) -> T:
        """Ask something about a session. Raises SessionNotFound."""
        return self._pool.read(lambda db: ask(db, reading.find_place(db, project, session_id)))


def _has_session(db: Db, project: int, session_id: str) -> bool:
    return db.execute(_HAS_SESSION, (project, session_id)).rowcount > 0


def _take_room(scope: WriteScope) -> None:
    scope.db.execute(
        "INSERT INTO installation VALUES ('probe', %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (os.urandom(PROBE_BYTES),),
    )


def _leave_room(scope: WriteScope) -> None:
    scope.db.execute("DELETE FROM installation WHERE name = 'probe'")


def _sizes(db: Db) -> dict[str, float]:
    size = db.execute("SELECT pg_database_size(current_database())").fetchone()
    first, last = first_queued(db), last_queued(db)
    return {"database_bytes": size[0] if size else 0, "index_lag": last - first + 1 if last else 0}


def open_postgres(url: str, *, max_changes: int = MAX_CHANGES, max_bytes: int = MAX_BYTES) -> PostgresStore:
    """Open the store in a database, made and brought up to date.

    ``max_changes`` and ``max_bytes`` bound what waits to be written. Raises BadSetting, NewerDatabase, Unavailable.
    """
    with connected(url) as db:
        migrate(db, "registry", REGISTRY_MIGRATIONS)
        migrate(db, "store", STORE_MIGRATIONS)
    return PostgresStore(url, max_changes=max_changes, max_bytes=max_bytes)
