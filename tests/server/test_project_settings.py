"""What a project decides for itself: read, changed, refused, and how soon it counts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.postgres import PostgresServer, postgres
from tests.support.server import Server, error_of, running_server

from playhead.model.audit import THE_SERVER
from playhead.model.project_settings import ProjectSettings, Retention, RetentionPatch, SettingsPatch
from playhead.server.project_settings import FRESH_S, SettingsCache
from playhead.server.settings import Settings, from_environment
from playhead.store.memory import MemoryStore
from playhead.store.project_settings import SettingsCopy

__all__ = ["postgres"]

SETTINGS = "/api/session-replay/settings"
UNSET = {"retention": {"days": None, "keepBookmarked": True}, "sessionTimeoutSeconds": 1800}


def settings_of(client: httpx.Client) -> Any:
    answer = client.get(SETTINGS).raise_for_status().json()
    assert answer["success"] is True
    return answer["data"]


def test_a_project_that_has_set_nothing_has_the_servers_settings(api: httpx.Client, tmp_path: Path) -> None:
    assert settings_of(api).items() >= UNSET.items()
    with (
        running_server(tmp_path / "data", retention_days=90, session_timeout_s=7) as server,
        server.client() as client,
    ):
        own = {"retention": {"days": 90, "keepBookmarked": True}, "sessionTimeoutSeconds": 7}
        assert settings_of(client).items() >= own.items()


def test_only_what_is_named_is_changed_and_stays(api: httpx.Client, server: Server) -> None:
    changed = api.patch(SETTINGS, json={"retention": {"days": 30}}).raise_for_status().json()["data"]
    assert (changed["retention"], changed["sessionTimeoutSeconds"]) == ({"days": 30, "keepBookmarked": True}, 1800)
    api.patch(SETTINGS, json={"sessionTimeoutSeconds": 60, "retention": {"keepBookmarked": False}}).raise_for_status()
    assert api.patch(SETTINGS, json={}).json()["data"] == settings_of(api)
    assert settings_of(api)["retention"] == {"days": 30, "keepBookmarked": False}
    assert settings_of(api)["sessionTimeoutSeconds"] == 60
    with server.client(server.new_key()) as other:
        assert settings_of(other)["sessionTimeoutSeconds"] == 1800


def test_null_gives_a_member_back_to_the_server(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", retention_days=90) as server, server.client() as client:
        for_good = {"retention": {"days": None}, "sessionTimeoutSeconds": 60}
        client.patch(SETTINGS, json=for_good).raise_for_status()
        assert settings_of(client)["retention"]["days"] is None
        client.patch(SETTINGS, json={"retention": None, "sessionTimeoutSeconds": None}).raise_for_status()
        assert settings_of(client).items() >= {**UNSET, "retention": {"days": 90, "keepBookmarked": True}}.items()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"retention":{"days":0}}', "retention.days"),
        ('{"retention":{"days":36501}}', "retention.days"),
        ('{"retention":{"days":1e9}}', "retention.days"),
        ('{"retention":{"days":1.5}}', "retention.days"),
        ('{"retention":{"days":"30"}}', "retention.days"),
        ('{"retention":{"days":true}}', "retention.days"),
        ('{"retention":{"days":[30]}}', "retention.days"),
        ('{"retention":{"days":{"days":30}}}', "retention.days"),
        ('{"retention":{"keepBookmarked":null}}', "retention.keepBookmarked"),
        ('{"retention":{"keepBookmarked":1}}', "retention.keepBookmarked"),
        ('{"retention":{"keep_bookmarked":true}}', "retention.keep_bookmarked"),
        ('{"retention":30}', "retention"),
        ('{"retention":[]}', "retention"),
        ('{"sessionTimeoutSeconds":59}', "sessionTimeoutSeconds"),
        ('{"sessionTimeoutSeconds":604801}', "sessionTimeoutSeconds"),
        ('{"sessionTimeoutSeconds":"60"}', "sessionTimeoutSeconds"),
        ('{"colour":"red"}', "colour"),
        ("[]", "body"),
    ],
)
def test_what_cannot_be_set_is_named_and_nothing_is_changed(api: httpx.Client, body: str, field: str) -> None:
    with_a_good_one = body if body == "[]" else '{"sessionTimeoutSeconds":99,' + body[1:]
    answer = api.patch(SETTINGS, content=with_a_good_one, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert error_of(answer)["details"][0]["field"] == field  # type: ignore[index]
    assert settings_of(api).items() >= UNSET.items()


@pytest.mark.parametrize("body", ['{"retention":{"days":NaN}}', '{"retention":{"days":Infinity}}', "{", ""])
def test_what_is_no_json_is_400(api: httpx.Client, body: str) -> None:
    answer = api.patch(SETTINGS, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert settings_of(api).items() >= UNSET.items()


def test_changes_at_once_all_count(api: httpx.Client) -> None:
    bodies: list[dict[str, Any]] = [
        {"retention": {"days": 30}},
        {"retention": {"keepBookmarked": False}},
        {"sessionTimeoutSeconds": 61},
    ]
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda body: api.patch(SETTINGS, json=body), bodies * 4))
    assert {answer.status_code for answer in answers} == {200}
    now = {"retention": {"days": 30, "keepBookmarked": False}, "sessionTimeoutSeconds": 61}
    assert settings_of(api).items() >= now.items()


@pytest.fixture
def pair(postgres: PostgresServer, tmp_path: Path) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    url = postgres.new_database()
    with (
        running_server(tmp_path / "one", database_url=url) as one,
        running_server(tmp_path / "two", database_url=url) as two,
        one.client() as here,
        two.client() as there,
    ):
        yield here, there
    postgres.drop(url)


def test_changes_through_two_servers_at_once_all_count(pair: tuple[httpx.Client, httpx.Client]) -> None:
    here, there = pair
    with ThreadPoolExecutor(4) as threads:
        for _ in range(4):
            threads.submit(here.patch, SETTINGS, json={"retention": {"days": 30}})
            threads.submit(there.patch, SETTINGS, json={"sessionTimeoutSeconds": 61})
    assert settings_of(here) == settings_of(there)
    assert (settings_of(here)["retention"]["days"], settings_of(there)["sessionTimeoutSeconds"]) == (30, 61)


# --- what a server remembers -----------------------------------------------------------------------------------------


MONTH = ProjectSettings(retention=Retention(days=30))


class Remembering:
    """A cache over a memory store, with a clock that stands until it is moved; counts what the store is asked."""

    def __init__(self, threads: ThreadPoolExecutor, settings: Settings) -> None:
        self.now_s = 0.0
        self.asked = 0
        self.store = MemoryStore()
        self.answer, self.store.project_settings = self.store.project_settings, self.counted  # type: ignore[method-assign]  # the real one, counted
        self.cache = SettingsCache(self.store, settings, threads, clock_s=lambda: self.now_s)

    def counted(self, project: int) -> ProjectSettings:
        self.asked += 1
        return self.answer(project)

    async def days(self) -> int | None:
        return (await self.cache.of(1)).retention.days


@pytest.fixture
def remembering() -> Iterator[Remembering]:
    with ThreadPoolExecutor(4) as threads:
        yield Remembering(threads, from_environment({}))


def test_what_another_server_changes_counts_within_five_seconds(remembering: Remembering) -> None:
    async def look() -> list[int | None]:
        seen = [await remembering.days()]
        remembering.store.keep_settings(1, SettingsCopy(MONTH, 1))
        remembering.now_s = FRESH_S - 0.01
        seen.append(await remembering.days())
        remembering.now_s = FRESH_S
        return [*seen, await remembering.days()]

    assert asyncio.run(look()) == [None, None, 30]
    assert (FRESH_S < 5, remembering.asked) == (True, 2)


def test_what_this_server_changes_counts_at_once(remembering: Remembering) -> None:
    async def look() -> list[int | None]:
        before = await remembering.days()
        await remembering.cache.change(1, SettingsPatch(retention=RetentionPatch(days=7)), 0, THE_SERVER)
        return [before, await remembering.days()]

    assert asyncio.run(look()) == [None, 7]


def test_all_who_ask_at_once_share_a_question(remembering: Remembering) -> None:
    async def look() -> list[int | None]:
        return await asyncio.gather(*(remembering.days() for _ in range(50)))

    assert asyncio.run(look()) == [None] * 50
    assert remembering.asked == 1
