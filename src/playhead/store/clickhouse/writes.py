"""Writes: each kind that the protocol has, as a function of the group that it is done in.

Owns what a write is about (``asked``) and what it answers. Whatever can be wrong with one is found before anything of
it is added, so that one that fails needs no taking back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from msgspec import Struct

from playhead.errors import Conflict, PlayheadError, SessionEnded, TooLarge
from playhead.model.audit import NewEntry, with_erasure
from playhead.model.event import NewEvent
from playhead.model.results import Outcome, Started
from playhead.model.session import Erasure, NewSession, Session, SessionEnd, SessionPatch
from playhead.store.base import SessionChange
from playhead.store.clickhouse.group import Asked, Group
from playhead.store.conversations import encode_event
from playhead.store.copies import ErasedSession, SessionCopy
from playhead.store.expiring import Expiry, of_session
from playhead.store.rows import MAX_SEQ

FULL: Final = f"A session has at most {MAX_SEQ} events"
SILENT_AT_ONCE: Final = 5_000
"""How many sessions one write ends: their states are in memory meanwhile."""
ERASED_AT_ONCE: Final = 200
"""How many sessions one write erases: what is left of their parts is written anew, once for all of them."""
SECOND_US: Final = 1_000_000


class Task(Protocol):
    """One write."""

    def asked(self) -> Asked:
        """Return what the write is about."""
        ...

    def run(self, group: Group) -> Any:
        """Do the write, and return what it answers. Raises PlayheadError when nothing of it was done."""
        ...


class Start(Struct, frozen=True):
    """Start a session, or find the open one of its id."""

    project: int
    session: NewSession
    now_us: int

    def asked(self) -> Asked:
        """Return the session."""
        return {(self.project, self.session.id): ()}

    def run(self, group: Group) -> Started:
        """Return the session. Raises SessionEnded, SessionErased."""
        account = group.find(self.project, self.session.id)
        if account is None:
            return Started(group.start(self.project, self.session, self.now_us).session(), created=True)
        if account.ledger.status != "active":
            raise SessionEnded
        return Started(account.session(), created=False)


class Append(Struct, frozen=True):
    """Events of one session, all or none."""

    project: int
    session_id: str
    events: Sequence[NewEvent]
    now_us: int

    def asked(self) -> Asked:
        """Return the session and the events' ids."""
        return {(self.project, self.session_id): {event.id for event in self.events}}

    def run(self, group: Group) -> list[Outcome]:
        """Return what became of each. Raises SessionNotFound, TooLarge, Invalid."""
        account = group.account(self.project, self.session_id)
        if not account.ledger.has_room_for(self.events):
            raise TooLarge(FULL)
        encoded = [encode_event(event) for event in self.events]
        return [
            account.append(event, each, group.batch, self.now_us)
            for event, each in zip(self.events, encoded, strict=True)
        ]


class Apply(Struct, frozen=True):
    """Changes of any sessions in order, each for itself; failures are in the outcomes."""

    project: int
    changes: Sequence[SessionChange]
    now_us: int

    def asked(self) -> Asked:
        """Return the sessions and the events' ids."""
        found: dict[tuple[int, str], set[str]] = {}
        for each in self.changes:
            ids = found.setdefault((self.project, each.session_id), set())
            if isinstance(each.change, NewEvent):
                ids.add(each.change.id)
        return found

    def run(self, group: Group) -> list[Outcome]:
        """Return what became of each."""
        return [self._outcome(group, each) for each in self.changes]

    def _outcome(self, group: Group, each: SessionChange) -> Outcome:
        change = each.change
        try:
            if isinstance(change, NewSession):
                return self._start(group, each.session_id, change)
            if isinstance(change, SessionEnd):
                ended = group.account(self.project, each.session_id).end(change, self.now_us)
                return Outcome(each.session_id, duplicate=not ended)
            return Append(self.project, each.session_id, [change], self.now_us).run(group)[0]
        except PlayheadError as error:
            id_ = change.id if isinstance(change, NewEvent) else each.session_id
            return Outcome(id_, code=error.code, message=error.message)

    def _start(self, group: Group, session_id: str, session: NewSession) -> Outcome:
        there = group.find(self.project, session_id) is not None
        if not there:
            group.start(self.project, session, self.now_us)
        return Outcome(session_id, duplicate=there)


class End(Struct, frozen=True):
    """End a session, once; an end that was said replaces one by time-out."""

    project: int
    session_id: str
    end: SessionEnd
    now_us: int

    def asked(self) -> Asked:
        """Return the session."""
        return {(self.project, self.session_id): ()}

    def run(self, group: Group) -> Session:
        """Return the session. Raises SessionNotFound."""
        account = group.account(self.project, self.session_id)
        account.end(self.end, self.now_us)
        return account.session()


class EndSilent(Struct, frozen=True):
    """End sessions that have been silent for their project's time-out, those first that were so for longest."""

    now_us: int

    def asked(self) -> Asked:
        """Return nothing: which sessions these are the book knows."""
        return {}

    def run(self, group: Group) -> int:
        """Return how many were ended."""
        return sum(
            self._end_silent(group, project.no, self.now_us - project.timeout_s * SECOND_US)
            for project in group.projects
        )

    def _end_silent(self, group: Group, project: int, until_us: int) -> int:
        ended = 0
        for entry in group.page.lock_silent(project, until_us, SILENT_AT_ONCE):
            account = group.find(project, entry.id) or group.take(entry)
            if account is not None:
                last_us = account.ledger.last_event_us
                ended_us = last_us if last_us is not None else account.started_us
                ended += account.end(SessionEnd(ended_us=ended_us, reason="timeout"), self.now_us)
        return ended


class Patch(Struct, frozen=True):
    """Change label, tags, metadata or bookmark."""

    project: int
    session_id: str
    patch: SessionPatch
    now_us: int
    entry: NewEntry | None = None

    def asked(self) -> Asked:
        """Return the session."""
        return {(self.project, self.session_id): ()}

    def run(self, group: Group) -> Session:
        """Return the session. Raises SessionNotFound."""
        account = group.account(self.project, self.session_id)
        account.patch(self.patch, self.now_us)
        if self.entry is not None:
            group.entries.append(self.entry)
        return account.session()


class Erase(Struct, frozen=True):
    """Forget a session; its rows are removed when that is committed. ``forget_shares`` removes what opens it, at once,
    and returns how many shares those were."""

    project: int
    session_id: str
    now_us: int
    forget_shares: Callable[[int, str, int], int]
    entry: NewEntry | None = None

    def asked(self) -> Asked:
        """Return the session."""
        return {(self.project, self.session_id): ()}

    def run(self, group: Group) -> Erasure:
        """Return what is removed. Raises SessionNotFound."""
        account = group.account(self.project, self.session_id)
        shares = self.forget_shares(self.project, self.session_id, self.now_us)
        account.erase(self.now_us)
        erasure = Erasure(self.session_id, self.now_us, account.ledger.events, account.messages, shares)
        if self.entry is not None:
            group.entries.append(with_erasure(self.entry, erasure))
        return erasure


class EraseExpired(Struct, frozen=True):
    """Forget some of a project's sessions that are over, as ``Erase`` does one."""

    project: int
    expiry: Expiry
    now_us: int
    forget_shares: Callable[[int, str, int], int]
    entry: NewEntry | None = None

    def asked(self) -> Asked:
        """Return nothing: which sessions these are is found out by the write."""
        return {}

    def run(self, group: Group) -> list[Erasure]:
        """Return what is removed; nothing while another server does the same."""
        if not group.page.claim_erasing():
            return []
        return [
            self._erase(group, account.entry.id) for account in group.expired(self.project, self.expiry, ERASED_AT_ONCE)
        ]

    def _erase(self, group: Group, session_id: str) -> Erasure:
        entry = of_session(self.entry, session_id)
        return Erase(self.project, session_id, self.now_us, self.forget_shares, entry).run(group)


class Settle(Struct, frozen=True):
    """Make a session what its copy says."""

    project: int
    copy: SessionCopy

    def asked(self) -> Asked:
        """Return the session."""
        return {(self.project, self.copy.session.id): ()}

    def run(self, group: Group) -> None:
        """Do it. Raises SessionNotFound, Conflict."""
        group.account(self.project, self.copy.session.id).settle(self.copy)


class KeepErased(Struct, frozen=True):
    """Remember sessions as erased that never were here."""

    project: int
    erased: Sequence[ErasedSession]

    def asked(self) -> Asked:
        """Return the sessions."""
        return {(self.project, each.session_id): () for each in self.erased}

    def run(self, group: Group) -> None:
        """Do it. Raises Conflict, before any is remembered, when one of them is here."""
        for each in self.erased:
            if group.find(self.project, each.session_id) is not None:
                raise Conflict(f"{each.session_id} is not erased here")
        for each in self.erased:
            group.keep_erased(self.project, each)
