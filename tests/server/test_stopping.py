"""Stopping: what was acknowledged is there, and what was being written is finished."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx
from tests.support.server import Server, running_server

BASE = "/api/session-replay"
WRITERS = 4


def write_until_refused(server: Server, session_id: str, acknowledged: set[str], writing: threading.Barrier) -> None:
    """Record one event after the other until the server is gone, and remember those that were acknowledged."""
    with server.client() as api:
        for number in range(100_000):
            event_id = f"{session_id}-{number}"
            body = {"type": "step", "id": event_id, "data": {"name": "n"}}
            try:
                answer = api.post(f"{BASE}/{session_id}/snapshot", json=body)
            except httpx.TransportError:
                return
            assert answer.status_code == 201, answer.text
            acknowledged.add(event_id)
            if number == 5:
                writing.wait(20)


def test_a_stop_while_recording_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged: dict[str, set[str]] = {f"s{number}": set() for number in range(WRITERS)}
    writing = threading.Barrier(WRITERS + 1)
    with running_server(tmp_path / "data") as server:
        with server.client() as api:
            for session_id in acknowledged:
                api.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": session_id})
        threads = [
            threading.Thread(target=write_until_refused, args=(server, session_id, ids, writing))
            for session_id, ids in acknowledged.items()
        ]
        for thread in threads:
            thread.start()
        writing.wait(20)
        status = server.stop()
        for thread in threads:
            thread.join()

    assert status == 0
    with running_server(tmp_path / "data") as again, again.client() as api:
        for session_id, ids in acknowledged.items():
            events = api.get(f"{BASE}/{session_id}/events", params={"limit": 5000}).json()["data"]
            assert ids <= {event["id"] for event in events}
            assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
            assert len(ids) > 5
