"""One observed model call: announced when it begins, recorded whole when it is over, however it ends.

Knows no provider: what was asked comes as a ``Request``, what was answered through a ``Fold`` or a reader. A failure in
here is counted as a drop (``integration_failed``) and goes no further.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, Protocol

from msgspec import Struct, field

from playhead.record import contents
from playhead.record._softener import soften
from playhead.record.current import is_suppressed
from playhead.record.integrations._implicit import session_for_a_call
from playhead.record.session import Session

P = ParamSpec("P")
Members = dict[str, Any]
Reader = Callable[[Any], Members]

ABSENT = frozenset({"NotGiven", "Omit", "NoneType"})


class Request(Struct, frozen=True, kw_only=True):
    """What a model was asked: the members of an interaction that are known before the answer."""

    model: str
    prompt: Any
    provider: str
    parameters: Members = field(default_factory=dict)
    metadata: Members = field(default_factory=dict)


class Fold(Protocol):
    """Puts the pieces of a streamed answer together."""

    def add(self, piece: Any) -> bool:
        """Take a piece; say whether it brought something of the answer itself."""
        ...

    def answer(self) -> Any:
        """Return what has come, in the shape of an answer that was not streamed; None when nothing has."""
        ...


def quiet(
    method: Callable[Concatenate[ObservedCall, P], None],
) -> Callable[Concatenate[ObservedCall, P], None]:
    """Count what fails in a method of a call, and let the application go on."""

    @functools.wraps(method)
    def run(self: ObservedCall, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception:  # noqa: BLE001 - counted, and the application's call goes on
            missed(self.session)

    return run


class ObservedCall:
    """A call under way. It ends once: by ``finish``, ``fail`` or ``cancel``; what comes later is ignored.

    What is put into ``metadata`` until then is recorded with the answer; ``afterwards`` is run at the end.
    """

    def __init__(self, session: Session, request: Request, read: Reader, fold: Fold) -> None:
        self.session = session
        self.metadata: Members = {}
        self.afterwards: Callable[[], None] | None = None
        self._read = read
        self._fold = fold
        self._ended = False
        self._lock = threading.RLock()
        self._asked = request.model
        self._span = session.interaction(
            model=request.model,
            prompt=request.prompt,
            provider=request.provider,
            parameters=request.parameters or None,
            request_metadata=request.metadata or None,
        )

    @quiet
    def take(self, piece: Any) -> None:
        """Note a piece of a streamed answer."""
        if not self._ended and self._fold.add(piece):
            self._span.first_token()

    @quiet
    def finish(self, answer: Any = None) -> None:
        """Record the call as answered: by ``answer``, or by the pieces that came."""
        if self._end():
            self._record(self._told(self._fold.answer() if answer is None else answer))

    @quiet
    def fail(self, error: BaseException) -> None:
        """Record the call as failed, or as cancelled where that is what the exception says; partial answers are kept.

        An exception that is no ``Exception`` does not say that the call went wrong: it was not wanted any more.
        """
        if not isinstance(error, Exception):
            self.cancel()
        elif self._end():
            self._record({**self._told(self._fold.answer()), "error": failure(error)}, _status(error))

    @quiet
    def cancel(self, word: str = "cancelled") -> None:
        """Record the call as given up by the application, with what had come; ``word`` says it in the metadata."""
        if self._end():
            told = self._told(self._fold.answer())
            self._record({"response": "", **told}, {word: True})

    def _end(self) -> bool:
        with self._lock:
            first, self._ended = not self._ended, True
        if first and self.afterwards is not None:
            self.afterwards()
        return first

    def _told(self, answer: Any) -> Members:
        """Return what an answer says; one that cannot be read must not keep the call from ending."""
        if answer is None:
            return {}
        try:
            return self._read(answer)
        except Exception:  # noqa: BLE001 - counted, and recorded without the answer
            missed(self.session)
            return {"response": "[not read]"}

    def _record(self, told: Members, *more: Members) -> None:
        metadata = {**(told.pop("responseMetadata", None) or {}), **self.metadata}
        for each in more:
            metadata |= each
        if told.get("model") not in (None, self._asked):
            metadata["requestedModel"] = self._asked
        self._span.end(**told, responseMetadata=metadata or None)


def begin(request: Callable[[], Request], read: Reader, fold: Callable[[], Fold]) -> ObservedCall | None:
    """Announce a call, or return None where nothing is to be recorded."""
    if is_suppressed():
        return None
    session = session_for_a_call()
    if session is None or not session.recorder.options.enabled:
        return None
    try:
        return ObservedCall(session, request(), read, fold())
    except Exception:  # noqa: BLE001 - counted, and the application's call goes on
        missed(session)
        return None


def missed(session: Session) -> None:
    """Count an event that our own failure kept from being recorded."""
    session.recorder.miss(session.session_id, "integration_failed")


def dumped(value: Any) -> Any:
    """Return a provider's object as it came over the wire: members that were not set are left out."""
    method = getattr(value, "model_dump", None)
    if method is not None:
        try:
            return soften(method(exclude_unset=True, warnings=False), set())
        except TypeError:
            return soften(value, set())
    return soften(value, set())


def read_answer(answer: Any) -> Members:
    """Return the members that an answer in one of the known shapes tells."""
    return contents.read_response(dumped(answer))


def given(body: Any) -> Members:
    """Return the members of a request that were given; lists are copied, since applications append to theirs."""
    members = body if isinstance(body, Mapping) else {}
    return {
        name: list(value) if type(value) is list else value
        for name, value in members.items()
        if type(value).__name__ not in ABSENT
    }


def failure(error: BaseException) -> Members:
    """Return an exception as it is recorded, with what an API's error says besides."""
    told = {"type": type(error).__name__, "message": str(error)}
    for name, attribute in (("status", "status_code"), ("code", "code"), ("requestId", "request_id")):
        value = getattr(error, attribute, None)
        if isinstance(value, str | int) and value:
            told[name] = value  # type: ignore[assignment]  # numbers beside texts
    return told


def _status(error: BaseException) -> Members:
    status = getattr(error, "status_code", None)
    return {"statusCode": status} if isinstance(status, int) else {}
