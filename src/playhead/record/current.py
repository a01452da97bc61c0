"""What is current here: the session that is being recorded, and the step or interaction that what follows belongs to.

Context variables, so that threads, tasks and generators each have their own. ``suppressed`` marks work that must not be
recorded: the recorder's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playhead.record.session import Session

_session: ContextVar[Session | None] = ContextVar("playhead_session", default=None)
_parent: ContextVar[tuple[str, str] | None] = ContextVar("playhead_parent", default=None)
_suppressed: ContextVar[bool] = ContextVar("playhead_suppressed", default=False)

Mark = tuple[ContextVar[Any], Token[Any], Any]
Place = tuple["Session | None", tuple[str, str] | None]
"""A session and its enclosing step or interaction; kept while a generator sleeps."""


def current_session() -> Session | None:
    """Return the session that this thread or task records into, or None."""
    return _session.get()


def current_parent(session_id: str) -> str | None:
    """Return the id of the step or interaction of a session that encloses this, or None."""
    parent = _parent.get()
    return parent[1] if parent is not None and parent[0] == session_id else None


def enter_session(session: Session | None) -> Mark:
    """Make a session current; hand what comes back to ``leave``."""
    before = _session.get()
    return _session, _session.set(session), before


def enter_parent(session_id: str, event_id: str) -> Mark:
    """Make a step or an interaction the parent of what follows; hand what comes back to ``leave``."""
    before = _parent.get()
    return _parent, _parent.set((session_id, event_id)), before


def place() -> Place:
    """Return what is current here, for ``enter_place``."""
    return _session.get(), _parent.get()


def enter_place(kept: Place) -> tuple[Mark, Mark]:
    """Make current again what was kept; hand what comes back to ``leave``, one after the other."""
    now = place()
    return (_session, _session.set(kept[0]), now[0]), (_parent, _parent.set(kept[1]), now[1])


def leave(mark: Mark) -> None:
    """Make current again what was before; also in another context, where generators are closed sometimes."""
    variable, token, before = mark
    try:
        variable.reset(token)
    except ValueError:
        variable.set(before)


@contextmanager
def suppressed() -> Iterator[None]:
    """Record nothing of what runs in the block."""
    mark = enter_suppression()
    try:
        yield
    finally:
        if mark is not None:
            leave(mark)


def enter_suppression() -> Mark | None:
    """Record nothing from now on until ``leave``, for what begins and ends in separate calls; None where it is so."""
    return None if _suppressed.get() else (_suppressed, _suppressed.set(True), False)


def is_suppressed() -> bool:
    """Say whether what runs here must not be recorded."""
    return _suppressed.get()


def suppress_thread() -> None:
    """Record nothing of what this thread or task does from now on."""
    _suppressed.set(True)
