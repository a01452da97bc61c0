"""The storage protocol: what every engine promises. One contract suite (tests/store) holds each engine to it.

Two protocols, because a fleet keeps them apart: ``Store`` has sessions and events, ``Registry`` has projects, keys
and shares. SQLite and PostgreSQL are both at once.

Writes return a ``concurrent.futures.Future`` at once and are applied by a single writer, those of a project in the
order they were submitted, many in one transaction. **A future's result means: on stable storage.** Each write is
atomic: it is there whole or not at all, and one that fails disturbs no other. A full queue raises ``StoreBusy`` at the
call, for the project that fills it before all others; a full disk fails the future with ``StoreFull``. Reads block
their thread, run beside the writer on their own connections, see whole transactions only, and see every write whose
future is done.

``project`` is a project's number: nothing of one project is ever visible, countable or reachable from another, and
an absent session and another project's answer alike with ``SessionNotFound``. Times are microseconds since the
epoch, money nano-dollars, texts any Unicode but lone surrogates. Stores read no clock: ``now_us`` is passed in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Protocol, TypeAlias

from msgspec import Struct

from playhead.model.audit import NewEntry
from playhead.model.event import EventType, NewEvent
from playhead.model.filters import GroupBy, PageRequest, SessionFilter
from playhead.model.results import (
    CallMark,
    EventPage,
    Facet,
    HitPage,
    KeyRecord,
    KindCount,
    ModelLatency,
    Outcome,
    Project,
    SessionPage,
    ShareRecord,
    Started,
    Stats,
)
from playhead.model.session import Erasure, NewSession, Session, SessionEnd, SessionPatch
from playhead.store.audit import AuditLog
from playhead.store.copies import ErasedSession, EventCopy, KeyCopy, SessionCopy, ShareCopy
from playhead.store.expiring import Expired, Expiry
from playhead.store.notes import Notes
from playhead.store.project_settings import SettingsShelf

Change: TypeAlias = NewSession | NewEvent | SessionEnd
"""One element of a batch: a session's start, an event, or a session's end."""


class SessionChange(Struct, frozen=True):
    """A change, and the id of the session that it belongs to."""

    session_id: str
    change: Change


class Store(Protocol):
    """Sessions and events."""

    # --- writing -------------------------------------------------------------------------------------------------

    def start_session(self, project: int, session: NewSession, now_us: int) -> Future[Started]:
        """Start a session, or return the open one of the same id unchanged.

        Fails with SessionEnded when that session has ended, SessionErased when it was erased.
        """
        ...

    def append(self, project: int, session_id: str, events: Sequence[NewEvent], now_us: int) -> Future[list[Outcome]]:
        """Store events of one session, all or none, in order, each with the next ``seq`` (from 1, without holes).

        An id that the session has already is not stored again: its outcome is a ``duplicate`` with the first one's
        seq. Except that an interaction takes the place of a ``pending`` one with its id: it keeps the seq and the
        arrival, is counted and searched for as it is now, gets the session's next ``change`` number, and is no
        duplicate. Also after the end: the summary is brought up to date, the end stays. Fails with SessionNotFound.
        """
        ...

    def apply(self, project: int, changes: Sequence[SessionChange], now_us: int) -> Future[list[Outcome]]:
        """Store changes of any sessions in order, each for itself: outcomes line up with ``changes``.

        A failing change has ``code`` and ``message`` in its outcome and leaves nothing behind; the others are
        stored together. A start of a session that exists, and an end of one that has ended, are duplicates; after
        an end that came by time-out, an end that was said replaces it.
        """
        ...

    def end_session(self, project: int, session_id: str, end: SessionEnd, now_us: int) -> Future[Session]:
        """End a session at ``end.ended_us`` (None: ``now_us``). A session that has ended stays as it is, except that
        an end that was said replaces one by time-out. Fails with SessionNotFound."""
        ...

    def end_silent(self, now_us: int) -> Future[int]:
        """End, with reason ``timeout``, every active session whose project's time-out has passed since anything of it
        arrived; its end is its last event's time (or its start). Returns how many."""
        ...

    def patch_session(
        self, project: int, session_id: str, patch: SessionPatch, now_us: int, entry: NewEntry | None = None
    ) -> Future[Session]:
        """Change label, tags, metadata or bookmark. ``entry`` is appended to the audit log with it. Fails with
        SessionNotFound."""
        ...

    def erase_session(
        self, project: int, session_id: str, now_us: int, entry: NewEntry | None = None
    ) -> Future[Erasure]:
        """Remove a session with its events, messages, search texts and shares, from the file's free pages too. Events
        that come later, and a start of the same id, do not bring it back. ``entry`` is appended to the audit log with
        what was removed. Fails with SessionNotFound."""
        ...

    def erase_expired(
        self, project: int, expiry: Expiry, now_us: int, entry: NewEntry | None = None
    ) -> Future[list[Erasure]]:
        """Erase some of a project's sessions that are over, as ``erase_session`` does; nothing when there is none.

        A few at a time, so that other writes do not wait for long: to be asked until there is nothing. Whether one is
        over is found out in the transaction that erases it; ``entry``, with each session as its target, is appended to
        the audit log there. Where several servers share a store one erases at a time;
        the others are answered nothing meanwhile.
        """
        ...

    # --- reading -------------------------------------------------------------------------------------------------

    def get_session(self, project: int, session_id: str) -> Session:
        """Return one session with its summary. Raises SessionNotFound."""
        ...

    def list_sessions(self, project: int, where: SessionFilter, page: PageRequest) -> SessionPage:
        """Return one page of the sessions that match, sorted; equal sort values by newest first (asc: oldest first).

        ``total`` is exact up to ``EXACT_UP_TO``; above it may be an estimate, which is then also above, and says so.
        Pages by ``after`` neither skip nor repeat a session that is there throughout."""
        ...

    def count_expired(self, project: int, expiry: Expiry) -> Expired:
        """Return how many of a project's sessions are over, and what they hold."""
        ...

    def facets(self, project: int, where: SessionFilter, member: str, limit: int = 20) -> list[Facet]:
        """Count matching sessions by the values of ``feature``, ``source``, ``status``, ``user``, ``model`` or ``tag``,
        most first. Exact while at most ``EXACT_UP_TO`` sessions match; above, counts may be estimates, and say so."""
        ...

    def get_events(
        self,
        project: int,
        session_id: str,
        *,
        after: int = 0,
        limit: int = 1000,
        types: Sequence[EventType] = (),
    ) -> EventPage:
        """Return events in time order (equal times by seq), beginning behind the event with seq ``after``
        (0: from the first; a seq that does not exist: nothing). A pending event moves when it is completed: a reader
        that must not miss or repeat any goes on behind one that is not pending. Raises SessionNotFound."""
        ...

    def get_events_since(self, project: int, session_id: str, seq: int, limit: int = 1000) -> EventPage:
        """Return events in order of arrival, with a seq above ``seq``: what a live stream follows."""
        ...

    def get_changed(self, project: int, session_id: str, change: int, seq: int, limit: int = 1000) -> EventPage:
        """Return events with a seq up to ``seq`` that were completed by a change above ``change``, in order of their
        changes: what a live stream sends again. ``next`` is the change to go on behind. Raises SessionNotFound."""
        ...

    def get_events_by_seq(self, project: int, session_id: str, seqs: Sequence[int]) -> EventPage:
        """Return the events with these seqs, in time order; absent ones are left out. Raises SessionNotFound."""
        ...

    def find_event(self, project: int, session_id: str, event_id: str) -> int:
        """Return the seq of an event by its id. Raises SessionNotFound, EventNotFound."""
        ...

    def get_marks(self, project: int, session_id: str, *, after: int = 0, limit: int = 20_000) -> list[CallMark]:
        """Return what a timeline draws of each event, in time order from behind seq ``after``, without reading any
        payload."""
        ...

    def count_events(self, project: int, session_id: str) -> list[KindCount]:
        """Return how many events and errors of each kind a session has, of those kinds that it has.

        Engines that know a shorter way than through all marks take it. Raises SessionNotFound.
        """
        events: Counter[EventType] = Counter()
        errors: Counter[EventType] = Counter()
        after = 0
        while marks := self.get_marks(project, session_id, after=after):
            events.update(mark.type for mark in marks)
            errors.update(mark.type for mark in marks if mark.error)
            after = marks[-1].seq
        return [KindCount(kind, count, errors[kind]) for kind, count in events.items()]

    def search(self, project: int, query: str, where: SessionFilter, *, limit: int = 20, offset: int = 0) -> HitPage:
        """Find texts with all words of ``query``: words, "phrases", prefix*; scripts without spaces by substring;
        case and accents do not matter. A text is what is new with an event, or a session's label and tags. An empty
        query finds nothing. The index may be up to a second behind the writes. ``total`` is exact up to
        ``EXACT_UP_TO``, and the newest ``RANKED_AT_LEAST`` are ranked; see ``HitPage`` for what becomes of more."""
        ...

    def stats(self, project: int, where: SessionFilter, group_by: GroupBy = "day", top: int = 10) -> Stats:
        """Return statistics over the sessions that match. Times are grouped by the UTC day or hour of the session's
        start. Counts and sums are exact; percentiles are while at most ``EXACT_UP_TO`` measured calls match, above
        they may be estimates and say so."""
        ...

    def model_latencies(self, project: int, models: Sequence[str]) -> list[ModelLatency]:
        """Return the usual latencies of these models in the project (over its latest 1,000 measured calls of each)."""
        ...

    def export_sessions(self, project: int, where: SessionFilter) -> Iterator[Session]:
        """Yield every session that matches, newest first, without holding them all."""
        ...

    # --- copying -------------------------------------------------------------------------------------------------
    # How a project moves to another store, seqs, arrivals and all. The copier starts the session, appends its events
    # in order of seq (one that a change completed first as pending, with the messages that it ``brought``), then the
    # completions in order of change, and settles it. What a store keeps beside its events follows from these.

    def copy_sessions(self, project: int, after: int = 0, limit: int = 200) -> list[SessionCopy]:
        """Return sessions in order of creation, from behind the position ``after`` (0: from the first)."""
        ...

    def copy_events(self, project: int, session_id: str, seqs: Sequence[int]) -> list[EventCopy]:
        """Return the events with these seqs with all that is kept of them, in order of seq; absent ones are left out.
        Raises SessionNotFound."""
        ...

    def settle_session(self, project: int, copy: SessionCopy) -> Future[None]:
        """Make a session what its copy says: members, end, times and summary, which ``append`` would set to its own.

        Atomic; harmless when repeated. Its events stay as they are, and so does its position. Fails with
        SessionNotFound, and with Conflict when it does not have as many events and changes as the copy counts.
        """
        ...

    def list_erased(self, project: int, after: str = "", limit: int = 1000) -> list[ErasedSession]:
        """Return the erased sessions in order of their ids (by code point), from behind the id ``after``."""
        ...

    def keep_erased(self, project: int, erased: Sequence[ErasedSession]) -> Future[None]:
        """Remember sessions as erased that never were in this store, so that nothing brings them in. One that is erased
        here already stays as it is; fails with Conflict when one of them is there: ``erase_session`` is for that."""
        ...

    # --- life ----------------------------------------------------------------------------------------------------

    def check_writable(self) -> None:
        """Raise Unavailable when nothing could be stored at the moment (writer dead, queue full, disk full)."""
        ...

    def wait_for_index(self, timeout_s: float = 10.0) -> bool:
        """Block until the search index holds every write that was done at the call; False when that took too long."""
        ...

    def gauges(self) -> dict[str, float]:
        """Return sizes and depths for /metrics: queue_depth, queue_bytes, index_lag, database_bytes, commits_total,
        …"""
        ...

    def close(self) -> None:
        """Write what is queued, stop the threads, close the files. Later calls raise Unavailable."""
        ...


class Registry(Notes, SettingsShelf, AuditLog, Protocol):
    """Projects and their settings, keys, shares, notes and the audit log. Small and rare, so its writes block until
    they are on stable storage. A change's ``entry`` is appended to the audit log with the change; of one that fails
    there is none.

    ``is_remote`` says whether questions may have to wait for a network, so that no event loop asks them itself.
    """

    is_remote: bool = False

    def server_secret(self) -> bytes:
        """Return the installation's 32 random bytes (made once): the key of every keyed hash, cursor and cookie."""
        ...

    def ensure_project(self, name: str, now_us: int) -> Project:
        """Return the project of a name, made if there is none."""
        ...

    def list_projects(self) -> list[Project]:
        """Return all projects by number."""
        ...

    def set_timeout(self, project: int, timeout_s: int) -> None:
        """Set how many seconds a project's sessions may be silent before they end themselves."""
        ...

    def add_key(self, record: KeyRecord, key_hash: bytes, entry: NewEntry | None = None) -> None:
        """Keep a key by its keyed hash."""
        ...

    def find_key(self, key_hash: bytes) -> KeyRecord | None:
        """Return the key of a hash, also an expired or revoked one, or None. Fast enough for every request, and sees at
        once what another process revoked."""
        ...

    def get_key(self, key_id: str) -> KeyRecord | None:
        """Return the key of an id, as ``find_key`` does of a hash: at once, and without waiting for other readers."""
        ...

    def list_keys(self, project: int | None = None) -> list[KeyRecord]:
        """Return keys in order of creation, of one project or of all."""
        ...

    def revoke_key(
        self, key_id: str, now_us: int, project: int | None = None, entry: NewEntry | None = None
    ) -> KeyRecord:
        """Revoke a key (of that project only, when given). Revoking twice is harmless. Raises KeyNotFound."""
        ...

    def add_share(self, share: ShareRecord, token_hash: bytes, entry: NewEntry | None = None) -> None:
        """Keep a share by the hash of its token. Raises SessionNotFound."""
        ...

    def find_share(self, token_hash: bytes) -> ShareRecord | None:
        """Return the share of a token's hash, also an expired, revoked or used-up one, or None."""
        ...

    def count_view(self, share_id: str, now_us: int, entry: NewEntry | None = None) -> bool:
        """Count one view of a share, unless it is expired, revoked or used up: then False, and nothing is counted
        or entered."""
        ...

    def list_shares(self, project: int, session_id: str) -> list[ShareRecord]:
        """Return a session's shares in order of creation. Raises SessionNotFound."""
        ...

    def revoke_share(
        self, project: int, session_id: str, share_id: str, now_us: int, entry: NewEntry | None = None
    ) -> ShareRecord:
        """Revoke a share. Revoking twice is harmless. Raises SessionNotFound, ShareNotFound."""
        ...

    # --- copying -------------------------------------------------------------------------------------------------

    def keep_secret(self, secret: bytes) -> None:
        """Make this the installation's secret, so that keys and links that were made with it go on working here.

        Raises Conflict when there is another one and any key or share depends on it."""
        ...

    def copy_keys(self, project: int) -> list[KeyCopy]:
        """Return a project's keys with their hashes, in order of creation."""
        ...

    def keep_key(self, copy: KeyCopy) -> None:
        """Keep a key as it is in a copy; one of the same id becomes it. Raises Conflict when its hash is another's."""
        ...

    def copy_shares(self, project: int) -> list[ShareCopy]:
        """Return a project's shares with their tokens' hashes, in order of creation."""
        ...

    def keep_share(self, copy: ShareCopy) -> None:
        """Keep a share as it is in a copy, its views too; one of the same id becomes it. Raises SessionNotFound, and
        Conflict when its hash is another share's."""
        ...
