"""Parts that the SQLite store's tests are made of: events in a line, and a writer that can be held."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playhead.model.event import Call, NewEvent
from playhead.model.session import NewSession
from playhead.store.sqlite.store import SqliteStore

NOW_US = 1_700_000_000_000_000


def interaction(
    id_: str, prompt: Any = "why?", *, cost_nanos: int = 0, tokens: int = 0, at_us: int = NOW_US
) -> NewEvent:
    """Return a model call."""
    data = {"model": "m", "prompt": prompt, "response": "because"}
    call = Call("m", input_tokens=tokens, output_tokens=tokens, cost_nanos=cost_nanos, cost_source="reported")
    return NewEvent(id_, "interaction", at_us, at_us, data, call=call, size_bytes=100)


def action(id_: str, data: dict[str, Any] | None = None, *, size_bytes: int = 100) -> NewEvent:
    """Return a user action with any data."""
    return NewEvent(
        id_, "user_action", NOW_US, NOW_US, {"action": "click"} if data is None else data, size_bytes=size_bytes
    )


def begin(store: SqliteStore, session_id: str = "s", **members: Any) -> int:
    """Start a session in the default project and return the project's number."""
    project = store.ensure_project("default", NOW_US).no
    store.start_session(project, NewSession(session_id, "chat", NOW_US, **members), NOW_US).result()
    return project


def ids_of(store: SqliteStore, project: int, session_id: str = "s") -> list[str]:
    """Return the ids of a session's events in order of arrival."""
    return [event.id for event in store.get_events_since(project, session_id, 0, limit=100_000).events]


@contextmanager
def held(store: SqliteStore) -> Iterator[None]:
    """Hold the writer inside a write, so that what is submitted meanwhile becomes one group."""
    entered, release = threading.Event(), threading.Event()

    def hold(_scope: object) -> None:
        entered.set()
        release.wait()

    future = store._writer.submit(hold)
    entered.wait()
    try:
        yield
    finally:
        release.set()
        future.result()
