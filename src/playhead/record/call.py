"""One request to the server and how its answer is read: pure values, known to no network library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import msgspec

from playhead import errors
from playhead.errors import PlayheadError, UnexpectedAnswer

T = TypeVar("T")
A = TypeVar("A")

BASE = "/api/session-replay"
COMPRESS_FROM_BYTES = 8_192


class Call(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A request, and what makes a result of its answer's body.

    ``repeatable`` says that sending it twice does what sending it once does: a lost answer may then be asked for again.
    """

    method: str
    path: str
    parse: Callable[[bytes], T]
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    repeatable: bool = True


class Pages(msgspec.Struct, Generic[A, T], frozen=True, kw_only=True):
    """A list that comes in pages: the first call, what stands on a page, and the call for the one after it."""

    first: Call[A]
    items: Callable[[A], Iterable[T]]
    following: Callable[[A], Call[A] | None]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that arrived whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange without an answer; ``sent`` says whether the request may have reached the server."""

    reason: str
    sent: bool


def session_path(session_id: str, *rest: str) -> str:
    """Return the path of a session or of what belongs to it; ids are quoted."""
    return "/".join([BASE, *(_segment(part) for part in (session_id, *rest))])


def json_body(value: Any) -> tuple[bytes, dict[str, str]]:
    """Return the encoded body and its headers; a large one is compressed."""
    body = msgspec.json.encode(value)
    headers = {"Content-Type": "application/json"}
    if len(body) < COMPRESS_FROM_BYTES:
        return body, headers
    import zstandard  # noqa: PLC0415 - small requests never need it

    return zstandard.compress(body, 3), {**headers, "Content-Encoding": "zstd"}


def reader(answer: type[A], pick: Callable[[A], T]) -> Callable[[bytes], T]:
    """Return what decodes a body as ``answer`` and picks the result out of it."""

    def parse(body: bytes) -> T:
        try:
            return pick(msgspec.json.decode(body, type=answer))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise UnexpectedAnswer(f"The server's answer is not a {answer}: {error}") from error

    return parse


def failure_of(reply: Reply) -> PlayheadError:
    """Return the error that a reply stands for: by its code, or by its status when the code is not known."""
    code, message, details = _problem(reply)
    kind = _BY_CODE.get(code) or _BY_STATUS.get(reply.status) or UnexpectedAnswer
    return kind(message, details=details)


def _problem(reply: Reply) -> tuple[str, str, Any]:
    try:
        problem = msgspec.json.decode(reply.body)["error"]
        return str(problem["code"]), str(problem["message"]), problem.get("details")
    except (msgspec.MsgspecError, UnicodeDecodeError, LookupError, TypeError, AttributeError):
        text = reply.body[:200].decode("utf-8", "replace").strip()
        return (
            "",
            f"The server answered {reply.status}: {text}" if text else f"The server answered {reply.status}",
            None,
        )


def _segment(part: str) -> str:
    if str(part) in ("", ".", ".."):
        raise errors.Invalid.field("session_id", "expected the id of a session, as start_recording returns it")
    try:
        return quote(part, safe="")
    except UnicodeEncodeError:
        raise errors.Invalid.field("session_id", "holds a lone surrogate") from None


def _tree(kind: type[PlayheadError]) -> Iterable[type[PlayheadError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _tree(child)


_BY_CODE = {kind.code: kind for kind in _tree(PlayheadError)}
_NEVER_SENT = (errors.NewerDatabase, errors.Unreachable, UnexpectedAnswer)
_BY_STATUS = {kind.status: kind for kind in reversed(list(_tree(PlayheadError))) if kind not in _NEVER_SENT}
