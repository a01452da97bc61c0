"""Where list, show and replay read from: a server through the public client, or the store itself, without a key.

``--data-dir`` or ``--url`` decide; else PLAYHEAD_URL or PLAYHEAD_API_KEY mean a server; else it is the database that
PLAYHEAD_DATABASE_URL names, or the local directory.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from playhead.errors import Forbidden, Invalid, Unauthorized
from playhead.model.answers import SessionItem
from playhead.model.event import Object

if TYPE_CHECKING:
    from playhead.model.audit import Origin
    from playhead.store.opening import Opened


class Source(Protocol):
    """Sessions to be read."""

    def sessions(self, query: list[tuple[str, str]]) -> tuple[list[SessionItem], int]:
        """Return a page of sessions by a list's wire query, and how many match. Raises Invalid."""
        ...

    def session(self, session_id: str) -> SessionItem:
        """Return a session with its summary. Raises SessionNotFound."""
        ...

    def events(self, session_id: str) -> Iterator[Object]:
        """Yield a session's events in time order. Raises SessionNotFound."""
        ...


@contextmanager
def open_source(*, url: str | None, data_dir: str | None, project: str) -> Iterator[Source]:
    """Open what the options and the environment name, and close it behind the block."""
    if data_dir is not None and url is not None:
        raise Invalid("--url and --data-dir: a server or a directory, not both")
    asks_server = url or os.environ.get("PLAYHEAD_URL") or os.environ.get("PLAYHEAD_API_KEY")
    with _server(url) if data_dir is None and asks_server else _directory(data_dir, project) as source:
        yield source


class _Server:
    def __init__(self, client: Any) -> None:
        self._client = client

    def sessions(self, query: list[tuple[str, str]]) -> tuple[list[SessionItem], int]:
        from playhead.model.answers import ListAnswer
        from playhead.record.call import BASE, Call, reader

        parse = reader(ListAnswer, lambda answer: answer)
        answer: ListAnswer = self._client.perform(
            Call(method="GET", path=f"{BASE}/list", query=tuple(query), parse=parse)
        )
        return answer.data, answer.pagination.total

    def session(self, session_id: str) -> SessionItem:
        return self._client.get_session(session_id)  # type: ignore[no-any-return]

    def events(self, session_id: str) -> Iterator[Object]:
        yield from self._client.get_events(session_id)


@contextmanager
def _server(url: str | None) -> Iterator[Source]:
    from playhead.record.client import SessionReplayClient

    with SessionReplayClient(url) as client:
        try:
            yield _Server(client)
        except (Unauthorized, Forbidden) as failure:
            raise type(failure)(f"{failure.message}: set PLAYHEAD_API_KEY to one that may read") from failure


class _Directory:
    def __init__(self, store: Any, project: int) -> None:
        self._store = store
        self._project = project

    def sessions(self, query: list[tuple[str, str]]) -> tuple[list[SessionItem], int]:
        from playhead.model.requests import ListQuery
        from playhead.server.query import convert, filter_of, page_request

        asked = convert(ListQuery, query)
        page = self._store.list_sessions(self._project, filter_of(asked), page_request(asked))
        return [self._item(session) for session in page.sessions], page.total

    def session(self, session_id: str) -> SessionItem:
        return self._item(self._store.get_session(self._project, session_id))

    def events(self, session_id: str) -> Iterator[Object]:
        from playhead.server.present import flat_event

        after: int | None = 0
        while after is not None:
            page = self._store.get_events(self._project, session_id, after=after, limit=500)
            for event in page.events:
                yield msgspec.to_builtins(flat_event(event))
            after = page.next

    def _item(self, session: Any) -> SessionItem:
        from playhead.server.present import session_item

        return session_item(session, "")


@contextmanager
def _directory(data_dir: str | None, project: str) -> Iterator[Source]:
    with open_store(data_dir) as opened:
        found = {each.name: each.no for each in opened.registry.list_projects()}
        if project not in found:
            raise Invalid(f"--project: there is no project {project!r} here; there are: {', '.join(found) or 'none'}")
        yield _Directory(opened.store, found[project])


def command_line(command: str) -> Origin:
    """Return the origin of what a command does here: the user of the operating system."""
    from playhead.model.audit import Actor, Origin

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in a container
        user = str(os.getuid())
    return Origin(Actor("command-line", user, command))


@contextmanager
def open_store(data_dir: str | None, *, make: bool = False) -> Iterator[Opened]:
    """Open what a directory or the settings name, beside a running server or without one; unless ``make`` it exists."""
    from playhead.server.settings import from_environment
    from playhead.store.opening import open_engine

    place = from_environment(data_dir=data_dir).place
    if not make and not place.exists():
        raise Invalid(
            f"there are no recordings in {place}; start `playhead serve`, or name a directory with --data-dir "
            "or a server with --url"
        )
    opened = open_engine(place)
    try:
        yield opened
    finally:
        opened.close()
