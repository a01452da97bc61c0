"""Live streams: every event once, in order of arrival, and the end last."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.server import Server, error_of, running_server

BASE = "/api/session-replay"


def step(name: str) -> dict[str, Any]:
    return {"type": "step", "id": name, "data": {"name": name}}


def frames(answer: httpx.Response) -> Iterator[dict[str, str]]:
    """Read server-sent events one by one; comments are left out."""
    frame: dict[str, str] = {}
    for line in answer.iter_lines():
        if not line:
            if frame.keys() - {"retry"}:
                yield frame
            frame = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            frame[name] = value


def key_of(api: httpx.Client) -> str:
    return str(api.headers["authorization"]).removeprefix("Bearer ")


def record(api: httpx.Client, session_id: str, *names: str) -> None:
    api.post(f"{BASE}/{session_id}/snapshot", json={"events": [step(name) for name in names]}).raise_for_status()


def test_a_session_that_has_ended_is_replayed_and_then_ends(api: httpx.Client, session_id: str) -> None:
    record(api, session_id, *[f"e{number}" for number in range(100)])
    api.post(f"{BASE}/{session_id}/end", json={"status": "error"})
    with api.stream("GET", f"{BASE}/{session_id}/live") as answer:
        seen = list(frames(answer))

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert [frame.get("id") for frame in seen] == [*map(str, range(1, 101)), None]
    assert seen[-1]["event"] == "end"
    assert json.loads(seen[-1]["data"]) == {"status": "error", "endReason": "ended"}
    assert json.loads(seen[0]["data"])["name"] == "e0"
    assert json.loads(seen[0]["data"])["seq"] == 1


@pytest.mark.parametrize("how", [{"headers": {"Last-Event-ID": "2"}}, {"params": {"after": "2"}}])
def test_a_broken_stream_goes_on_where_it_stood(
    api: httpx.Client, session_id: str, how: dict[str, dict[str, str]]
) -> None:
    record(api, session_id, "a", "b", "c")
    api.post(f"{BASE}/{session_id}/end")
    with api.stream("GET", f"{BASE}/{session_id}/live", **how) as answer:  # type: ignore[arg-type]
        seen = list(frames(answer))

    assert [frame.get("id") for frame in seen] == ["3", None]


def test_events_appear_as_they_are_recorded_and_the_end_comes_last(
    server: Server, api: httpx.Client, session_id: str
) -> None:
    record(api, session_id, "before")
    with server.client(key_of(api)) as watcher, watcher.stream("GET", f"{BASE}/{session_id}/live") as answer:
        stream = frames(answer)
        assert json.loads(next(stream)["data"])["name"] == "before"
        for name in ("one", "two"):
            record(api, session_id, name)
            assert json.loads(next(stream)["data"])["name"] == name
        api.post(f"{BASE}/events", json={"events": [step("three") | {"sessionId": session_id}]})
        assert json.loads(next(stream)["data"])["name"] == "three"
        api.post(f"{BASE}/{session_id}/end")
        assert [frame["event"] for frame in stream] == ["end"]


def test_a_silent_stream_is_kept_open_by_comments_and_counted(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", live_heartbeat_s=0.2, live_clients=1) as server, server.client() as api:
        session_id = api.post(f"{BASE}/recording/start", json={"feature": "chat"}).json()["sessionId"]
        with server.client() as watcher, watcher.stream("GET", f"{BASE}/{session_id}/live") as answer:
            lines = answer.iter_lines()
            assert [next(line for line in lines if line.startswith(":")) for _ in range(2)] == [": keep-alive"] * 2
            assert "playhead_live_streams 1.0" in api.get("/metrics").text
            refused = api.get(f"{BASE}/{session_id}/live")
            assert (refused.status_code, error_of(refused)["code"]) == (503, "unavailable")


def test_a_stream_ends_when_its_key_is_revoked(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", live_heartbeat_s=0.2) as server, server.client() as api:
        session_id = api.post(f"{BASE}/recording/start", json={"feature": "chat"}).json()["sessionId"]
        made = api.post("/api/keys", json={"scope": "read"}).json()["data"]
        with server.client(made["key"]) as watcher, watcher.stream("GET", f"{BASE}/{session_id}/live") as answer:
            lines = answer.iter_lines()
            assert next(lines).startswith("retry")
            api.delete(f"/api/keys/{made['keyId']}")
            assert not [line for line in lines if line.startswith("event")]


def test_an_erased_session_ends_its_streams(api: httpx.Client, session_id: str, server: Server) -> None:
    record(api, session_id, "a")
    with server.client(key_of(api)) as watcher, watcher.stream("GET", f"{BASE}/{session_id}/live") as answer:
        stream = frames(answer)
        next(stream)
        api.delete(f"{BASE}/{session_id}")
        assert [json.loads(frame["data"]) for frame in stream] == [{"status": "erased"}]


def test_stopping_the_server_closes_streams_without_saying_end(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server, server.client() as api:
        session_id = api.post(f"{BASE}/recording/start", json={"feature": "chat"}).json()["sessionId"]
        with server.client() as watcher, watcher.stream("GET", f"{BASE}/{session_id}/live") as answer:
            lines = answer.iter_lines()
            assert next(lines).startswith("retry")
            stopper = threading.Thread(target=server.stop)
            stopper.start()
            assert not [line for line in lines if line.startswith("event")]
            stopper.join()
        assert server.process.returncode == 0


@pytest.mark.parametrize("value", ["-1", "x", "1.5", "9" * 40])
def test_an_id_that_is_none_is_422(api: httpx.Client, session_id: str, value: str) -> None:
    by_header = api.get(f"{BASE}/{session_id}/live", headers={"Last-Event-ID": value})
    by_query = api.get(f"{BASE}/{session_id}/live", params={"after": value})

    assert error_of(by_header)["details"][0]["field"] == "Last-Event-ID"  # type: ignore[index]
    assert error_of(by_query)["details"][0]["field"] == "after"  # type: ignore[index]
    assert (by_header.status_code, by_query.status_code) == (422, 422)


def test_the_dashboards_cookie_opens_a_stream(server: Server, api: httpx.Client, session_id: str) -> None:
    record(api, session_id, "a")
    api.post(f"{BASE}/{session_id}/end")
    with server.client(None) as page:
        page.post("/api/sign-in", json={"token": key_of(api)}).raise_for_status()
        with page.stream("GET", f"{BASE}/{session_id}/live") as answer:
            assert [frame.get("id") for frame in frames(answer)] == ["1", None]


def announce(api: httpx.Client, session_id: str, name: str) -> None:
    data = {"model": "m", "prompt": "p", "pending": True}
    event = {"type": "interaction", "id": name, "data": data}
    api.post(f"{BASE}/{session_id}/snapshot", json=event).raise_for_status()


def complete(api: httpx.Client, session_id: str, name: str) -> None:
    data = {"model": "m", "prompt": "p", "response": f"answer of {name}"}
    event = {"sessionId": session_id, "type": "interaction", "id": name, "data": data}
    assert api.post(f"{BASE}/events", json={"events": [event]}).json()["data"]["accepted"] == 1


def told(frame: dict[str, str]) -> tuple[str | None, int, str | None]:
    """Return a frame's own id, and its event's seq and response."""
    event = json.loads(frame["data"])
    return frame.get("id"), event["seq"], event.get("response")


def test_a_call_that_was_announced_is_sent_again_when_it_is_completed(
    server: Server, api: httpx.Client, session_id: str
) -> None:
    announce(api, session_id, "a")
    with server.client(key_of(api)) as watcher, watcher.stream("GET", f"{BASE}/{session_id}/live") as answer:
        stream = frames(answer)
        assert told(next(stream)) == ("1", 1, None)
        complete(api, session_id, "a")
        assert told(next(stream)) == ("1-1", 1, "answer of a")
        record(api, session_id, "b")
        assert told(next(stream)) == ("2-1", 2, None)
        api.post(f"{BASE}/{session_id}/end")
        assert [frame["event"] for frame in stream] == ["end"]


def seen_from(api: httpx.Client, session_id: str, last: str) -> list[tuple[str | None, int, str | None]]:
    with api.stream("GET", f"{BASE}/{session_id}/live", headers={"Last-Event-ID": last}) as answer:
        return [told(frame) for frame in frames(answer) if "id" in frame]


def test_a_stream_that_was_away_misses_no_completion_and_is_sent_none_twice(api: httpx.Client, session_id: str) -> None:
    for name in "abcd":
        announce(api, session_id, name)
    for name in "cad":
        complete(api, session_id, name)
    api.post(f"{BASE}/{session_id}/end")
    a, c, d = ((1, "answer of a"), (3, "answer of c"), (4, "answer of d"))
    assert seen_from(api, session_id, "") == [("1-3", *a), ("2-3", 2, None), ("3-3", *c), ("4-3", *d)]
    assert seen_from(api, session_id, "2") == [("2-2", *a), ("3-3", *c), ("4-3", *d)]
    assert seen_from(api, session_id, "4-1") == [("4-2", *a), ("4-3", *d)]
    assert seen_from(api, session_id, "3-2") == [("4-3", *d)]
    assert seen_from(api, session_id, "4-3") == []


def test_the_players_data_say_where_a_stream_goes_on(api: httpx.Client, session_id: str) -> None:
    announce(api, session_id, "a")
    complete(api, session_id, "a")
    announce(api, session_id, "b")
    player = api.get(f"{BASE}/{session_id}/player").json()["data"]
    assert (player["lastSeq"], player["changes"]) == (2, 1)
    assert player["elapsed"] > 0
    complete(api, session_id, "b")
    api.post(f"{BASE}/{session_id}/end")
    assert seen_from(api, session_id, f"{player['lastSeq']}-{player['changes']}") == [("2-2", 2, "answer of b")]


@pytest.mark.parametrize("value", ["1-", "-1-1", "1-2-3", "1-x", "1-" + "9" * 16])
def test_half_an_id_is_422(api: httpx.Client, session_id: str, value: str) -> None:
    refused = api.get(f"{BASE}/{session_id}/live", headers={"Last-Event-ID": value})
    assert (refused.status_code, error_of(refused)["details"][0]["field"]) == (422, "Last-Event-ID")  # type: ignore[index]
