"""Appending: batches of events of one session, or of changes of many.

Owns the two bulk writes of the protocol, as functions that run inside a ``WriteScope``. What a single session does with
its part is the ledger's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from playhead.errors import PlayheadError, SessionNotFound
from playhead.model.event import NewEvent
from playhead.model.results import Outcome
from playhead.model.session import NewSession, SessionEnd
from playhead.store.base import SessionChange
from playhead.store.sqlite.batch import Batch
from playhead.store.sqlite.ledger import Ledger, open_ledger
from playhead.store.sqlite.sessions import insert_session, refuse_erased
from playhead.store.sqlite.writer import WriteScope


def append(scope: WriteScope, project: int, session_id: str, events: Sequence[NewEvent], now_us: int) -> list[Outcome]:
    """Store events of one session, all or none. Raises SessionNotFound, Invalid, TooLarge."""
    ledger = open_ledger(scope.db, project, session_id, {event.id for event in events})
    if ledger is None:
        raise SessionNotFound
    batch = Batch(scope.known)
    outcomes = [ledger.add(event, batch) for event in events]
    batch.store(scope.db)
    ledger.save(scope.db, now_us)
    return outcomes


def apply(scope: WriteScope, project: int, changes: Sequence[SessionChange], now_us: int) -> list[Outcome]:
    """Store changes of any sessions in order, each for itself; failures are in the outcomes."""
    return _Application(scope, project, changes, now_us).run()


class _Application:
    """One call of ``apply``: a ledger for each session that it touches, one batch for all."""

    def __init__(self, scope: WriteScope, project: int, changes: Sequence[SessionChange], now_us: int) -> None:
        self._scope = scope
        self._project = project
        self._changes = changes
        self._now_us = now_us
        self._batch = Batch(scope.known)
        self._ledgers: dict[str, Ledger | None] = {}
        self._ids: dict[str, set[str]] = defaultdict(set)
        for each in changes:
            if isinstance(each.change, NewEvent):
                self._ids[each.session_id].add(each.change.id)

    def run(self) -> list[Outcome]:
        outcomes = [self._outcome(each) for each in self._changes]
        self._batch.store(self._scope.db)
        for ledger in self._ledgers.values():
            if ledger is not None:
                ledger.save(self._scope.db, self._now_us)
        return outcomes

    def _outcome(self, each: SessionChange) -> Outcome:
        try:
            return self._apply(each)
        except PlayheadError as error:
            id_ = each.change.id if isinstance(each.change, NewEvent) else each.session_id
            return Outcome(id_, code=error.code, message=error.message)

    def _apply(self, each: SessionChange) -> Outcome:
        ledger = self._ledger(each.session_id)
        if isinstance(each.change, NewSession):
            return self._start(each.session_id, each.change, ledger)
        if ledger is None:
            raise SessionNotFound
        if isinstance(each.change, SessionEnd):
            return Outcome(each.session_id, duplicate=not ledger.end(each.change, self._now_us))
        return ledger.add(each.change, self._batch)

    def _start(self, session_id: str, session: NewSession, ledger: Ledger | None) -> Outcome:
        if ledger is not None:
            return Outcome(session_id, duplicate=True)
        refuse_erased(self._scope.db, self._project, session_id)
        insert_session(self._scope.db, self._project, session_id, session, self._now_us)
        del self._ledgers[session_id]
        return Outcome(session_id)

    def _ledger(self, session_id: str) -> Ledger | None:
        if session_id not in self._ledgers:
            self._ledgers[session_id] = open_ledger(
                self._scope.db, self._project, session_id, self._ids.get(session_id, ())
            )
        return self._ledgers[session_id]
