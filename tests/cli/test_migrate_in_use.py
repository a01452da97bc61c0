"""``playhead migrate`` from a database that a server writes to: what is recorded, completed, ended, changed and erased
meanwhile is caught up with, at the latest by the run after the last server has stopped."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from msgspec.structs import replace
from tests.cli.conftest import Done, Playhead
from tests.store.build import EVERY
from tests.support.clickhouse import shared_engine as clickhouse_engine
from tests.support.postgres import shared_server as postgres_server
from tests.support.server import Server, running_server

from playhead.model.filters import PageRequest
from playhead.store.carry import End
from playhead.store.opening import Opened, open_engine
from playhead.store.place import Place

BASE = "/api/session-replay"
WRITERS = 3
LIVES = 9
"""How many sessions the writers have lived through before each copying."""
TAIL = 4
RESTLESS = "FROM was written to until the last"

pytestmark = pytest.mark.timeout(300)


@dataclass
class Used:
    """A database that a server uses: its place, and the settings that name what stands beside it."""

    place: Place
    server: Server
    beside: dict[str, str]


def place_for(engine: str, directory: Path) -> Place:
    if engine == "sqlite":
        return Place(directory)
    registry = postgres_server().new_database()
    if engine == "postgresql":
        return Place(directory, registry)
    return Place(directory, clickhouse_engine().new_database(), registry)


@pytest.fixture(params=["sqlite", "postgresql", "clickhouse"])
def used(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Used]:
    """A database of each engine with a server on it."""
    place = place_for(request.param, tmp_path / "from")
    settings = {"database_url": place.database_url, "registry_url": place.registry_url}
    with running_server(place.data_dir, **settings) as server:
        beside = {"PLAYHEAD_REGISTRY_URL": place.registry_url} if place.registry_url else {}
        yield Used(place, server, beside)
    if place.registry_url:
        postgres_server().drop(place.registry_url)


class Writers:
    """Threads that live through one session after another until they are told to rest."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lived = 0
        self._progress = threading.Condition()
        self._rest = threading.Event()
        self._failures: list[BaseException] = []
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(WRITERS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._rest.set()
        for thread in self._threads:
            thread.join(60)
        assert not self._failures, self._failures

    def wait_for(self, more: int) -> None:
        """Block until so many more sessions were lived through."""
        with self._progress:
            wanted = self._lived + more
            assert self._progress.wait_for(lambda: self._lived >= wanted or bool(self._failures), timeout=120)

    def _write(self, number: int) -> None:
        try:
            with self._server.client() as client:
                for life in itertools.count():
                    if self._rest.is_set():
                        return
                    live(client, f"w{number}", life)
                    with self._progress:
                        self._lived += 1
                        self._progress.notify_all()
        except (AssertionError, httpx.HTTPError) as failure:
            self._failures.append(failure)


def live(client: httpx.Client, writer: str, life: int) -> None:
    """Have everything happen that happens to sessions: to a new one, to the one before it and to an old one."""
    new, last, old = (f"{writer}-{life - back}" for back in (0, 1, TAIL))
    said(client.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": new, "tags": ["a"]}))
    calls = [call(f"c{n}", n) for n in range(6)]
    early = [announced(one) if n % 2 else one for n, one in enumerate(calls)]
    said(client.post(f"{BASE}/events", json={"events": [one | {"sessionId": new} for one in early]}))
    if life:
        late = [one | {"sessionId": last} for one in (*calls, call("late", 9))]
        said(client.post(f"{BASE}/events", json={"events": late}))
        said(client.patch(f"{BASE}/{last}", json={"label": f"after {life}", "bookmarked": life % 3 == 0}))
        said(client.post(f"{BASE}/{last}/end", json={"status": "error" if life % 4 else "completed"}))
    if life >= TAIL and life % 2:
        said(client.delete(f"{BASE}/{old}"))
    elif life >= TAIL:
        said(client.post(f"{BASE}/{old}/share", json={"access": "public"}))
        said(client.post(f"{BASE}/{old}/notes", json={"kind": "comment", "text": "look", "at": 1}))


def call(name: str, turns: int) -> dict[str, Any]:
    prompt = [{"role": "user", "content": f"turn {turn}"} for turn in range(turns + 1)]
    return {"id": name, "type": "interaction", "data": {"model": "gpt-4o", "prompt": prompt, "response": f"r {name}"}}


def announced(one: dict[str, Any]) -> dict[str, Any]:
    data = {name: value for name, value in one["data"].items() if name != "response"}
    return one | {"data": data | {"pending": True}}


def said(answer: httpx.Response) -> None:
    assert answer.is_success, answer.text


@contextmanager
def opened(place: Place) -> Iterator[Opened]:
    """Open what a command copied from or to."""
    found = open_engine(place)
    try:
        yield found
    finally:
        found.close()


def everything(place: Place) -> Any:
    """Return all that a place has: of each session what is answered and what is kept, erasures, notes, keys, shares."""
    with opened(place) as found:
        store, registry = found.store, found.registry
        [project] = registry.list_projects()
        sessions = [replace(copy, position=0) for copy in store.copy_sessions(project.no, limit=10_000)]
        ids = [copy.session.id for copy in sessions]
        return (
            sorted(sessions, key=lambda copy: copy.session.id),
            store.list_erased(project.no),
            {id_: kept(End(store, project.no), id_) for id_ in ids},
            {id_: [replace(note, project_no=0) for note in registry.list_notes(project.no, id_)] for id_ in ids},
            sorted(copy.key_hash for copy in registry.copy_keys(project.no)),
            sorted(copy.token_hash for copy in registry.copy_shares(project.no)),
            store.list_sessions(project.no, EVERY, PageRequest(limit=1)).total,
        )


def kept(end: End, session_id: str) -> Any:
    """Return a session's events with all that is kept of them, and as they are answered."""
    events = end.store.copy_events(end.project, session_id, range(1, 100))
    return [replace(copy, brought=[]) for copy in events], end.store.get_events(end.project, session_id).events


def test_what_happens_meanwhile_is_caught_up_with(used: Used, tmp_path: Path, playhead: Playhead) -> None:
    source, target = used.place, Place(tmp_path / "to")

    def copied() -> Done:
        return playhead("migrate", source.database_url or source.data_dir, target.data_dir, **used.beside)

    with Writers(used.server) as writers:
        for _ in range(2):
            writers.wait_for(LIVES)
            meanwhile = copied()
            problems = [line for line in meanwhile.err.splitlines() if "sessions, " not in line]
            assert all(RESTLESS in line for line in problems), meanwhile.err
            assert meanwhile.status == bool(problems)
        writers.wait_for(LIVES)
    assert used.server.stop() == 0
    last = copied()
    assert last.status == 0, last.err
    assert "compared, 0 and 0 of them new" in copied().out
    assert everything(target) == everything(source)
