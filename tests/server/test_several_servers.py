"""Three servers beside each other, on a PostgreSQL or on a ClickHouse with a PostgreSQL beside it, as the compose files
start them: the same keys, the same sessions, live across them, and one that is killed is not missed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from tests.server.test_live import BASE, frames, record, step
from tests.support.clickhouse import shared_engine as clickhouse_engine
from tests.support.postgres import PostgresServer, postgres
from tests.support.server import Server, running_server

__all__ = ["postgres"]


@pytest.fixture(params=["postgresql", "clickhouse"])
def servers(request: pytest.FixtureRequest, postgres: PostgresServer, tmp_path: Path) -> Iterator[list[Server]]:
    url = postgres.new_database()
    where = {"database_url": url}
    if request.param == "clickhouse":
        where = {"database_url": clickhouse_engine().new_database(), "registry_url": url}
    with ExitStack() as stack:
        yield [stack.enter_context(running_server(tmp_path / name, **where)) for name in ("one", "two", "three")]
    postgres.drop(url)


@pytest.fixture
def clients(servers: list[Server]) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    with servers[0].client() as here, servers[1].client() as there:
        yield here, there


def start(client: httpx.Client, session_id: str) -> None:
    client.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": session_id}).raise_for_status()


def test_a_session_is_watched_live_on_one_server_while_the_other_records_it(
    clients: tuple[httpx.Client, httpx.Client],
) -> None:
    here, there = clients
    start(here, "live")
    record(here, "live", "before")
    with there.stream("GET", f"{BASE}/live/live") as answer:
        stream = frames(answer)
        assert json.loads(next(stream)["data"])["name"] == "before"
        record(here, "live", "during")
        assert json.loads(next(stream)["data"])["name"] == "during"
        here.post(f"{BASE}/live/end").raise_for_status()
        assert next(stream)["event"] == "end"


def test_an_event_that_is_sent_through_both_is_stored_once(clients: tuple[httpx.Client, httpx.Client]) -> None:
    here, there = clients
    start(here, "both")
    body = {"events": [step(f"e{number}") for number in range(20)]}
    first = here.post(f"{BASE}/both/snapshot", json=body).json()["data"]
    again = there.post(f"{BASE}/both/snapshot", json=body).json()["data"]
    assert (first["duplicates"], again["duplicates"]) == (0, 20)
    assert there.get(f"{BASE}/both").json()["data"]["summary"]["totalEvents"] == 20


def test_what_one_server_revokes_and_erases_is_gone_at_the_other(
    clients: tuple[httpx.Client, httpx.Client], servers: list[Server]
) -> None:
    here, there = clients
    made = here.post("/api/keys", json={"scope": "read"}).json()["data"]
    with servers[1].client(made["key"]) as reader:
        assert reader.get(f"{BASE}/list").status_code == 200
        here.delete(f"/api/keys/{made['keyId']}").raise_for_status()
        assert reader.get(f"{BASE}/list").status_code == 401
    start(there, "gone")
    here.delete(f"{BASE}/gone").raise_for_status()
    assert there.get(f"{BASE}/gone").status_code == 404


def test_one_that_is_killed_is_not_missed_by_the_others(
    clients: tuple[httpx.Client, httpx.Client], servers: list[Server]
) -> None:
    here, there = clients
    start(here, "goes-on")
    record(here, "goes-on", *[f"e{number}" for number in range(20)])
    with there.stream("GET", f"{BASE}/goes-on/live") as answer, servers[2].client() as third:
        stream = frames(answer)
        servers[0].kill()
        body = {"events": [step("e19"), step("e20")]}
        again = third.post(f"{BASE}/goes-on/snapshot", json=body).json()["data"]
        assert (again["accepted"], again["duplicates"]) == (1, 1)
        third.post(f"{BASE}/goes-on/end").raise_for_status()
        assert [frame.get("id") for frame in stream] == [*map(str, range(1, 22)), None]
        for client in (there, third):
            whole = client.get(f"{BASE}/goes-on").json()["data"]
            assert (whole["status"], whole["summary"]["totalEvents"]) == ("completed", 21)
            assert client.get("/ready").status_code == 200
