"""Long sessions: whatever is read of one, the server's memory does not grow with it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx
import psutil
import pytest
from tests.support.recordings import BASE, record, start
from tests.support.server import Server

from playhead.server.documents import REPLAY_BYTES

LARGE_BYTES = 4_000_000
EVENTS = 40
ALLOWANCE_BYTES = 120_000_000


def peak_of(server: Server, work: Callable[[], None]) -> int:
    """Return the most memory that the server took while something was done, in bytes."""
    process = psutil.Process(server.process.pid)
    done = threading.Event()
    seen = [process.memory_info().rss]

    def watch() -> None:
        while not done.wait(0.01):
            seen.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return max(seen)


def read_through(client: httpx.Client, method: str, path: str) -> int:
    with client.stream(method, path) as response:
        assert response.status_code == 200
        return sum(len(chunk) for chunk in response.iter_bytes())


@pytest.mark.timeout(300)
def test_reading_a_session_larger_than_memory_allows_takes_little(own_server: Server) -> None:
    with own_server.client() as client:
        session_id = start(client)
        for number in range(EVENTS):
            text = f"{number} " + "x" * LARGE_BYTES
            record(client, session_id, {"type": "step", "name": "read", "output": text})
        before = psutil.Process(own_server.process.pid).memory_info().rss
        whole = EVENTS * LARGE_BYTES
        cut = REPLAY_BYTES - LARGE_BYTES
        for method, path, least in (
            ("GET", f"{session_id}", cut),
            ("POST", f"{session_id}/export", whole),
            ("POST", f"{session_id}/export?format=csv", whole),
            ("POST", f"{session_id}/export?format=ndjson", whole),
            ("POST", "export", whole),
            ("GET", f"{session_id}/player", 1000),
            ("GET", f"{session_id}/events?limit=5000", LARGE_BYTES),
        ):
            sizes: list[int] = []
            peak = peak_of(own_server, lambda: sizes.append(read_through(client, method, f"{BASE}/{path}")))  # noqa: B023
            assert sizes[0] >= least, path
            assert peak - before < ALLOWANCE_BYTES, path
        assert events_behind_the_cut(client, session_id) == EVENTS


def events_behind_the_cut(client: httpx.Client, session_id: str) -> int:
    """Read a replay that is cut by its size, then what its link leads to, and return how many events there were."""
    replay = client.get(f"{BASE}/{session_id}").json()["data"]
    assert replay["truncated"] is True
    found = len(replay["replayData"]["steps"])
    assert found * LARGE_BYTES <= REPLAY_BYTES
    following = replay["next"]
    while following is not None:
        page = client.get(following).json()
        found += len(page["data"])
        following = f"{BASE}/{session_id}/events?after={page['next']}" if page["next"] is not None else None
    return found


def test_a_download_that_is_given_up_leaves_the_server_well(server: Server) -> None:
    before = server.logged().count("unexpected error")
    with server.client(server.new_key()) as client:
        session_id = start(client)
        for _ in range(3):
            record(client, session_id, {"type": "step", "name": "read", "output": "x" * LARGE_BYTES})
        for _ in range(10):
            with client.stream("GET", f"{BASE}/{session_id}/export") as response:
                next(response.iter_bytes())
        assert client.get(f"{BASE}/list").status_code == 200
    assert server.logged().count("unexpected error") == before
