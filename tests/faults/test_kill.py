"""kill -9 while many are recording: nothing that was acknowledged is lost, nothing is stored twice."""

from __future__ import annotations

import random
import sqlite3
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from tests.faults.recorders import BASE, Account, Recorders, event, pending_ids, stored_ids
from tests.support.server import Server, running_server
from tests.support.stopwatch import Stopwatch

KILLS = 30
READY_S = 3.0


@pytest.mark.timeout(600)
def test_thirty_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    dice = random.Random(20)
    with ExitStack() as stack:
        server = stack.enter_context(running_server(tmp_path))
        for kill in range(KILLS):
            accounts = [Account(f"kill-{kill}-{number}") for number in range(4)]
            start_sessions(server, accounts)
            with Recorders(server, accounts) as recorders:
                recorders.wait_for(dice.randrange(1, 400))
                server.kill()
            server = restart(server, stack)
            with server.client() as client:
                for account in accounts:
                    check(client, account)


def start_sessions(server: Server, accounts: list[Account]) -> None:
    with server.client() as client:
        for account in accounts:
            body = {"feature": "chat", "sessionId": account.session_id}
            assert client.post(f"{BASE}/recording/start", json=body).status_code == 201


def restart(server: Server, stack: ExitStack) -> Server:
    """Start again on what the killed server left, which must be ready in time; the files must be sound."""
    watch = Stopwatch()
    again = stack.enter_context(running_server(server.data_dir))
    with again.client(None) as client:
        assert client.get("/ready").status_code == 200
    assert watch.seconds(again.process.pid) <= READY_S
    with sqlite3.connect(f"file:{server.data_dir / 'playhead.db'}?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA quick_check").fetchone() == ("ok",)
    return again


def check(client: httpx.Client, account: Account) -> None:
    """What was acknowledged is there once, and what was acknowledged as completed is so; what is sent again is not
    stored twice; the summary counts what is there."""
    stored = list(stored_ids(client, account.session_id))
    assert len(stored) == len(set(stored))
    assert account.acknowledged <= set(stored) <= set(account.sent)
    waiting = pending_ids(client, account.session_id)
    assert not waiting & account.acknowledged
    resent = {*account.sent[-40:], *waiting}
    for event_id in resent:
        answer = client.post(f"{BASE}/{account.session_id}/snapshot", json=event(event_id))
        assert answer.status_code == 201
        assert answer.json()["data"]["duplicates"] == (event_id in stored and event_id not in waiting)
    again = list(stored_ids(client, account.session_id))
    assert sorted(again) == sorted(set(stored) | resent)
    summary = client.get(f"{BASE}/{account.session_id}").json()["data"]["summary"]
    assert (summary["totalInteractions"], summary["pendingInteractions"]) == (len(again), 0)
    assert summary["totalCost"] == pytest.approx(len(again) * 0.0001, abs=1e-9)
