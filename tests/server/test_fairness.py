"""One project's flood is told to wait; another project's requests are taken as if there were none."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx
from tests.support.recordings import BASE
from tests.support.server import Server, running_server

QUEUE_BYTES = 650_000
"""Six of the bodies that are sent here: eight senders would fill it, were they let."""
BODY_CHARS = 100_000
SENDERS = 8
QUIET = 40


def test_a_flood_by_one_key_refuses_nothing_of_another(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", queue_bytes=QUEUE_BYTES) as server:
        loud, quiet = server.new_key(), server.new_key()
        flood = Flood(server, loud)
        flood.start()
        try:
            with server.client(quiet) as client:
                client.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": "q"}).raise_for_status()
                answers = [client.post(f"{BASE}/q/snapshot", json=quiet_event(number)) for number in range(QUIET)]
                while not flood.refused.is_set() and len(answers) < 5000:
                    answers.append(client.post(f"{BASE}/q/snapshot", json=quiet_event(len(answers))))
        finally:
            flood.stop()
        assert flood.refused.is_set()
        assert {answer.status_code for answer in answers} == {201}
        assert [answer.json()["data"]["events"][0]["seq"] for answer in answers] == list(range(1, len(answers) + 1))
        assert flood.statuses <= {200, 503}
        with server.client(loud) as client:
            stored = client.get(f"{BASE}/list").json()["data"][0]["summary"]["totalInteractions"]
        assert stored == flood.accepted


def quiet_event(number: int) -> dict[str, object]:
    return {"type": "user_action", "id": f"q{number}", "data": {"action": "click", "target": "z" * BODY_CHARS}}


class Flood:
    """Senders of one key that post large batches without ever waiting for their turn."""

    def __init__(self, server: Server, key: str) -> None:
        self._server = server
        self._key = key
        self._ending = threading.Event()
        self._counts = threading.Lock()
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]
        self.refused = threading.Event()
        self.statuses: set[int] = set()
        self.accepted = 0

    def start(self) -> None:
        """Start the session, then the senders."""
        with self._server.client(self._key) as client:
            client.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": "f"}).raise_for_status()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the senders."""
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _send(self, sender: int) -> None:
        with self._server.client(self._key) as client:
            batch = 0
            while not self._ending.is_set():
                self._note(client.post(f"{BASE}/events", json={"events": large(f"{sender}-{batch}")}))
                batch += 1

    def _note(self, answer: httpx.Response) -> None:
        with self._counts:
            self.statuses.add(answer.status_code)
            if answer.status_code == 503:
                assert answer.headers["retry-after"] == "1"
                self.refused.set()
            else:
                self.accepted += answer.json()["data"]["accepted"]


def large(name: str) -> list[dict[str, object]]:
    call = {"model": "my-own", "prompt": "x" * (BODY_CHARS // 20), "response": "y" * (BODY_CHARS // 20)}
    return [{"sessionId": "f", "type": "interaction", "id": f"{name}-{number}", "data": call} for number in range(10)]
