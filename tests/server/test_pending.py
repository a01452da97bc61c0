"""Pending interactions and gaps over HTTP: what is taken, what is refused by name, what every reader sees of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from tests.store.build import T0, interaction, pending, record
from tests.support.recordings import end, start
from tests.support.server import Server, error_of

from playhead.server.view import View
from playhead.store.memory import MemoryStore

BASE = "/api/session-replay"
START = "2026-03-01T12:00:00Z"
ANNOUNCED = {"model": "gpt-4o", "provider": "openai", "prompt": "Still there?", "pending": True}


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client(server.new_key()) as client:
        yield client


def send(client: httpx.Client, session_id: str, kind: str, data: dict[str, Any], **envelope: Any) -> httpx.Response:
    return client.post(f"{BASE}/{session_id}/snapshot", json={"type": kind, "data": data} | envelope)


def replay(client: httpx.Client, session_id: str) -> dict[str, Any]:
    data: dict[str, Any] = client.get(f"{BASE}/{session_id}").json()["data"]
    return data


def test_a_call_that_hangs_is_seen_by_every_reader(client: httpx.Client) -> None:
    session_id = start(client, startedAt=START)
    assert send(client, session_id, "interaction", ANNOUNCED, id="i", timestamp="2026-03-01T12:00:04Z").is_success
    end(client, session_id, endedAt="2026-03-01T12:01:00Z")

    seen = replay(client, session_id)
    [call] = seen["replayData"]["aiInteractions"]
    assert (call["pending"], call["prompt"], "response" in call) == (True, "Still there?", False)
    assert (seen["summary"]["totalInteractions"], seen["summary"]["pendingInteractions"]) == (1, 1)
    assert (seen["hasErrors"], seen["summary"]["unpricedInteractions"]) == (False, 0)
    player = client.get(f"{BASE}/{session_id}/player").json()["data"]
    [mark] = player["timeline"]["aiInteractions"]
    assert (mark["pending"], mark["at"], mark["end"], mark["model"]) == (True, 4000.0, 4000.0, "gpt-4o")
    assert player["idleSpans"] == [{"start": 4000.0, "end": 60_000.0, "kind": "model"}]
    assert client.get(f"{BASE}/stats").json()["data"]["totalInteractions"] == 0
    assert client.get(f"{BASE}/list", params={"minInteractions": 1}).json()["pagination"]["total"] == 1


def test_its_completion_is_accepted_in_its_place_and_a_repetition_is_a_duplicate(client: httpx.Client) -> None:
    session_id = start(client, startedAt=START)
    send(client, session_id, "interaction", ANNOUNCED, id="i", timestamp="2026-03-01T12:00:04Z")
    arrived = replay(client, session_id)["replayData"]["aiInteractions"][0]["receivedAt"]
    whole = {**ANNOUNCED, "pending": False, "response": "Yes.", "latency": 3000, "cost": 0.5}
    for counts in ({"accepted": 1, "duplicates": 0}, {"accepted": 0, "duplicates": 1}):
        answer = send(client, session_id, "interaction", whole, id="i", timestamp="2026-03-01T12:00:07Z").json()
        assert answer["data"] == counts | {"events": [{"id": "i", "seq": 1}]}
    [call] = replay(client, session_id)["replayData"]["aiInteractions"]
    assert (call["seq"], call["receivedAt"], call["response"], call["cost"]) == (1, arrived, "Yes.", 0.5)
    assert call["timestamp"].startswith("2026-03-01T12:00:07")
    assert replay(client, session_id)["summary"]["totalCost"] == 0.5
    late = send(client, session_id, "interaction", ANNOUNCED, id="i").json()
    assert late["data"]["duplicates"] == 1


@pytest.mark.parametrize(
    ("kind", "data", "field"),
    [
        ("interaction", {"model": "m", "prompt": "p", "pending": False}, "data.response"),
        ("interaction", {"model": "m", "prompt": "p", "pending": "yes"}, "data.pending"),
        ("interaction", {"prompt": "p", "pending": True}, "data.model"),
        ("gap", {}, "data.count"),
        ("gap", {"count": 0}, "data.count"),
        ("gap", {"count": 1.5}, "data.count"),
        ("gap", {"count": 1, "reasons": {"queue_full": -1}}, "data.reasons[...]"),
        ("gap", {"count": 1, "from": "soon"}, "data.from"),
        ("gap", {"count": 1, "until": "later"}, "data.until"),
    ],
)
def test_what_is_wrong_is_named(client: httpx.Client, kind: str, data: dict[str, Any], field: str) -> None:
    session_id = start(client)
    refused = send(client, session_id, kind, data)
    assert (refused.status_code, error_of(refused)["details"][0]["field"]) == (422, field)  # type: ignore[index]
    assert replay(client, session_id)["summary"]["totalEvents"] == 0


def test_an_error_of_a_call_that_is_pending_does_not_count_before_it_is_over(client: httpx.Client) -> None:
    session_id = start(client)
    send(client, session_id, "interaction", {**ANNOUNCED, "error": "first try"}, id="i")
    assert replay(client, session_id)["errorCount"] == 0
    send(client, session_id, "interaction", {"model": "m", "prompt": "p", "error": "gave up"}, id="i")
    assert replay(client, session_id)["errorCount"] == 1


def test_a_gap_stands_where_it_was_and_adds_up(client: httpx.Client) -> None:
    session_id = start(client, startedAt=START)
    named = {"count": 60, "reasons": {"queue_full": 58, "too_large": 2}, "from": "2026-03-01T12:00:10Z"}
    send(client, session_id, "gap", {**named, "until": "2026-03-01T12:00:30Z"}, id="g")
    send(client, session_id, "gap", {"count": 1}, timestamp="2026-03-01T12:00:40Z")

    seen = replay(client, session_id)
    assert [gap["count"] for gap in seen["replayData"]["gaps"]] == [60, 1]
    assert seen["replayData"]["gaps"][0]["timestamp"].startswith("2026-03-01T12:00:30")
    assert (seen["summary"]["droppedEvents"], seen["hasErrors"]) == (61, False)
    player = client.get(f"{BASE}/{session_id}/player").json()["data"]
    marks = [(mark["at"], mark["end"], mark["count"]) for mark in player["timeline"]["gaps"]]
    assert marks == [(10_000.0, 30_000.0, 60), (40_000.0, 40_000.0, 1)]
    assert player["timeline"]["gaps"][0]["reasons"] == named["reasons"]
    assert {"key": "gap", "count": 2, "errors": 0} in player["lanes"]
    assert client.get(f"{BASE}/stats").json()["data"]["droppedEvents"] == 61
    only = client.get(f"{BASE}/{session_id}/events", params={"type": "gap"}).json()["data"]
    assert only[0]["id"] == "g"


def test_exports_hold_gaps_and_pending_calls(client: httpx.Client) -> None:
    session_id = start(client)
    send(client, session_id, "interaction", ANNOUNCED, id="i")
    send(client, session_id, "gap", {"count": 4, "reasons": {"queue_full": 4}}, id="g")
    lines = client.get(f"{BASE}/{session_id}/export", params={"format": "ndjson"}).text.splitlines()
    kinds = {one["type"]: one for one in map(json.loads, lines)}
    assert (kinds["gap"]["count"], kinds["interaction"]["pending"]) == (4, True)
    rows = csv.DictReader(io.StringIO(client.get(f"{BASE}/{session_id}/export", params={"format": "csv"}).text))
    told = {row["type"]: json.loads(row["data"]) for row in rows}
    assert told["gap"] == {"count": 4, "reasons": {"queue_full": 4}}
    assert told["interaction"] == {"pending": True}


def test_a_redacted_share_shows_gaps_too(client: httpx.Client) -> None:
    session_id = start(client)
    send(client, session_id, "gap", {"count": 4, "from": 1_772_366_400_000, "until": "2026-03-01T12:00:30.123+02:00"})
    shared = client.post(f"{BASE}/{session_id}/share", json={"redact": True}).json()["data"]
    player = client.get(f"/api/shared/{shared['shareToken']}/player").json()["data"]
    assert [mark["count"] for mark in player["timeline"]["gaps"]] == [4]


def test_a_reader_of_pages_misses_nothing_when_calls_are_completed_meanwhile() -> None:
    """Each page ends behind an event that stays where it is, so that no completion can move the place to go on from."""
    store = MemoryStore()
    project = store.ensure_project("p", T0).no
    calls = [pending(f"i{n}", at=n) if n % 3 else interaction(f"i{n}", at=n) for n in range(40)]
    record(store, project, "s1", *calls)
    view = View(store, project, "s1", "", "")
    seen: list[str] = []
    after: int | None = 0
    while after is not None:
        page = view.page(after, limit=6)
        seen += [event.id for event in page.events]
        after = page.next
        moving = [one for one in calls if one.pending and one.id in seen][-2:]
        whole = [replace(interaction(one.id), timestamp_us=T0 + 10**9) for one in moving]
        store.append(project, "s1", whole, T0).result()
    assert set(seen) == {one.id for one in calls}


def test_a_walk_through_a_session_meets_each_event_once_when_calls_are_completed_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("playhead.server.view.FIRST_MARKS", 4)  # many pages of few marks
    monkeypatch.setattr("playhead.server.view.MOST_MARKS", 4)
    store = MemoryStore()
    project = store.ensure_project("p", T0).no
    record(store, project, "s1", *(pending(f"i{n}", at=n) if n % 3 else interaction(f"i{n}", at=n) for n in range(40)))
    met = []
    for mark in View(store, project, "s1", "", "").marks():
        met.append(mark.id)
        if mark.pending:
            store.append(project, "s1", [interaction(mark.id, at=100 + len(met))], T0).result()
    assert sorted(met) == sorted(f"i{n}" for n in range(40))
