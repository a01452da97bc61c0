"""Two servers beside each other on one PostgreSQL: the same keys, the same sessions, live across both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.server.test_live import BASE, frames, record, step
from tests.support.postgres import PostgresServer, postgres
from tests.support.server import Server, running_server

__all__ = ["postgres"]


@pytest.fixture
def servers(postgres: PostgresServer, tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    url = postgres.new_database()
    with (
        running_server(tmp_path / "one", database_url=url) as one,
        running_server(tmp_path / "two", database_url=url) as two,
    ):
        yield one, two
    postgres.drop(url)


@pytest.fixture
def clients(servers: tuple[Server, Server]) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    one, two = servers
    with one.client() as here, two.client() as there:
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
    clients: tuple[httpx.Client, httpx.Client], servers: tuple[Server, Server]
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
