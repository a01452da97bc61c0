"""LangChain's runs while they last, each with its step or interaction, and what is current inside."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from playhead.record._span import PendingInteraction, RunningStep
from playhead.record.current import Mark, enter_parent, enter_suppression, is_suppressed, leave
from playhead.record.session import Session

MAX_RUNS = 10_000
"""Runs that are remembered; an older one that never ended is forgotten."""


_calling: ContextVar[bool] = ContextVar("playhead_langchain_calling", default=False)


class Run:
    """One run. ``event_id`` is what its children hang from: its own event, or for a hidden run its parent's."""

    def __init__(self, owner: object, session: Session, event_id: str | None) -> None:
        self.owner = owner
        self.session = session
        self.event_id = event_id
        self.step: RunningStep | None = None
        self.call: PendingInteraction | None = None
        self.requested: str | None = None
        self.pieces: list[str] = []
        self._marks: list[Mark] = []

    def run_step(self, step: RunningStep) -> None:
        """Make a step the run's own, and the parent of what is recorded inside."""
        self.step, self.event_id = step, step.id
        self._marks.append(enter_parent(self.session.session_id, step.id))

    def run_call(self, call: PendingInteraction, model: str) -> None:
        """Make an interaction the run's own; the provider's library is not recorded beneath it."""
        self.call, self.event_id, self.requested = call, call.id, model
        mark = enter_suppression()
        if mark is not None:
            self._marks += [mark, (_calling, _calling.set(True), False)]

    def leave(self) -> None:
        """Make current again what was before."""
        while self._marks:
            leave(self._marks.pop())


def is_foreign() -> bool:
    """Say whether nothing may be recorded here for another reason than a model call of LangChain that lasts."""
    return is_suppressed() and not _calling.get()


class Runs:
    """The runs that last, of all handlers: a run is recorded once, by the handler that saw it first."""

    def __init__(self) -> None:
        self._runs: dict[UUID, Run] = {}
        self._lock = threading.Lock()

    def add(self, run_id: UUID, run: Run) -> None:
        """Remember a run."""
        with self._lock:
            self._runs[run_id] = run
            if len(self._runs) > MAX_RUNS:
                self._runs.pop(next(iter(self._runs)))

    def get(self, run_id: UUID | None, owner: Any = None) -> Run | None:
        """Return a run; with an owner, only one that it records."""
        run = self._runs.get(run_id) if run_id is not None else None
        return run if run is not None and owner in (None, run.owner) else None

    def take(self, run_id: UUID, owner: object) -> Run | None:
        """Return a run that the owner records, and forget it."""
        with self._lock:
            run = self._runs.get(run_id)
            return self._runs.pop(run_id) if run is not None and run.owner is owner else None
