"""Which requests are recorded, and into which session: read off a request's head. Sees no body and no answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any, Literal, TypeAlias, get_args

from msgspec import Struct

from playhead.errors import Invalid
from playhead.record import door
from playhead.record._guard import guarded
from playhead.record._start import slug
from playhead.record.ids import now_ms
from playhead.record.recorder import Recorder
from playhead.record.web import _signals
from playhead.record.web._request import RecordedRequest

Per: TypeAlias = Literal["request", "conversation", "user"]
MARK = "playhead.session"
"""The key under which a request's scope or environ carries its session; one that has it is recorded already."""

MAX_PATH = 400
MAX_SAID = 200
DAY_MS = 86_400_000


class Head(Struct, frozen=True):
    """What a request says of itself; ``surroundings`` is its scope or environ."""

    method: str
    path: str
    conversation: str | None
    surroundings: MutableMapping[str, Any]


class Middleware:
    """Common to both kinds: what is recorded of an application's requests.

    Args:
        app: The application.
        feature: The sessions' feature.
        per: ``conversation``: requests with the same ``header`` are one session, others one each. ``user``: one session
            for each user and day (UTC). ``request``: one session for each request.
        header: The header that names the conversation.
        user: Is given the ASGI scope or the WSGI environ, and returns the user's id or None.
        include: Patterns of paths that are recorded, as the shell's: ``*`` also stands for slashes.
        exclude: Patterns of paths that are not, among these.
        tags: The sessions' tags.
        metadata: The sessions' metadata, besides the conversation.
        recorder: Where to record; the process's own without one.

    Raises Invalid for a ``per`` that is none of these.
    """

    integration = ""

    def __init__(
        self,
        app: Any,
        *,
        feature: str = "chat",
        per: Per = "conversation",
        header: str = "X-Conversation-Id",
        user: Callable[[Any], Any] | None = None,
        include: Iterable[str] = ("*",),
        exclude: Iterable[str] = (),
        tags: Iterable[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        if per not in get_args(Per):
            raise Invalid.field("per", f"expected one of {', '.join(get_args(Per))}, not {per!r}")
        self.app = app
        self._header = self._spelled(header)
        self._feature = slug(feature)
        self._per = per
        self._user = user
        self._include = _patterns(include)
        self._exclude = _patterns(exclude)
        self._tags = None if tags is None else list(tags)
        self._metadata = dict(metadata or {})
        self._recorder = door.recorder if recorder is None else lambda: recorder

    def _spelled(self, header: str) -> Any:
        """Return a header's name as requests of this kind spell it."""
        raise NotImplementedError

    def _head(self, surroundings: Any) -> Head:
        """Read a request's head off its scope or environ."""
        raise NotImplementedError

    def _begin(self, surroundings: Any) -> RecordedRequest | None:
        """Begin to record a request, or return None for one that is not to be recorded. Raises nothing."""
        with guarded(self._recorder):
            _signals.listen()
            head = self._head(surroundings)
            if MARK not in surroundings and self._covers(head.path):
                return self._recorded(head)
        return None

    def _covers(self, path: str) -> bool:
        return _matches(path, self._include) and not _matches(path, self._exclude)

    def _recorded(self, head: Head) -> RecordedRequest:
        user = self._user_of(head)
        own_id = self._shared_id(head, user)
        name = f"{head.method} {_shown(head.path, MAX_PATH)}"
        session = self._recorder().session(
            feature=self._feature,
            user_id=user,
            label=name,
            tags=self._tags,
            metadata=self._metadata | self._conversation_of(head),
            session_id=own_id,
            integration_name=self.integration,
        )
        head.surroundings[MARK] = session
        asked = {"method": head.method, "path": _shown(head.path, MAX_PATH)}
        return RecordedRequest(session, session.step(name, "http", input=asked), ends_session=own_id is None)

    def _user_of(self, head: Head) -> str | None:
        with guarded(self._recorder):
            user = None if self._user is None else self._user(head.surroundings)
            return None if user is None else str(user) or None
        return None

    def _shared_id(self, head: Head, user: str | None) -> str | None:
        """Return the id of a session that other requests share, the same in every process; None for one of its own.

        A client names the conversation. It is hashed, with the user, so that nobody reaches into another's session.
        """
        if self._per == "conversation" and head.conversation:
            shared = head.conversation
        elif self._per == "user" and user:
            shared = str(now_ms() // DAY_MS)
        else:
            return None
        told = "\0".join((self._per, self._feature, user or "", shared))
        return f"web_{self._feature}_{sha256(told.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"

    def _conversation_of(self, head: Head) -> dict[str, str]:
        if self._per != "conversation" or not head.conversation:
            return {}
        return {"conversationId": _shown(head.conversation, MAX_SAID)}


def _shown(text: str, limit: int) -> str:
    return text.replace("\0", "\ufffd")[:limit]


def _patterns(given: Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)
