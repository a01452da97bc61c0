"""Recording over HTTP: what a program that was written for the seed's service sends, and what it gets back."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from tests.support.server import Server, error_of

BASE = "/api/session-replay"
CALL = {"model": "gpt-4o", "prompt": "What is 2+2?", "response": "4"}


def events_of(api: httpx.Client, session_id: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = api.get(f"{BASE}/{session_id}/events").json()["data"]
    return events


def stored(api: httpx.Client, session_id: str) -> int:
    count: int = api.get(f"{BASE}/{session_id}").json()["data"]["summary"]["totalEvents"]
    return count


# --- starting --------------------------------------------------------------------------------------------------------


def test_a_start_answers_201_with_the_id_at_both_places_and_a_link(api: httpx.Client) -> None:
    answer = api.post(f"{BASE}/recording/start", json={"userId": "user_123", "feature": "chat", "label": "Support"})

    body = answer.json()
    assert answer.status_code == 201
    assert body["success"] is True
    assert body["sessionId"] == body["data"]["sessionId"]
    assert body["data"]["replayUrl"] == f"{str(api.base_url).rstrip('/')}/sessions/replay/{body['sessionId']}"
    assert body["data"]["startedAt"].endswith("Z")


def test_a_generated_id_tells_feature_and_time_and_holds_128_random_bits(api: httpx.Client) -> None:
    ids = {api.post(f"{BASE}/recording/start", json={"feature": "agent"}).json()["sessionId"] for _ in range(3)}

    assert len(ids) == 3
    assert all(re.fullmatch(r"inapp_agent_\d{13}_[a-z2-7]{26}", each) for each in ids)


def test_starting_an_open_session_again_returns_it_with_200(api: httpx.Client) -> None:
    first = api.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": "mine", "label": "one"})
    again = api.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": "mine", "label": "two"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["data"] == first.json()["data"]
    assert api.get(f"{BASE}/mine").json()["data"]["label"] == "one"


def test_the_same_id_in_another_project_is_another_session(server: Server, api: httpx.Client) -> None:
    api.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": "same"})
    with server.client(server.new_key()) as other:
        assert other.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": "same"}).status_code == 201


def test_starting_a_session_that_has_ended_is_a_conflict(api: httpx.Client, session_id: str) -> None:
    api.post(f"{BASE}/{session_id}/end")
    answer = api.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": session_id})

    assert answer.status_code == 409
    assert error_of(answer)["code"] == "session_ended"


@pytest.mark.parametrize(
    ("sent", "instant"),
    [
        ("2025-10-01T10:00:00Z", "2025-10-01T10:00:00Z"),
        ("2025-10-01T12:00:00+02:00", "2025-10-01T10:00:00Z"),
        ("2025-10-01", "2025-10-01T00:00:00Z"),
        (1759312800000, "2025-10-01T10:00:00Z"),
    ],
)
def test_a_start_may_be_told_in_every_form_of_time(api: httpx.Client, sent: object, instant: str) -> None:
    answer = api.post(f"{BASE}/recording/start", json={"feature": "chat", "startedAt": sent})

    assert answer.json()["data"]["startedAt"] == instant


def test_everything_said_at_the_start_is_kept(api: httpx.Client) -> None:
    said = {
        "userId": "u",
        "feature": "my.own-slug_1",
        "label": "L\u2028abel \U0001f600",
        "metadata": {"deep": {"big": 2**80, "nul": "a\x00b"}, "flag": True},
        "tags": ["a", "b", "a"],
        "source": "manual",
        "integrationName": "x",
        "workspaceId": "w",
    }
    session_id = api.post(f"{BASE}/recording/start", json=said).json()["sessionId"]
    kept = api.get(f"{BASE}/{session_id}").json()["data"]

    assert {name: kept[name] for name in said if name not in {"feature", "tags"}} == {
        name: value for name, value in said.items() if name not in {"feature", "tags"}
    }
    assert (kept["appFeature"], kept["tags"]) == ("my.own-slug_1", ["a", "b"])


# --- snapshots -------------------------------------------------------------------------------------------------------


def test_one_event_is_stored_and_numbered(api: httpx.Client, session_id: str) -> None:
    answer = api.post(f"{BASE}/{session_id}/snapshot", json={"type": "interaction", "data": CALL})

    data = answer.json()["data"]
    assert answer.status_code == 201
    assert (data["accepted"], data["duplicates"], data["events"][0]["seq"]) == (1, 0, 1)


def test_the_older_form_stores_each_present_member_as_an_event(api: httpx.Client, session_id: str) -> None:
    answer = api.post(
        f"{BASE}/{session_id}/snapshot",
        json={
            "aiInteraction": CALL,
            "latency": 120,
            "provider": "openai",
            "requestMetadata": {"temperature": 0.7},
            "responseMetadata": {"finish": "stop"},
            "userAction": {"action": "click", "details": {"button": "send"}},
            "codeContext": {"filePath": "a.py", "content": "x = 1", "cursorPosition": {"line": 3, "column": 1}},
            "captureSystemMetrics": True,
        },
    )

    assert answer.json()["data"]["accepted"] == 4
    call, action, code, metrics = events_of(api, session_id)
    assert (call["latency"], call["provider"]) == (120, "openai")
    assert (call["requestMetadata"], call["responseMetadata"]) == ({"temperature": 0.7}, {"finish": "stop"})
    assert (action["metadata"], "details" in action) == ({"button": "send"}, False)
    assert (code["file"], code["snippet"]) == ("a.py", "x = 1")
    assert metrics["type"] == "system_metrics"
    assert metrics["metadata"] == {"capturedBy": "server"}
    assert 0 < metrics["memory"] <= 100


def test_what_an_interaction_says_itself_comes_before_what_stands_beside_it(api: httpx.Client, session_id: str) -> None:
    api.post(f"{BASE}/{session_id}/snapshot", json={"aiInteraction": CALL | {"latency": 5}, "latency": 120})

    assert events_of(api, session_id)[0]["latency"] == 5


def test_a_snapshot_is_stored_whole_or_not_at_all(api: httpx.Client, session_id: str) -> None:
    answer = api.post(
        f"{BASE}/{session_id}/snapshot",
        json={"events": [{"type": "interaction", "data": CALL}, {"type": "interaction", "data": {"model": "m"}}]},
    )

    assert answer.status_code == 422
    assert error_of(answer)["details"] == [{"field": "events[1].data.prompt", "message": "is required"}]
    assert stored(api, session_id) == 0


def test_a_retry_with_the_same_ids_is_answered_as_accepted_and_stores_nothing(
    api: httpx.Client, session_id: str
) -> None:
    body = {
        "events": [
            {"id": "one", "type": "interaction", "data": CALL},
            {"id": "two", "type": "step", "data": {"name": "n"}},
        ]
    }
    first = api.post(f"{BASE}/{session_id}/snapshot", json=body).json()["data"]
    again = api.post(f"{BASE}/{session_id}/snapshot", json=body).json()["data"]

    assert (first["accepted"], first["duplicates"]) == (2, 0)
    assert (again["accepted"], again["duplicates"]) == (0, 2)
    assert again["events"] == first["events"]
    assert stored(api, session_id) == 2


def test_unknown_members_are_kept_and_shown(api: httpx.Client, session_id: str) -> None:
    extra = {"finish_reason": "stop", "nested": {"a": [1, 2.5, None, True]}, "huge": 10**30, "nul": "\x00"}
    api.post(f"{BASE}/{session_id}/snapshot", json={"type": "interaction", "data": CALL | extra})

    kept = events_of(api, session_id)[0]
    assert {name: kept[name] for name in extra} == extra


def test_a_given_time_is_kept_and_the_arrival_beside_it(api: httpx.Client, session_id: str) -> None:
    api.post(
        f"{BASE}/{session_id}/snapshot",
        json={"type": "user_action", "timestamp": "2025-01-02T03:04:05+01:00", "data": {"action": "x"}},
    )

    event = events_of(api, session_id)[0]
    assert event["timestamp"] == "2025-01-02T02:04:05Z"
    assert event["receivedAt"] > "2026"


@pytest.mark.parametrize(
    ("data", "cost", "source"),
    [
        ({"cost": 0.0008, "tokens": {"input": 15, "output": 25}}, 0.0008, "reported"),
        ({"tokens": {"input": 1_000_000, "output": 0}, "provider": "openai"}, 2.5, "computed"),
        ({"model": "nobody-knows-this", "tokens": {"input": 1, "output": 1}}, None, "unknown"),
        ({}, None, "unknown"),
    ],
)
def test_a_cost_says_where_it_comes_from(
    api: httpx.Client, session_id: str, data: dict[str, Any], cost: float | None, source: str
) -> None:
    api.post(f"{BASE}/{session_id}/snapshot", json={"type": "interaction", "data": CALL | data})

    event = events_of(api, session_id)[0]
    assert (event.get("cost"), event["costSource"]) == (cost, source)


# --- batches ---------------------------------------------------------------------------------------------------------


def test_a_whole_session_travels_in_one_batch(api: httpx.Client) -> None:
    answer = api.post(
        f"{BASE}/events",
        json={
            "events": [
                {"sessionId": "b1", "type": "session.start", "data": {"feature": "chat", "userId": "u"}},
                {"sessionId": "b1", "id": "e1", "type": "interaction", "data": CALL},
                {"sessionId": "b1", "type": "session.end", "data": {"status": "error"}},
            ]
        },
    )

    assert answer.status_code == 200
    assert answer.json()["data"] == {"accepted": 3, "duplicates": 0, "rejected": []}
    session = api.get(f"{BASE}/b1").json()["data"]
    assert (session["status"], session["userId"], session["summary"]["totalInteractions"]) == ("error", "u", 1)


def test_each_event_of_a_batch_stands_for_itself(api: httpx.Client, session_id: str) -> None:
    good = {"sessionId": session_id, "type": "step", "data": {"name": "fine"}}
    answer = api.post(
        f"{BASE}/events",
        json={
            "events": [
                good | {"id": "same"},
                good | {"id": "bad", "data": {}},
                good | {"id": "same"},
                good | {"sessionId": "nowhere"},
                {"type": "step", "data": {"name": "whose?"}},
                good | {"type": "dance"},
                good | {"id": 7},
                "not even an object",
                {"sessionId": session_id, "type": "session.start", "data": {"feature": "Not A Slug"}},
                good | {"id": "last"},
            ]
        },
    )

    data = answer.json()["data"]
    assert (data["accepted"], data["duplicates"]) == (2, 1)
    assert [(each["index"], each["code"]) for each in data["rejected"]] == [
        (1, "validation_error"),
        (3, "session_not_found"),
        (4, "validation_error"),
        (5, "validation_error"),
        (6, "validation_error"),
        (7, "validation_error"),
        (8, "validation_error"),
    ]
    assert "data.name" in data["rejected"][0]["message"]
    assert data["rejected"][0]["id"] == "bad"
    assert data["accepted"] + data["duplicates"] + len(data["rejected"]) == 10


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/ndjson", "application/jsonl"])
def test_lines_are_taken_one_by_one(api: httpx.Client, session_id: str, kind: str) -> None:
    good = b'{"sessionId":"%b","type":"step","data":{"name":"n"}}' % session_id.encode()
    answer = api.post(
        f"{BASE}/events",
        content=b"\n".join([good, b"", b"{broken", good]) + b"\r\n",
        headers={"Content-Type": kind},
    )

    data = answer.json()["data"]
    assert data["accepted"] == 2
    assert [(each["index"], each["code"]) for each in data["rejected"]] == [(1, "invalid_json")]


def test_a_batch_may_be_sent_twice(api: httpx.Client) -> None:
    batch = {
        "events": [
            {"sessionId": "t", "type": "session.start", "data": {"feature": "chat"}},
            {"sessionId": "t", "id": "1", "type": "step", "data": {"name": "n"}},
            {"sessionId": "t", "type": "session.end"},
        ]
    }
    api.post(f"{BASE}/events", json=batch)
    again = api.post(f"{BASE}/events", json=batch).json()["data"]

    assert again == {"accepted": 0, "duplicates": 3, "rejected": []}


def test_a_rejected_event_is_named_by_the_id_that_it_was_sent_with(api: httpx.Client, session_id: str) -> None:
    action = {"type": "user_action", "data": {"action": "a"}}
    bad = {"sessionId": session_id, "type": "step", "data": {}}
    events = [
        {"sessionId": "nowhere", **action},
        {"sessionId": "nowhere", "id": "own", **action},
        {"sessionId": "nowhere", "type": "user_action", "data": {"action": "a", "id": "within"}},
        {"sessionId": "nowhere", "type": "session.end"},
        {"sessionId": "nowhere", "type": "session.end", "id": "the end"},
        bad,
        {**bad, "id": "bad"},
        5,
    ]
    rejected = api.post(f"{BASE}/events", json={"events": events}).json()["data"]["rejected"]
    assert [each["index"] for each in rejected] == list(range(8))
    assert [each["id"] for each in rejected] == [None, "own", "within", None, "the end", None, "bad", None]


# --- ending, changing, erasing ---------------------------------------------------------------------------------------


def test_an_end_takes_no_body_and_ending_twice_is_harmless(api: httpx.Client, session_id: str) -> None:
    first = api.post(f"{BASE}/{session_id}/end")
    again = api.post(f"{BASE}/{session_id}/end", json={"status": "error"})

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["sessionId"] == session_id
    assert again.json()["data"] == first.json()["data"]
    assert again.json()["data"]["status"] == "completed"


def test_an_end_can_say_when_and_how(api: httpx.Client) -> None:
    api.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": "e", "startedAt": "2025-01-01T00:00:00Z"})
    ended = api.post(f"{BASE}/e/end", json={"status": "error", "endedAt": "2025-01-01T00:00:01.500Z"}).json()["data"]

    assert (ended["status"], ended["duration"], ended["endReason"]) == ("error", 1500, "ended")


def test_events_after_the_end_are_kept_and_summed(api: httpx.Client, session_id: str) -> None:
    api.post(f"{BASE}/{session_id}/end")
    late = api.post(f"{BASE}/{session_id}/snapshot", json={"type": "interaction", "data": CALL | {"cost": 0.5}})

    session = api.get(f"{BASE}/{session_id}").json()["data"]
    assert late.status_code == 201
    assert (session["status"], session["summary"]["totalCost"]) == ("completed", 0.5)


def test_a_patch_changes_what_it_names_alone(api: httpx.Client, session_id: str) -> None:
    api.patch(f"{BASE}/{session_id}", json={"label": "first", "tags": ["a"], "metadata": {"k": 1}})
    answer = api.patch(f"{BASE}/{session_id}", json={"label": None, "bookmarked": True})

    session = answer.json()["data"]
    assert (session["label"], session["tags"], session["metadata"]) == (None, ["a"], {"k": 1})
    assert session["bookmarked"] is True


def test_an_erased_session_is_gone_and_stays_gone(api: httpx.Client, session_id: str) -> None:
    api.post(f"{BASE}/{session_id}/snapshot", json={"type": "interaction", "data": CALL})
    erased = api.delete(f"{BASE}/{session_id}")

    assert erased.json()["data"]["events"] == 1
    assert api.get(f"{BASE}/{session_id}").status_code == 404
    late = api.post(f"{BASE}/{session_id}/snapshot", json={"type": "interaction", "data": CALL})
    assert late.status_code == 404
    restart = api.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": session_id})
    assert error_of(restart)["code"] == "session_erased"
    assert api.delete(f"{BASE}/{session_id}").status_code == 404
