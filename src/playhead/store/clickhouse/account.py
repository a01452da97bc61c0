"""Accounts: a session while a group of writes changes it, between the book's entry and the one that replaces it.

Owns how a ledger's sums and what is changed beside them become one state. Works in memory alone.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from playhead.errors import Conflict, SessionNotFound
from playhead.model.event import NewEvent
from playhead.model.results import Outcome
from playhead.model.session import Session, SessionEnd, SessionPatch
from playhead.store.clickhouse.state import Entry, ModelSums, State, ledger_row, session_of, settled_state
from playhead.store.conversations import Encoded
from playhead.store.copies import SessionCopy
from playhead.store.ledger import MAX_MODELS, SAVED, Batch, Ledger
from playhead.store.rows import clamp

REST = ("", "")
"""The model and provider under which a session's calls are summed up once it has ``MAX_MODELS`` others."""


class Account:
    """A session that is being written."""

    def __init__(self, entry: Entry) -> None:
        if entry.state is None:
            raise SessionNotFound
        self.entry = entry
        self.ledger = Ledger(ledger_row(entry, entry.state))
        self.messages = entry.state.messages
        self.created_day = entry.created_day
        self.started_us = entry.state.started_us
        self.feature = entry.state.feature
        self.user_id = entry.state.user_id
        self.changed = False
        self.erased_us: int | None = None
        self._state: State = entry.state
        self._updated_us = entry.state.updated_us

    @property
    def slots(self) -> int:
        """How long the session's log is."""
        changes: int = self.ledger.changes
        return self.ledger.last_seq + changes

    @property
    def last_arrival_us(self) -> int:
        """When anything of the session arrived last, in microseconds since the epoch."""
        return self.state().last_arrival_us

    def append(self, event: NewEvent, encoded: Encoded, batch: Batch, now_us: int) -> Outcome:
        """Take an event, or recognize it as a duplicate."""
        outcome = self.ledger.add(event, encoded, batch, now_us)
        if not outcome.duplicate:
            self._touch(now_us)
        return outcome

    def end(self, end: SessionEnd, now_us: int) -> bool:
        """End the session; False when it has ended already, other than by time-out."""
        ended = self.ledger.end(end, now_us)
        if ended:
            self._touch(now_us)
        return ended

    def patch(self, patch: SessionPatch, now_us: int) -> None:
        """Change what a patch sets."""
        changes: dict[str, Any] = {name: getattr(patch, name) for name in patch.__struct_fields__}
        self._state = replace(self._state, **{name: value for name, value in changes.items() if value is not UNSET})
        self._touch(now_us)

    def settle(self, copy: SessionCopy) -> None:
        """Make the session what its copy says; writes behind go on from there.

        Raises Conflict when it does not have what the copy counts.
        """
        totals = copy.session.totals
        if (self.ledger.events, self.ledger.changes) != (totals.events, totals.changes):
            raise Conflict(f"{copy.session.id} does not have the {totals.events} events that its copy counts")
        self._state = settled_state(self.state(), copy)
        self._updated_us = self._state.updated_us
        self.ledger = self.ledger.resumed(ledger_row(self.entry, self._state))
        self.changed = True

    def erase(self, now_us: int) -> None:
        """Forget all but that there was a session."""
        self.erased_us = now_us
        self.changed = True

    def state(self) -> State:
        """Return the session's state as it is now; it counts messages once the batch has numbered them."""
        now: dict[str, Any] = {"updated_us": self._updated_us, "messages": self.messages}
        if self.ledger.changed:
            saved = dict(zip(SAVED, self.ledger.summary()[1:], strict=True))
            now = saved | now | {"sums": self._sums()}
        return replace(self._state, **now)

    def session(self) -> Session:
        """Return the session as it is now."""
        return session_of(self.entry.id, self.state())

    def next_entry(self, clock_us: int) -> Entry:
        """Return the entry that takes the place of the one that was read."""
        before = self.entry
        return Entry(
            before.no,
            before.project_no,
            before.id,
            before.created_us,
            before.revision + 1,
            self.attempt(clock_us),
            self.state() if self.erased_us is None else None,
            self.erased_us,
        )

    def attempt(self, clock_us: int) -> int:
        """Return the version of the rows that are written now: the book's time, later than any before."""
        return max(self.entry.attempt + 1, clock_us)

    def _touch(self, now_us: int) -> None:
        self.changed = True
        self._updated_us = now_us

    def _sums(self) -> list[ModelSums]:
        sums = {(each.model, each.provider): each for each in self._state.sums}
        for _, model, provider, *more in self.ledger.sums():
            name = (model, provider) if (model, provider) in sums or len(sums) < MAX_MODELS else REST
            sums[name] = _added(sums.get(name, ModelSums(*name)), more)
        return list(sums.values())


def _added(sums: ModelSums, more: list[int]) -> ModelSums:
    before = (sums.interactions, sums.errors, sums.cost_nanos, sums.input_tokens, sums.output_tokens)
    added = (clamp(old + new) for old, new in zip(before, more, strict=True))
    return ModelSums(sums.model, sums.provider, *added)
