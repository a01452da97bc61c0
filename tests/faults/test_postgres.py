"""A PostgreSQL that crashes, restarts and throws servers out while many are recording: nothing that was acknowledged is
lost, nothing is stored twice, and every account is exact."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from tests.faults.recorders import Account, Recorders, event
from tests.faults.stories import Story, settle
from tests.faults.test_kill import check, start_sessions
from tests.support.postgres import PostgresServer
from tests.support.server import Server, error_of, running_server

from playhead.record import _delivery
from playhead.record.recorder import Recorder

CRASHES = 3
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def durable() -> Iterator[PostgresServer]:
    """A server of one's own that syncs, as one in production does."""
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture
def served(durable: PostgresServer, tmp_path: Path) -> Iterator[Server]:
    """A Playhead server on a database of its own."""
    with running_server(tmp_path, database_url=durable.new_database()) as server:
        yield server


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorder whose pauses are a small part of what they are otherwise."""
    monkeypatch.setattr(_delivery, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(_delivery, "LONGEST_PAUSE_S", 0.05)


def wait_until_ready(server: Server, timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    with server.client(None) as client:
        while client.get("/ready").status_code != 200:
            assert time.monotonic() < deadline, server.logged()[-2000:]
            pause.wait(0.05)


@pytest.mark.parametrize("crash", ["crash", "stop"])
def test_a_database_that_goes_and_comes_back_loses_and_doubles_nothing(
    durable: PostgresServer, served: Server, tmp_path: Path, quick: None, crash: str
) -> None:
    dice, story = random.Random(crash), Story()
    recorder = Recorder(
        served.url, served.admin_key, spool_dir=tmp_path / "spool", batch_s=0.01, batch_events=25, request_timeout_s=5.0
    )
    try:
        for _ in range(CRASHES):
            telling = threading.Thread(target=story.tell, args=(recorder, dice), kwargs={"sessions": 3})
            telling.start()
            getattr(durable, crash)()
            telling.join(60)
            story.tell(recorder, dice, events=10)
            durable.start()
        wait_until_ready(served)
        with served.client() as client:
            stats = settle(recorder, story, client, timeout_s=60)
        assert stats.stored == stats.recorded
    finally:
        recorder.shutdown(1)


def test_a_killed_server_has_what_it_acknowledged_on_stable_storage(
    durable: PostgresServer, served: Server, tmp_path: Path
) -> None:
    accounts = [Account(f"kill-{number}") for number in range(4)]
    start_sessions(served, accounts)
    with Recorders(served, accounts) as recorders:
        recorders.wait_for(300)
        served.kill()
    durable.crash()
    durable.start()
    url = durable.url(newest_database(durable))
    with running_server(tmp_path / "again", database_url=url) as again, again.client() as client:
        for account in accounts:
            check(client, account)


def test_connections_that_are_cut_in_the_middle_of_a_write_leave_no_doubt(
    durable: PostgresServer, served: Server
) -> None:
    accounts = [Account(f"cut-{number}") for number in range(4)]
    start_sessions(served, accounts)
    with Recorders(served, accounts) as recorders, psycopg.connect(durable.url(), autocommit=True) as db:
        for cut in range(1, 9):
            recorders.wait_for(cut * 60)
            db.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'playhead' AND state <> 'idle'"
            )
        wait_until_ready(served)
        served.kill()
    url = durable.url(newest_database(durable))
    with running_server(served.data_dir, database_url=url) as again, again.client() as client:
        for account in accounts:
            check(client, account)


def test_while_the_database_is_away_everything_says_so_and_comes_back_by_itself(
    durable: PostgresServer, served: Server
) -> None:
    body = {"events": [event("e") | {"sessionId": "s"}]}
    start_sessions(served, [Account("s")])
    durable.stop()
    try:
        with served.client() as client:
            assert client.get("/health").status_code == 200
            for answer in (
                client.get("/ready"),
                client.post("/api/session-replay/events", json=body),
                client.get("/api/session-replay/list"),
                client.get("/api/session-replay/s"),
            ):
                assert error_of(answer)["code"] == "unavailable"
                assert answer.status_code == 503
                assert int(answer.headers["Retry-After"]) >= 1
                assert "cannot be reached" in answer.text
    finally:
        durable.start()
    wait_until_ready(served)
    with served.client() as client:
        assert send(client, body) == {"accepted": 1, "duplicates": 0}
        assert send(client, body) == {"accepted": 0, "duplicates": 1}


def send(client: httpx.Client, body: object) -> dict[str, int]:
    """Send until it is taken, as a recorder does, and return what was counted."""
    pause = threading.Event()
    deadline = time.monotonic() + 30
    while (answer := client.post("/api/session-replay/events", json=body)).status_code == 503:
        assert time.monotonic() < deadline
        pause.wait(float(answer.headers["Retry-After"]) / 10)
    data = answer.json()["data"]
    return {name: data[name] for name in ("accepted", "duplicates")}


def test_no_password_of_the_database_is_ever_logged_or_answered(durable: PostgresServer, served: Server) -> None:
    durable.stop()
    try:
        with served.client() as client:
            shown = [
                client.get(path).text for path in ("/ready", "/metrics", "/openapi.json", "/api/session-replay/list")
            ]
    finally:
        durable.start()
    wait_until_ready(served)
    assert durable.password not in served.logged() + "".join(shown)
    assert served.logged()


def newest_database(server: PostgresServer) -> str:
    """Return the name of the database that was made last."""
    with psycopg.connect(server.url()) as db:
        row = db.execute("SELECT datname FROM pg_database ORDER BY oid DESC LIMIT 1").fetchone()
        assert row is not None
        return str(row[0])
