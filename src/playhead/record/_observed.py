"""One call of an observed function, from its beginning to its end: a step, with what went in and what came out.

Nothing here raises: a failure of ours is counted, and the application's own goes on unchanged.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from playhead.record import door
from playhead.record._guard import guarded
from playhead.record._softener import soften
from playhead.record._span import RunningStep
from playhead.record.current import Mark, Place, current_session, enter_place, is_suppressed, leave, place
from playhead.record.session import Session

MOST_ITEMS = 10_000
"""How many items of a generator are recorded; the others are counted."""
OWN = ("self", "cls")


class Observation(Struct, frozen=True, kw_only=True):
    """What ``observe`` was told about a function."""

    name: str
    kind: str
    signature: inspect.Signature | None
    capture_input: bool
    capture_output: bool
    session: bool

    def begin(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Run | None:
        """Return the call that begins now, or None when it is not recorded."""
        session = None if is_suppressed() else current_session()
        run = None
        if session is not None or (self.session and not is_suppressed()):
            with guarded(door.recorder) if session is None else guarded_in(session):
                run = self._run(session, args, kwargs)
        return run

    def _run(self, session: Session | None, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Run:
        given = self._input(args, kwargs) if self.capture_input else None
        if session is not None:
            return Run(self, session, given)
        return Run(self, door.session(feature=self.name, label=self.name), given, own=True)

    def _input(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Return the arguments by name, as they are now: the call may change them."""
        try:
            bound = {} if self.signature is None else self.signature.bind(*args, **kwargs).arguments
        except TypeError:  # the call is about to fail for the same reason
            bound = {}
        if not bound and (args or kwargs):
            bound = {**({"args": args} if args else {}), **kwargs}
        first = next(iter(bound), None)
        own = first if first in OWN else None
        return soften({name: value for name, value in bound.items() if name != own}, set()) or None


class Run:
    """A call that is under way. ``resume`` and ``pause`` stand around each stretch in which its code runs."""

    def __init__(self, observation: Observation, session: Session, given: Any, *, own: bool = False) -> None:
        self._observation = observation
        self._session = session
        self._own = own
        self._step = RunningStep(session, None, {"name": observation.name, "kind": observation.kind, "input": given})
        self._place: Place = (session, (session.session_id, self._step.id))
        self._marks: tuple[Mark, Mark] | None = None
        self._items: list[Any] = []
        self._count = 0

    def resume(self) -> None:
        """Make its session current and its step, or what was so inside it, the parent of what follows."""
        self._marks = enter_place(self._place)

    def pause(self) -> None:
        """Make current again what was so outside."""
        self._place = place()
        marks, self._marks = self._marks, None
        for mark in reversed(marks or ()):
            leave(mark)

    def item(self, value: Any) -> None:
        """Note what a generator yields, as it is now."""
        self._count += 1
        if self._observation.capture_output and self._count <= MOST_ITEMS:
            with self._guarded():
                self._items.append(soften(value, set()))

    def returned(self, value: Any) -> None:
        """Record it as done."""
        with self._guarded():
            self._end("completed", value if self._observation.capture_output else None)

    def exhausted(self, status: str = "completed") -> None:
        """Record a generator as done, or as ``closed`` before its end."""
        with self._guarded():
            self._step.set(items=self._count)
            self._end(status, self._yielded())

    def raised(self, error: BaseException, *, yields: bool = False) -> None:
        """Record it as failed, or as cancelled."""
        with self._guarded():
            if yields:
                self._step.set(items=self._count)
            cancelled = isinstance(error, asyncio.CancelledError | GeneratorExit)
            if not cancelled:
                self._step.fail(error)
            self._end("cancelled" if cancelled else "error", self._yielded())

    def _yielded(self) -> Any:
        if not self._items:
            return None
        return "".join(self._items) if all(isinstance(item, str) for item in self._items) else self._items

    def _end(self, status: str, output: Any) -> None:
        self._step.end(output=output, status=status)
        if self._own:
            self._session.end("error" if status == "error" else "completed")

    def _guarded(self) -> guarded:
        return guarded_in(self._session)


def guarded_in(session: Session) -> guarded:
    """Return a block whose failure is counted in a session, and goes no further."""
    return guarded(lambda: session.recorder, session.session_id)


def signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    """Return a function's signature, or None where it has none that can be read."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None
