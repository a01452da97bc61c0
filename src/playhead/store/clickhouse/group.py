"""A group: the writes that are done in one transaction of the book, and the sessions that they touch.

Owns how sessions are opened for writing, found and entered, and what is stored of them in which order. Knows no kind of
write; those are in ``writes``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias

from playhead.errors import Conflict, SessionErased, SessionNotFound
from playhead.model.audit import NewEntry
from playhead.model.moment import DAY_US
from playhead.model.results import Project
from playhead.model.session import NewSession
from playhead.store.audit import AuditLog
from playhead.store.clickhouse.account import Account
from playhead.store.clickhouse.batch import Batch
from playhead.store.clickhouse.book import Contended, Page
from playhead.store.clickhouse.connection import Connection
from playhead.store.clickhouse.expiring import expired_ids
from playhead.store.clickhouse.known import Known, KnownSession
from playhead.store.clickhouse.lookups import stored_ids
from playhead.store.clickhouse.state import Entry, new_state
from playhead.store.copies import ErasedSession
from playhead.store.expiring import Expiry

Asked: TypeAlias = Mapping[tuple[int, str], Collection[str]]
"""The sessions that a write is about, by project and id, and the ids of the events that it has for each."""


class Group:
    """Writes in progress; made inside the book's transaction."""

    def __init__(
        self, page: Page, connection: Connection, known: Known, projects: Iterable[Project], beside: AuditLog
    ) -> None:
        self.page = page
        self.projects = projects
        self._connection = connection
        self._all_known = known
        self._audit = beside
        self._known: dict[int, KnownSession] = {}
        self._accounts: dict[int, Account] = {}
        self._by_id: dict[tuple[int, str], Account] = {}
        self._gone: set[tuple[int, str]] = set()
        self.batch = Batch(self._accounts, self._known)
        self.entries: list[NewEntry] = []
        """What the writes append to the audit log."""

    def open(self, asked: Iterable[Asked]) -> None:
        """Lock the sessions that writes are about, and recognize which of their events are stored."""
        ids: dict[tuple[int, str], set[str]] = {}
        for each in asked:
            for session, event_ids in each.items():
                ids.setdefault(session, set()).update(event_ids)
        for project in sorted({project for project, _ in ids}):
            for entry in self.page.lock(project, sorted(id_ for owner, id_ in ids if owner == project)):
                self.take(entry)
        self._recognize({self._by_id[name].entry.no: wanted for name, wanted in ids.items() if name in self._by_id})

    def take(self, entry: Entry) -> Account | None:
        """Open an account of a locked entry, or note that the session is gone."""
        if entry.state is None or self._is_over(entry.created_day):
            self._gone.add((entry.project_no, entry.id))
            return None
        return self._account_of(entry)

    def account(self, project: int, session_id: str) -> Account:
        """Return a session's account. Raises SessionNotFound."""
        account = self.find(project, session_id)
        if account is None:
            raise SessionNotFound
        return account

    def find(self, project: int, session_id: str) -> Account | None:
        """Return a session's account, None when there is no such session or no more."""
        account = self._by_id.get((project, session_id))
        return None if account is None or account.erased_us is not None else account

    def start(self, project: int, session: NewSession, now_us: int) -> Account:
        """Enter a new session. Raises SessionErased; Contended when another server has entered it meanwhile."""
        name = (project, session.id)
        if name in self._gone or name in self._by_id:
            raise SessionErased
        entry = self.page.add(project, session.id, new_state(session, now_us), now_us)
        if entry is None:
            raise Contended
        account = self._account_of(entry)
        account.changed = True
        return account

    def expired(self, project: int, expiry: Expiry, limit: int) -> list[Account]:
        """Lock and return sessions that are over, at most so many; what readers see of them may be old, the book
        decides."""
        ids = expired_ids(self._connection, project, expiry, limit)
        for entry in self.page.lock(project, sorted(id_ for id_ in ids if (project, id_) not in self._by_id)):
            self.take(entry)
        found = (self.find(project, id_) for id_ in ids)
        return [each for each in found if each is not None and expiry.concerns(each.session(), each.last_arrival_us)]

    def keep_erased(self, project: int, erased: ErasedSession) -> None:
        """Remember a session as erased that never was here. Raises Conflict when it is here."""
        name = (project, erased.session_id)
        if name in self._by_id:
            raise Conflict(f"{erased.session_id} is not erased here")
        if name not in self._gone:
            self._gone.add(name)
            if self.page.add(project, erased.session_id, None, erased.erased_us) is None:
                raise Contended

    def store(self) -> list[Entry]:
        """Insert the events, and save the sessions in the book with their audit entries; return the new states.

        Where the book cannot take audit entries, they are on stable storage before the book commits: what it then does
        not commit has an entry, but nothing that it does is without.
        """
        changed = [account for account in self._accounts.values() if account.changed]
        clock_us = self.page.clock_us
        self.batch.store(self._connection, clock_us)
        entries = [account.next_entry(clock_us) for account in changed]
        self.page.save(entries)
        if self.entries and not self.page.enter(self.entries):
            self._audit.add_entries(self.entries)
        return entries

    def keep(self, entries: Iterable[Entry]) -> None:
        """Remember what has been committed."""
        for entry in entries:
            if entry.no in self._known and entry.state is not None:
                self._all_known.keep(entry.no, self._known[entry.no], entry.revision)

    def forget(self) -> None:
        """Remember nothing of what was not committed."""
        for no in self._accounts:
            self._all_known.forget(no)

    def _account_of(self, entry: Entry) -> Account:
        account = Account(entry)
        self._by_id[entry.project_no, entry.id] = self._accounts[entry.no] = account
        known = self._all_known.of(entry)
        if known is not None:
            self._known[entry.no] = known
        return account

    def _recognize(self, asked: Mapping[int, Collection[str]]) -> None:
        unknown: dict[int, Collection[str]] = {}
        for no, ids in asked.items():
            known = self._known.get(no)
            if known is None:
                unknown[no] = ids
                continue
            for id_ in ids & known.ids.keys():
                self._is_stored(no, id_, *known.ids[id_])
        found = stored_ids(self._connection, unknown, self._accounts)
        for (no, id_), place in {(no, id_): (seq, arrived_us) for no, id_, seq, arrived_us in found}.items():
            self._is_stored(no, id_, *place)

    def _is_stored(self, no: int, id_: str, seq: int, arrived_us: int | None) -> None:
        self._accounts[no].ledger.recognize(id_, seq, pending=arrived_us is not None)
        if arrived_us is not None:
            self.batch.arrived(no, seq, arrived_us)

    def _is_over(self, created_day: int) -> bool:
        """Say whether the rows of a session that arrived on a day are removed by now."""
        ttl_days = self._connection.layout.ttl_days
        return ttl_days is not None and self.page.clock_us >= (created_day + ttl_days) * DAY_US
