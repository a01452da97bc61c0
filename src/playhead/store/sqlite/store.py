"""The SQLite store: what implements the protocols, put together from this package's parts.

Owns nothing but the wiring: writes go to the writer as functions, reads take a connection from the pool. Its tables are
described in ``schema``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from playhead.errors import Unavailable
from playhead.model.audit import NewEntry
from playhead.model.event import EventType, NewEvent
from playhead.model.filters import GroupBy, PageRequest, SessionFilter
from playhead.model.results import (
    CallMark,
    EventPage,
    Facet,
    HitPage,
    KindCount,
    ModelLatency,
    Outcome,
    SessionPage,
    Started,
    Stats,
)
from playhead.model.session import Erasure, NewSession, Session, SessionEnd, SessionPatch
from playhead.store.base import Registry, SessionChange, Store
from playhead.store.copies import ErasedSession, EventCopy, SessionCopy
from playhead.store.expiring import Expired, Expiry
from playhead.store.payload import Packer
from playhead.store.sqlite import copying, erasing, expiring, latencies, listing, reading, searching, sessions
from playhead.store.sqlite import facets as facetting
from playhead.store.sqlite import stats as statistics
from playhead.store.sqlite.ahead import Ahead
from playhead.store.sqlite.appending import Append, Apply, store_run
from playhead.store.sqlite.audit import entered
from playhead.store.sqlite.connection import (
    DATABASE,
    DISK_ERRORS,
    ReaderPool,
    failure_of,
    open_database,
    open_reader,
)
from playhead.store.sqlite.dictionaries import newest_dictionary
from playhead.store.sqlite.exporting import export_sessions
from playhead.store.sqlite.index import Follower
from playhead.store.sqlite.indexing import last_queued, prepare_index
from playhead.store.sqlite.mooring import Mooring
from playhead.store.sqlite.registry import KeyDoor, SqliteRegistry
from playhead.store.sqlite.upkeep import Upkeep
from playhead.store.sqlite.writer import Writer, WriteScope
from playhead.store.write_queue import MAX_BYTES, MAX_CHANGES

T = TypeVar("T")

PROBE_BYTES = 65_536
PROBE_PATIENCE_S = 2.0


class SqliteStore(SqliteRegistry, Store, Registry):
    """Implements ``Store`` and ``Registry`` over a data directory; made by ``open_sqlite``."""

    def __init__(self, data_dir: Path, *, max_changes: int = MAX_CHANGES, max_bytes: int = MAX_BYTES) -> None:
        self._data_dir = data_dir
        database = open_database(data_dir)
        try:
            prepare_index(database, data_dir)
            packer = Packer(newest_dictionary(database))
        except BaseException:
            database.close()
            raise
        self._mooring = Mooring(data_dir / DATABASE, data_dir / f"{DATABASE}-wal")
        self._writer = Writer(
            database,
            together=store_run,
            on_commit=self._committed,
            packer=packer,
            check_files=self._mooring.check,
            max_changes=max_changes,
            max_bytes=max_bytes,
        )
        self._tried = False
        self._ahead = Ahead(packer)
        self._readers = ReaderPool(data_dir)
        self._door = KeyDoor(lambda: open_reader(data_dir, search=False))
        self._follower = Follower(data_dir, prune=self._prune_queue)
        self._follower.start()
        self._upkeep = Upkeep(self._readers, self._writer.submit, lambda: self._writer.commits)

    # --- writing -------------------------------------------------------------------------------------------------

    def start_session(self, project: int, session: NewSession, now_us: int) -> Future[Started]:
        """Start a session, or return the open one of the same id. Fails with SessionEnded, SessionErased."""
        return self._write(project, lambda scope: sessions.start_session(scope, project, session, now_us))

    def append(self, project: int, session_id: str, events: Sequence[NewEvent], now_us: int) -> Future[list[Outcome]]:
        """Store events of one session, all or none. Fails with SessionNotFound."""
        return self._bulk(Append(project, session_id, events, now_us), len(events))

    def apply(self, project: int, changes: Sequence[SessionChange], now_us: int) -> Future[list[Outcome]]:
        """Store changes of any sessions in order, each for itself; failures are in the outcomes."""
        return self._bulk(Apply(project, changes, now_us), len(changes))

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
        return self._write(
            project, entered(lambda scope: sessions.patch_session(scope, project, session_id, patch, now_us), entry)
        )

    def erase_session(
        self, project: int, session_id: str, now_us: int, entry: NewEntry | None = None
    ) -> Future[Erasure]:
        """Remove a session with all that hangs on it. Fails with SessionNotFound."""
        return self._write(project, lambda scope: erasing.erase_session(scope, project, session_id, now_us, entry))

    def erase_expired(
        self, project: int, expiry: Expiry, now_us: int, entry: NewEntry | None = None
    ) -> Future[list[Erasure]]:
        """Erase some of the sessions that are over; nothing when there is none."""
        return self._write(project, lambda scope: expiring.erase_expired(scope, project, expiry, now_us, entry))

    # --- reading one session -------------------------------------------------------------------------------------

    def get_session(self, project: int, session_id: str) -> Session:
        """Return one session with its summary. Raises SessionNotFound."""
        with self._readers.read() as db:
            return reading.get_session(db, project, session_id)

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
        with self._readers.read() as db:
            no = reading.session_number(db, project, session_id)
            return reading.get_events(db, no, after=after, limit=limit, types=types)

    def get_events_since(self, project: int, session_id: str, seq: int, limit: int = 1000) -> EventPage:
        """Return events in order of arrival, with a seq above ``seq``. Raises SessionNotFound."""
        with self._readers.read() as db:
            return reading.get_events_since(db, reading.session_number(db, project, session_id), seq, limit)

    def get_changed(self, project: int, session_id: str, change: int, seq: int, limit: int = 1000) -> EventPage:
        """Return events up to ``seq`` completed by a change above ``change``. Raises SessionNotFound."""
        with self._readers.read() as db:
            return reading.get_changed(db, reading.session_number(db, project, session_id), change, seq, limit)

    def get_events_by_seq(self, project: int, session_id: str, seqs: Sequence[int]) -> EventPage:
        """Return the events with these seqs, in time order. Raises SessionNotFound."""
        with self._readers.read() as db:
            return reading.get_events_by_seq(db, reading.session_number(db, project, session_id), seqs)

    def find_event(self, project: int, session_id: str, event_id: str) -> int:
        """Return the seq of an event by its id. Raises SessionNotFound, EventNotFound."""
        with self._readers.read() as db:
            return reading.find_event(db, project, session_id, event_id)

    def get_marks(self, project: int, session_id: str, *, after: int = 0, limit: int = 20_000) -> list[CallMark]:
        """Return what a timeline draws of each event, in time order. Raises SessionNotFound."""
        with self._readers.read() as db:
            no = reading.session_number(db, project, session_id)
            return reading.get_marks(db, no, after=after, limit=limit)

    def count_events(self, project: int, session_id: str) -> list[KindCount]:
        """Return how many events and errors of each kind a session has. Raises SessionNotFound."""
        with self._readers.read() as db:
            return reading.count_events(db, reading.session_number(db, project, session_id))

    # --- reading many --------------------------------------------------------------------------------------------

    def list_sessions(self, project: int, where: SessionFilter, page: PageRequest) -> SessionPage:
        """Return one page of the sessions that match, sorted."""
        with self._readers.read() as db:
            return listing.list_sessions(db, project, where, page)

    def count_expired(self, project: int, expiry: Expiry) -> Expired:
        """Return how many sessions are over, and what they hold."""
        with self._readers.read() as db:
            return expiring.count_expired(db, project, expiry)

    def facets(self, project: int, where: SessionFilter, member: str, limit: int = 20) -> list[Facet]:
        """Count matching sessions by the values of a member, most first."""
        with self._readers.read() as db:
            return facetting.facets(db, project, where, member, limit)

    def search(self, project: int, query: str, where: SessionFilter, *, limit: int = 20, offset: int = 0) -> HitPage:
        """Find texts with all words of a query, best first; an empty query finds nothing."""
        with self._readers.read() as db:
            return searching.search(db, project, query, where, limit=limit, offset=offset)

    def stats(self, project: int, where: SessionFilter, group_by: GroupBy = "day", top: int = 10) -> Stats:
        """Return statistics over the sessions that match."""
        with self._readers.read() as db:
            return statistics.stats(db, project, where, group_by, top)

    def model_latencies(self, project: int, models: Sequence[str]) -> list[ModelLatency]:
        """Return the usual latencies of these models in the project."""
        with self._readers.read() as db:
            return latencies.model_latencies(db, project, models)

    def export_sessions(self, project: int, where: SessionFilter) -> Iterator[Session]:
        """Yield every session that matches, newest first, without holding them all."""
        return export_sessions(self._readers, project, where)

    # --- copying -------------------------------------------------------------------------------------------------

    def copy_sessions(self, project: int, after: int = 0, limit: int = 200) -> list[SessionCopy]:
        """Return sessions in order of creation, from behind a position."""
        with self._readers.read() as db:
            return copying.copy_sessions(db, project, after, limit)

    def copy_events(self, project: int, session_id: str, seqs: Sequence[int]) -> list[EventCopy]:
        """Return events by their seqs, with all that is kept of them. Raises SessionNotFound."""
        with self._readers.read() as db:
            return copying.copy_events(db, reading.session_number(db, project, session_id), seqs)

    def settle_session(self, project: int, copy: SessionCopy) -> Future[None]:
        """Make a session what its copy says. Fails with SessionNotFound, Conflict."""
        return self._write(project, lambda scope: copying.settle_session(scope, project, copy))

    def list_erased(self, project: int, after: str = "", limit: int = 1000) -> list[ErasedSession]:
        """Return the erased sessions in order of their ids, from behind one."""
        with self._readers.read() as db:
            return copying.list_erased(db, project, after, limit)

    def keep_erased(self, project: int, erased: Sequence[ErasedSession]) -> Future[None]:
        """Remember sessions as erased that never were here. Fails with Conflict."""
        return self._write(project, lambda scope: copying.keep_erased(scope, project, erased))

    # --- life ----------------------------------------------------------------------------------------------------

    def check_writable(self) -> None:
        """Raise Unavailable when nothing could be stored; at first, and after a write that failed, try to store."""
        self._mooring.check()
        if self._writer.failed or not self._tried:
            self._probe()
            self._tried = True
        self._writer.check()

    def wait_for_index(self, timeout_s: float = 10.0) -> bool:
        """Block until the search index holds every write that was done at the call; False when that took too long."""
        with self._readers.read() as db:
            last = last_queued(db)
        return self._follower.caught_up_to(last, timeout_s)

    def gauges(self) -> dict[str, float]:
        """Return queue_depth, queue_bytes, commits_total, wal_pages, database_bytes, and index_lag in queued writes."""
        path = self._data_dir / DATABASE
        found = {**self._writer.gauges(), "database_bytes": path.stat().st_size if path.is_file() else 0}
        with suppress(Unavailable), self._readers.read() as db:  # what cannot be read is not told; the rest is
            found["index_lag"] = max(0, last_queued(db) - self._follower.done)
        return found

    def close(self) -> None:
        """Write what is queued, stop the threads, close the files."""
        self._upkeep.stop()
        self._follower.stop()
        self._writer.close()
        self._ahead.close()
        self._readers.close()
        self._door.close()

    def _bulk(self, write: Append | Apply, changes: int) -> Future[list[Outcome]]:
        """Queue a write of events, and once it is taken begin to make them ready."""
        events = write.events
        future = self._writer.submit_bulk(
            write,
            changes=max(1, changes),
            size_bytes=sum(event.size_bytes for event in events),
            project=write.project,
        )
        write.ahead = self._ahead.prepare(events)
        return future

    def _write(self, project: int, run: Callable[[WriteScope], T]) -> Future[T]:
        return self._writer.submit(run, changes=1, project=project)

    def _committed(self) -> None:
        """Wake who follows the writes."""
        self._follower.wake()
        self._upkeep.wake()

    def _prune_queue(self, done: int) -> None:
        with suppress(Unavailable):  # a later step prunes the more
            self._writer.submit(
                lambda scope: scope.db.execute("DELETE FROM index_queue WHERE no <= ?", (done,)).close()
            )

    def _probe(self) -> None:
        done, _ = wait([self._writer.submit(_take_room)], PROBE_PATIENCE_S)
        if done:
            done.pop().result()
        else:
            self._writer.check()
        self._writer.submit(_leave_room)


def _take_room(scope: WriteScope) -> None:
    scope.db.execute("INSERT OR REPLACE INTO installation VALUES ('probe', zeroblob(?))", (PROBE_BYTES,))


def _leave_room(scope: WriteScope) -> None:
    scope.db.execute("DELETE FROM installation WHERE name = 'probe'")


def open_sqlite(data_dir: Path, *, max_changes: int = MAX_CHANGES, max_bytes: int = MAX_BYTES) -> SqliteStore:
    """Open the store in a directory, made if there is none, for its owner's eyes only.

    ``max_changes`` and ``max_bytes`` bound what waits to be written. Raises NewerDatabase; StoreFull, StoreBusy or
    Unavailable where the disk, another program or a damaged file is in the way; OSError for the directory.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return SqliteStore(data_dir, max_changes=max_changes, max_bytes=max_bytes)
    except DISK_ERRORS as error:
        raise failure_of(error, f"The database in {data_dir}") from error
