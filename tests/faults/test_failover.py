"""A PostgreSQL that is gone for good while many are recording, and its standby in its place: nothing that was
acknowledged is lost, nothing is stored twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.recorders import BASE, Account, Recorders, event
from tests.faults.test_kill import check, start_sessions
from tests.faults.test_postgres import send
from tests.support.postgres import PASSWORD, PostgresServer, database_name
from tests.support.server import error_of, running_server
from tests.support.standby import Standby

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def primary() -> Iterator[PostgresServer]:
    """A server of one's own that syncs."""
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture
def standby(primary: PostgresServer) -> Iterator[Standby]:
    """A server that follows it, and that commits wait for."""
    server = Standby(primary)
    yield server
    server.remove()


@pytest.fixture
def database(primary: PostgresServer) -> str:
    """The name of a database on both."""
    return database_name(primary.new_database())


def both(primary: PostgresServer, standby: Standby, database: str) -> str:
    """Return the URL that names both servers, first the one that takes no writes yet."""
    return f"postgresql://playhead:{PASSWORD}@127.0.0.1:{standby.port},127.0.0.1:{primary.port}/{database}"


def test_a_standby_that_takes_over_has_all_that_was_acknowledged(
    primary: PostgresServer, standby: Standby, database: str, tmp_path: Path
) -> None:
    accounts = [Account(f"over-{number}") for number in range(4)]
    with running_server(tmp_path, database_url=both(primary, standby, database)) as server:
        start_sessions(server, accounts)
        with Recorders(server, accounts) as recorders:
            recorders.wait_for(300)
            primary.crash()
            acknowledged = sum(len(account.acknowledged) for account in accounts)
            standby.promote()
            recorders.wait_for(acknowledged + 300)
            server.kill()
    with running_server(tmp_path / "again", database_url=standby.url(database)) as again, again.client() as client:
        for account in accounts:
            check(client, account)


def test_a_standby_that_is_missing_is_told_in_time_and_holds_up_neither_readers_nor_the_end(
    primary: PostgresServer, standby: Standby, database: str, tmp_path: Path
) -> None:
    url = primary.url(database)
    before, after = ({"events": [event(name) | {"sessionId": "s"}]} for name in ("before", "after"))
    with running_server(tmp_path, database_url=url) as server, server.client() as client:
        start_sessions(server, [Account("s")])
        assert send(client, before) == {"accepted": 1, "duplicates": 0}
        standby.stop()
        for answer in (client.post(f"{BASE}/events", json=after), client.get("/ready")):
            assert error_of(answer)["code"] == "unavailable"
            assert "synchronous standby" in answer.text
            assert int(answer.headers["Retry-After"]) >= 1
        assert [one["id"] for one in client.get(f"{BASE}/s/events").json()["data"]] == ["before"]
        assert server.stop() == 0
    standby.start()
    with running_server(tmp_path, database_url=url) as again, again.client() as client:
        assert send(client, after) == {"accepted": 0, "duplicates": 1}
        assert [one["id"] for one in client.get(f"{BASE}/s/events").json()["data"]] == ["before", "after"]
