"""kill -9 while things are changed: a change that is there has its entry, and what was acknowledged is there."""

from __future__ import annotations

import random
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.server import Server, running_server

BASE = "/api/session-replay"
KILLS = 6


class Changing:
    """Writes notes, makes and revokes keys, as fast as the server takes it, until it is gone."""

    def __init__(self, server: Server, enough: int) -> None:
        self.acknowledged: set[str] = set()
        self._server = server
        self._enough = enough
        self.reached = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with self._server.client() as client:
            try:
                while True:
                    self._change(client)
                    if len(self.acknowledged) >= self._enough:
                        self.reached.set()
            except httpx.TransportError:
                self.reached.set()

    def _change(self, client: httpx.Client) -> None:
        note = client.post(f"{BASE}/s1/notes", json={"at": 1, "text": "x"}).json()["data"]
        self.acknowledged.add(note["noteId"])
        key = client.post("/api/keys", json={"scope": "read"}).json()["data"]
        self.acknowledged.add(key["keyId"])


@pytest.mark.timeout(300)
def test_what_is_there_after_a_kill_has_its_entry(tmp_path: Path) -> None:
    dice = random.Random(5)
    with ExitStack() as stack:
        server = stack.enter_context(running_server(tmp_path))
        with server.client() as client:
            client.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": "s1"}).raise_for_status()
        acknowledged: set[str] = set()
        for _ in range(KILLS):
            changing = [Changing(server, dice.randrange(1, 20)) for _ in range(3)]
            for each in changing:
                each.thread.start()
            for each in changing:
                assert each.reached.wait(60)
            server.kill()
            for each in changing:
                each.thread.join(60)
                acknowledged |= each.acknowledged
            server = stack.enter_context(running_server(server.data_dir))
            check(server, acknowledged)


def check(server: Server, acknowledged: set[str]) -> None:
    with server.client() as client:
        there = {note["noteId"] for note in client.get(f"{BASE}/s1/notes").json()["data"]}
        there |= {key["keyId"] for key in client.get("/api/keys").json()["data"]}
        lines = client.get(f"{BASE}/audit/export", params={"format": "ndjson"}).text.splitlines()
    entries: list[dict[str, Any]] = [httpx.Response(200, text=line).json() for line in lines]
    made = [each["target"]["id"] for each in entries if each["action"] in {"note.create", "key.create"}]
    assert acknowledged <= there
    assert sorted(made) == sorted(there)
    assert [each["no"] for each in entries] == list(range(1, len(entries) + 1))
