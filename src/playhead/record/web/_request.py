"""A request while it is answered: a step of kind ``http`` in its session, within which the rest is recorded.

Nothing here raises: what is recorded of a request must not change how it is answered.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from http import HTTPStatus
from types import TracebackType

from playhead.record._guard import guarded
from playhead.record._span import RunningStep
from playhead.record.current import Mark, current_parent, current_session, enter_parent, enter_session, leave
from playhead.record.session import Session


class Place:
    """What is current while the application answers: a block, entered again for each part of a streamed body.

    Between two parts it remembers what the application had made current, as a context of its own would.
    """

    def __init__(self, request: RecordedRequest, session: Session, parent_id: str) -> None:
        self._request = request
        self._session = session
        self._parent_id = parent_id
        self._marks: tuple[Mark, ...] = ()

    def __enter__(self) -> None:
        """Make it current."""
        request: Mark = (_request, _request.set(self._request), None)
        self._marks = request, enter_session(self._session), enter_parent(self._session.session_id, self._parent_id)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session = current_session() or self._session
        self._parent_id = current_parent(self._session.session_id) or self._parent_id
        for mark in reversed(self._marks):
            leave(mark)


class RecordedRequest:
    """One request: told what is answered, it ends its step with the last part of the body, and its session after that.

    Args:
        session: The session it belongs to.
        step: Its step, which has begun.
        ends_session: The session is this request's alone.
    """

    def __init__(self, session: Session, step: RunningStep, *, ends_session: bool) -> None:
        self.place = Place(self, session, step.id)
        self._session = session
        self._step = step
        self._ends_session = ends_session
        self._status: int | None = None
        self._failed = False
        self._complete = False

    def guarded(self) -> guarded:
        """Return a block whose failure counts as a drop in the request's session."""
        return guarded(lambda: self._session.recorder, self._session.session_id)

    def answered(self, status: int) -> None:
        """Note the status of the answer."""
        self._status = status

    def failed(self, error: BaseException) -> None:
        """Note an exception that left the application; a cancelled request is no failure."""
        with self.guarded():
            if not isinstance(error, asyncio.CancelledError | GeneratorExit):
                self._failed = True
                self._step.fail(error)

    def complete(self) -> None:
        """Note that the whole body is out."""
        self._complete = True
        if not self._is_error():  # the exception behind an error may still come out
            self._end_step()

    def close(self) -> None:
        """Note that the application is done with the request."""
        self._end_step()
        with self.guarded():
            if self._ends_session:
                self._session.end("error" if self._is_error() else "completed")

    def _end_step(self) -> None:
        with self.guarded():
            if self._step.ended:
                return
            if self._is_error() and not self._failed:
                self._step.fail(_phrase(self._status or 500))
            elif not self._complete and not self._failed:
                self._step.set(status="cancelled")
            self._step.output({"status": self._status, "complete": self._complete})
            self._step.end()

    def _is_error(self) -> bool:
        return self._failed or (self._status or 200) >= 500


_request: ContextVar[RecordedRequest | None] = ContextVar("playhead_request", default=None)


def request_failed(error: BaseException | None) -> None:
    """Note an exception in the request that is being answered here, for frameworks that let none out."""
    request = _request.get()
    if request is not None and error is not None:
        request.failed(error)


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
