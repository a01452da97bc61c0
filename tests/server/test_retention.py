"""Sessions that a project keeps no longer go by themselves: on a clock that the test moves, and with real servers."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.store.build import action, interaction, record
from tests.support.postgres import PostgresServer, postgres
from tests.support.recordings import BASE, eventually
from tests.support.server import Server, error_of, running_server, start_server

from playhead.errors import Unavailable
from playhead.model.audit import Actor, EntryFilter, NewEntry
from playhead.model.filters import PageRequest, SessionFilter
from playhead.model.moment import DAY_US
from playhead.model.project_settings import ProjectSettings, Retention
from playhead.model.session import Erasure, NewSession, SessionEnd, SessionPatch
from playhead.server import silence
from playhead.server.retention import retain_for_ever, sweep
from playhead.server.run import now_us
from playhead.server.services import Services, make_services
from playhead.server.settings import from_environment
from playhead.store.base import Store
from playhead.store.expiring import Expired, Expiry
from playhead.store.memory import MemoryStore
from playhead.store.postgres.store import open_postgres
from playhead.store.sqlite.store import open_sqlite

__all__ = ["postgres"]

PREVIEW = f"{BASE}/settings/retention/preview"
MONTH = ProjectSettings(retention=Retention(days=30))
DAYS_AGO_40 = 40 * DAY_US


def ended(store: Store, project: int, id_: str, at_us: int, *, bookmarked: bool = False) -> None:
    """Record a session of one interaction that arrived, and ended, at a moment."""
    record(store, project, id_, interaction("i"), now_us=at_us)
    store.end_session(project, id_, SessionEnd(), at_us).result()
    if bookmarked:
        store.patch_session(project, id_, SessionPatch(bookmarked=True), at_us).result()


def ids_of(store: Store, project: int) -> list[str]:
    return sorted(each.id for each in store.list_sessions(project, SessionFilter(), PageRequest(limit=100)).sessions)


# --- on a clock that stands ------------------------------------------------------------------------------------------


class Standing:
    """Services over a memory store, at a time that the test sets."""

    def __init__(self, store: MemoryStore | None = None, **settings: Any) -> None:
        self.us = 0
        self.store = store or MemoryStore()
        self.services = make_services(
            self.store, self.store, from_environment({}, **settings), clock=lambda: self.us, random_bytes=os.urandom
        )

    def swept(self, day: float) -> int:
        """Sweep so many days after the beginning; other servers' changes of settings have been noticed."""
        self.us = int(day * DAY_US)
        return asyncio.run(self._sweep(self.services))

    async def _sweep(self, services: Services) -> int:
        for project in services.registry.list_projects():
            services.project_settings.forget(project.no)
        return await sweep(services, rest=0)

    def project(self, name: str, settings: ProjectSettings | None = None) -> int:
        """Make a project that has set this, and a session in it that ended at the beginning."""
        number = self.store.ensure_project(name, 0).no
        if settings is not None:
            self.store.set_project_settings(number, lambda _: settings, 0)
        ended(self.store, number, "s", 0)
        return number


def test_a_session_goes_when_its_days_have_passed_and_not_before() -> None:
    world = Standing()
    project = world.project("p", MONTH)
    assert [world.swept(29.9999), world.swept(30), world.swept(31)] == [0, 1, 0]
    assert ids_of(world.store, project) == []
    assert world.services.meter.retention_erased == 1
    [entry] = world.store.list_entries(project, EntryFilter()).entries
    assert (entry.action, entry.actor, entry.target.session_id) == ("session.erase", Actor("server"), "s")
    assert (entry.details["reason"], entry.details["events"], entry.at_us) == ("retention", 1, 30 * DAY_US)


def test_each_project_is_kept_as_it_says_and_else_as_the_server_does() -> None:
    world = Standing(retention_days=90)
    month = world.project("month", MONTH)
    for_good = world.project("for-good", ProjectSettings(retention=Retention(days=None)))
    unset = world.project("unset")
    assert world.swept(89) == 1
    assert [len(ids_of(world.store, each)) for each in (month, for_good, unset)] == [0, 1, 1]
    assert world.swept(90) == 1
    assert [len(ids_of(world.store, each)) for each in (month, for_good, unset)] == [0, 1, 0]


def test_nothing_goes_where_nothing_was_said() -> None:
    world = Standing()
    world.project("p")
    assert world.swept(36_500) == 0


def test_many_go_a_few_at_a_time() -> None:
    world = Standing()
    project = world.project("p", MONTH)
    for number in range(60):
        ended(world.store, project, f"s{number}", 0)
    assert world.swept(30) == 61
    assert len(world.store.list_erased(project)) == 61


class Changing(MemoryStore):
    """A store whose project lets go of its retention as soon as something was erased by it."""

    def erase_expired(
        self, project: int, expiry: Expiry, now_us: int, entry: NewEntry | None = None
    ) -> Future[list[Erasure]]:
        erased = super().erase_expired(project, expiry, now_us, entry)
        self.set_project_settings(project, lambda _: ProjectSettings(), 1)
        self.changed(project)
        return erased

    def changed(self, project: int) -> None: ...


def test_a_sweep_stops_as_soon_as_the_project_wants_it_no_more() -> None:
    store = Changing()
    world = Standing(store)
    store.changed = world.services.project_settings.forget  # type: ignore[method-assign]  # as a PATCH does
    project = world.project("p", MONTH)
    for number in range(60):
        ended(store, project, f"s{number}", 0)
    assert 0 < world.swept(30) < 60


class Stumbling(MemoryStore):
    """A store that cannot be asked at first; says when it could."""

    def __init__(self, *failures: Exception) -> None:
        super().__init__()
        self.failures = list(failures)
        self.asked = asyncio.Event()

    def count_expired(self, project: int, expiry: Expiry) -> Expired:
        if self.failures:
            raise self.failures.pop(0)
        return super().count_expired(project, expiry)

    def erase_expired(
        self, project: int, expiry: Expiry, now_us: int, entry: NewEntry | None = None
    ) -> Future[list[Erasure]]:
        self.asked.set()
        return super().erase_expired(project, expiry, now_us, entry)


def test_a_sweep_that_fails_is_not_the_last() -> None:
    async def sweep_until_one_is_done() -> None:
        world = Standing(Stumbling(Unavailable(), ZeroDivisionError()))
        world.project("p", MONTH)
        world.us = 30 * DAY_US
        sweeper = asyncio.create_task(retain_for_ever(world.services, pause_s=0))
        async with asyncio.timeout(20):
            await world.store.asked.wait()  # type: ignore[attr-defined]  # a Stumbling
        sweeper.cancel()

    asyncio.run(sweep_until_one_is_done())


class Forgetful(MemoryStore):
    """A store that cannot read what its first project has set."""

    def project_settings(self, project: int) -> ProjectSettings:
        if project == 1:
            raise ValueError("written by a newer program")
        return super().project_settings(project)


def test_a_project_whose_settings_cannot_be_read_keeps_everything_and_holds_up_no_other() -> None:
    world = Standing(Forgetful(), retention_days=30)
    unreadable, other = world.project("unreadable"), world.project("other")
    assert world.swept(30) == 1
    assert (ids_of(world.store, unreadable), ids_of(world.store, other)) == (["s"], [])


# --- with real servers -----------------------------------------------------------------------------------------------


def old_recordings(data_dir: Path, sessions: int) -> None:
    """Leave a directory with sessions that ended 40 days ago, one of them bookmarked, and one of now."""
    store = open_sqlite(data_dir)
    project = store.ensure_project("default", 1).no
    for number in range(sessions):
        ended(store, project, f"old{number}", now_us() - DAYS_AGO_40)
    ended(store, project, "marked", now_us() - DAYS_AGO_40, bookmarked=True)
    ended(store, project, "new", now_us())
    store.close()


def listed(client: httpx.Client) -> set[str]:
    return {each["sessionId"] for each in client.get(f"{BASE}/list", params={"limit": 100}).json()["data"]}


def counted(client: httpx.Client) -> float:
    families = text_string_to_metric_families(client.get("/metrics").text)
    [value] = [
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == "playhead_retention_erased_sessions_total"
    ]
    return value


def test_a_server_erases_what_is_over_and_says_so(tmp_path: Path) -> None:
    old_recordings(tmp_path / "data", sessions=3)
    with running_server(tmp_path / "data", retention_days=30) as server, server.client() as client:
        assert eventually(lambda: listed(client) == {"marked", "new"})
        assert eventually(lambda: counted(client) == 3)
        gone = client.get(f"{BASE}/old0")
        assert (gone.status_code, error_of(gone)["code"]) == (404, "session_not_found")
        again = client.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": "old0"})
        assert error_of(again)["code"] == "session_erased"
        late = client.post(f"{BASE}/old1/snapshot", json={"type": "step", "data": {"name": "late"}})
        assert late.status_code == 404
    assert '"sessions": 3' in server.logged()


def test_a_server_killed_in_the_midst_of_it_goes_on_when_it_is_back(tmp_path: Path) -> None:
    old_recordings(tmp_path / "data", sessions=90)
    server = start_server(tmp_path / "data", retention_days=30)
    with server.client() as client:
        assert eventually(lambda: client.get(f"{BASE}/list").json()["pagination"]["total"] < 92)
        server.kill()
    assert server.process.stdout is not None
    server.process.stdout.close()
    with running_server(tmp_path / "data", retention_days=30) as again, again.client() as client:
        assert eventually(lambda: listed(client) == {"marked", "new"})
        assert client.get(f"{BASE}/stats").json()["data"]["totalSessions"] == 2
    store = open_sqlite(tmp_path / "data")
    project = store.ensure_project("default", 1).no
    entries = store.list_entries(project, EntryFilter(actions=("session.erase",))).total
    assert (len(store.list_erased(project)), entries) == (90, 90)
    store.close()


def test_two_servers_on_one_database_erase_each_session_once(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.new_database()
    store = open_postgres(url)
    project = store.ensure_project("default", 1).no
    for number in range(60):
        ended(store, project, f"old{number}", now_us() - DAYS_AGO_40)
    store.close()
    with (
        running_server(tmp_path / "one", database_url=url, retention_days=30) as one,
        running_server(tmp_path / "two", database_url=url, retention_days=30) as two,
        one.client() as here,
        two.client() as there,
    ):
        assert eventually(lambda: listed(here) == set())
        assert eventually(lambda: counted(here) + counted(there) == 60)
        assert listed(there) == set()
    postgres.drop(url)


def test_the_preview_counts_and_changes_nothing(own_server: Server) -> None:
    old_recordings(own_server.data_dir, sessions=3)
    with own_server.client() as client:
        month = client.get(PREVIEW, params={"days": 30}).raise_for_status().json()["data"]
        assert (month["sessions"], month["interactions"]) == (3, 3)
        assert month["oldestStartedAt"] is not None
        all_of_them = client.get(PREVIEW, params={"days": 30, "keepBookmarked": "false"}).json()["data"]
        assert all_of_them["sessions"] == 4
        nothing = client.get(PREVIEW, params={"days": 41}).json()["data"]
        assert nothing == {"sessions": 0, "interactions": 0, "oldestStartedAt": None}
        assert client.get(f"{BASE}/list").json()["pagination"]["total"] == 5


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "days"),
        ({"days": "0"}, "days"),
        ({"days": "36501"}, "days"),
        ({"days": "NaN"}, "days"),
        ({"days": ""}, "days"),
        ({"days": "30", "keepBookmarked": "perhaps"}, "keepBookmarked"),
        ({"days": "30", "colour": "red"}, "colour"),
    ],
)
def test_a_preview_of_what_cannot_be_is_refused(api: httpx.Client, query: dict[str, str], field: str) -> None:
    answer = api.get(PREVIEW, params=query)
    assert answer.status_code == 422
    assert error_of(answer)["details"][0]["field"] == field  # type: ignore[index]


def test_a_projects_own_time_out_ends_its_sessions_alone() -> None:
    world = Standing(session_timeout_s=600)
    quick = world.store.ensure_project("quick", 0).no
    slow = world.store.ensure_project("slow", 0).no
    world.store.set_project_settings(quick, lambda _: ProjectSettings(session_timeout_s=60), 0)
    for project in (quick, slow):
        world.store.start_session(project, NewSession(id="s", feature="chat", started_us=0), 0).result()
        world.store.append(project, "s", [action("a")], 0).result()
    world.us = 61_000_000
    assert asyncio.run(silence.sweep(world.services)) == 1
    assert [world.store.get_session(project, "s").status for project in (quick, slow)] == ["completed", "active"]
