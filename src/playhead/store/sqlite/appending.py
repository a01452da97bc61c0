"""Appending: events of one session, or changes of many; and any number of such writes at once.

Owns the two bulk writes of the protocol. Writes that stand in the queue behind each other are taken as one run: their
sessions are read together, their events stored together. Whatever can be wrong with a write is found before anything of
it is added, so that one that fails needs no taking back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future

from msgspec import Struct

from playhead.errors import Invalid, PlayheadError, SessionErased, SessionNotFound, TooLarge
from playhead.model.event import NewEvent
from playhead.model.results import Outcome
from playhead.model.session import NewSession
from playhead.store.base import SessionChange
from playhead.store.conversations import Encoded
from playhead.store.ledger import Ledger
from playhead.store.rows import MAX_SEQ
from playhead.store.sqlite.ahead import Prepared, Ready, take_ready
from playhead.store.sqlite.batch import Batch
from playhead.store.sqlite.ledgers import open_ledgers, save_ledgers
from playhead.store.sqlite.starting import room_for
from playhead.store.sqlite.writer import WriteScope

FULL = f"A session has at most {MAX_SEQ} events"


class Append(Struct):
    """Events of one session, all or none; ``ahead`` is what is made ready of them before the write's turn."""

    project: int
    session_id: str
    events: Sequence[NewEvent]
    now_us: int
    ahead: Future[Prepared] | None = None


class Apply(Struct):
    """Changes of any sessions in order, each for itself; failures are in the outcomes. ``ahead`` as in ``Append``."""

    project: int
    changes: Sequence[SessionChange]
    now_us: int
    ahead: Future[Prepared] | None = None

    @property
    def events(self) -> list[NewEvent]:
        """The events among the changes."""
        return [each.change for each in self.changes if isinstance(each.change, NewEvent)]


def store_run(scope: WriteScope, writes: Sequence[Append | Apply]) -> list[list[Outcome] | PlayheadError]:
    """Store writes in order; return the outcomes of each, or why nothing of it was stored."""
    return _Run(scope, writes).store()


class _Run:
    """Some writes, a ledger for each session that they touch, one batch for all."""

    def __init__(self, scope: WriteScope, writes: Sequence[Append | Apply]) -> None:
        self._db = scope.db
        self._writes = writes
        self._packer = scope.packer
        self._batch = Batch(scope.known, scope.packer)
        self._asked: dict[int, dict[str, set[str]]] = {}
        self._starting: dict[int, set[str]] = {}
        for write in writes:
            self._ask(write)
        self._ledgers = {project: open_ledgers(self._db, project, ids) for project, ids in self._asked.items()}
        self._erased: dict[int, set[str]] = {}
        self._next_no = 0
        for project, ids in self._starting.items():
            if new := ids - self._ledgers[project].keys():
                self._next_no, self._erased[project] = room_for(self._db, project, new)

    def store(self) -> list[list[Outcome] | PlayheadError]:
        results = [self._result(write) for write in self._writes]
        self._batch.store(self._db)
        save_ledgers(self._db, (ledger for ledgers in self._ledgers.values() for ledger in ledgers.values()))
        return results

    def _ask(self, write: Append | Apply) -> None:
        sessions = self._asked.setdefault(write.project, {})
        if isinstance(write, Append):
            sessions.setdefault(write.session_id, set()).update(event.id for event in write.events)
            return
        for each in write.changes:
            ids = sessions.setdefault(each.session_id, set())
            if isinstance(each.change, NewEvent):
                ids.add(each.change.id)
            elif isinstance(each.change, NewSession):
                self._starting.setdefault(write.project, set()).add(each.session_id)

    def _result(self, write: Append | Apply) -> list[Outcome] | PlayheadError:
        if isinstance(write, Apply):
            ready = iter(take_ready(write, self._packer))
            return [self._outcome(write, each, ready) for each in write.changes]
        try:
            return self._append(write)
        except PlayheadError as error:
            return error

    def _append(self, write: Append) -> list[Outcome]:
        ledger = self._ledger(write.project, write.session_id)
        if not ledger.has_room_for(write.events):
            raise TooLarge(FULL)
        encoded = [_sound(each) for each in take_ready(write, self._packer)]
        return [
            ledger.add(event, each, self._batch, write.now_us)
            for event, each in zip(write.events, encoded, strict=True)
        ]

    def _outcome(self, write: Apply, each: SessionChange, ready: Iterator[Ready]) -> Outcome:
        """Do one change; ``ready`` yields the write's events as they go into the batch."""
        change = each.change
        try:
            if isinstance(change, NewEvent):
                encoded, ledger = next(ready), self._ledger(write.project, each.session_id)
                if ledger.last_seq >= MAX_SEQ and not ledger.has_room_for([change]):
                    raise TooLarge(FULL)
                return ledger.add(change, _sound(encoded), self._batch, write.now_us)
            if isinstance(change, NewSession):
                return self._start(write, each.session_id, change)
            ended = self._ledger(write.project, each.session_id).end(change, write.now_us)
            return Outcome(each.session_id, duplicate=not ended)
        except PlayheadError as error:
            id_ = change.id if isinstance(change, NewEvent) else each.session_id
            return Outcome(id_, code=error.code, message=error.message)

    def _start(self, write: Apply, session_id: str, session: NewSession) -> Outcome:
        ledgers = self._ledgers[write.project]
        if session_id in ledgers:
            return Outcome(session_id, duplicate=True)
        if session_id in self._erased[write.project]:
            raise SessionErased
        ledgers[session_id] = Ledger.begin(self._next_no, write.project, session_id, session, write.now_us)
        self._next_no += 1
        return Outcome(session_id)

    def _ledger(self, project: int, session_id: str) -> Ledger:
        ledger = self._ledgers[project].get(session_id)
        if ledger is None:
            raise SessionNotFound
        return ledger


def _sound(ready: Ready) -> Encoded:
    """Return an event as it goes into the batch. Raises Invalid when it cannot be stored."""
    if isinstance(ready, Invalid):
        raise ready
    return ready
