"""What lasts, while it lasts: a model call that is announced and completed later, and a step that others nest in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from playhead.record._members import failure, said
from playhead.record.current import Mark, current_parent, enter_parent, leave
from playhead.record.events import WIRE_NAMES
from playhead.record.ids import quick_event_id

if TYPE_CHECKING:
    from playhead.record.session import Session

UNANSWERED = {"type": "Unanswered", "message": "the call ended without a response"}


class Span:
    """Common to both: an id from the beginning, a length, children by context, an end that comes once."""

    kind = ""

    def __init__(self, session: Session, event_id: str | None, members: Mapping[str, Any]) -> None:
        self.session = session
        self.id = event_id or quick_event_id()
        self.ended = False
        self._members = {WIRE_NAMES.get(name, name): value for name, value in members.items() if value is not None}
        self._members.setdefault("parentId", current_parent(session.session_id))
        self._began = time.perf_counter_ns()
        self._mark: Mark | None = None

    def set(self, **members: Any) -> None:
        """Add or change members, by their Python names; they are recorded with the end."""
        self._members |= {WIRE_NAMES.get(name, name): value for name, value in members.items()}

    def fail(self, error: BaseException | str) -> None:
        """Set the error."""
        self._members["error"] = failure(error)

    def end(self, **members: Any) -> str:
        """Record it as done, now, and return its id ('' when it was dropped, or has ended before)."""
        if self.ended:
            return ""
        self.ended = True
        self.set(**{name: value for name, value in members.items() if value is not None})
        self._members.setdefault("latency", self._elapsed_ms())
        return self.session.record(self.kind, None, said(**self._members), None, self.id)

    def _elapsed_ms(self) -> float:
        return (time.perf_counter_ns() - self._began) // 1000 / 1000

    def __enter__(self) -> Self:
        self._mark = enter_parent(self.session.session_id, self.id)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._mark is not None:
            leave(self._mark)
        if error is not None and not self.ended:
            self.fail(error)
        self.end()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)


class PendingInteraction(Span):
    """A model call that has begun: announced as pending at once, so that one that hangs shows, and completed under the
    same id.

        with session.interaction(model="gpt-4o", prompt=messages) as call:
            answer = client.chat.completions.create(…)
            call.complete(response=answer)

    An exception in the block is recorded as its error. Without a response or an error it counts as failed.
    """

    kind = "interaction"

    def __init__(self, session: Session, event_id: str | None, members: Mapping[str, Any]) -> None:
        super().__init__(session, event_id, members)
        session.record("interaction", None, said(**{**self._members, "pending": True}), None, self.id)

    def first_token(self) -> None:
        """Note that the first token has come; only the first time counts."""
        self._members.setdefault("timeToFirstToken", self._elapsed_ms())

    def complete(self, response: Any = None, **members: Any) -> str:
        """Record the whole interaction, and return its id ('' when it was dropped).

        ``members`` are those of ``record_interaction``: ``tokens``, ``cost``, ``response_metadata``, ``error``, ….
        """
        return self.end(response=response, **members)

    def end(self, **members: Any) -> str:
        """Record it as done."""
        given = {**self._members, **members}
        if given.get("response") is None and given.get("error") is None:
            members["error"] = UNANSWERED
        return super().end(**members)


class RunningStep(Span):
    """A step that runs: recorded at its end, with what is nested in it as its children.

    with session.step("search", kind="tool", input=query) as step:
        step.output(search(query))
    """

    kind = "step"

    def output(self, value: Any) -> None:
        """Set what the step returned."""
        self._members["output"] = value
