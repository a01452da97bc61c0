"""Reading over HTTP: lists by every filter, pages, whole replays, events in pages, and what the player loads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.support.recordings import BASE, end, eventually, interaction, record, start
from tests.support.server import Server, error_of

DAY = "2025-10-01T"


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    """A key of a project with four sessions: ``a`` to ``d``, in order of their start."""
    with server.client(server.new_key()) as client:
        _record_a_to_d(client)
        eventually(lambda: ids(client, search="teapot"))
        yield client


def _record_a_to_d(client: httpx.Client) -> None:
    start(
        client,
        sessionId="a",
        userId="u1",
        label="Refund",
        tags=["red", "blue"],
        metadata={"plan": "pro", "n": 5, "beta": True},
        workspaceId="w1",
        startedAt=DAY + "10:00:00Z",
    )
    asked = interaction("Where is my teapot?", "On its way.", timestamp=DAY + "10:00:02Z", cost=0.25, latency=1500)
    record(client, "a", asked | {"provider": "openai", "tokens": {"input": 100, "output": 20}})
    end(client, "a", endedAt=DAY + "10:00:10Z")

    start(client, sessionId="b", feature="agent", userId="u2", source="integration", startedAt=DAY + "11:00:00Z")
    failed = {"type": "interaction", "model": "o-none", "prompt": "x", "error": "rate limited"}
    record(client, "b", failed | {"timestamp": DAY + "11:00:05Z"}, {"type": "step", "name": "look", "kind": "tool"})
    end(client, "b", status="error", endedAt=DAY + "11:01:00Z")

    start(client, sessionId="c", userId="u1", tags=["red"], startedAt="2025-10-02T23:59:59.999Z")
    for _ in range(3):
        record(client, "c", interaction("東京の天気は", "晴れ", cost=0.5, timestamp="2025-10-03T00:00:01Z", model="m2"))
    client.patch(f"{BASE}/c", json={"bookmarked": True})

    start(client, sessionId="d", feature="my.own-slug", startedAt="2025-10-04T00:00:00Z")


def ids(client: httpx.Client, path: str = "list", **query: Any) -> list[str]:
    response = client.get(f"{BASE}/{path}", params=query)
    assert response.status_code == 200, response.text
    return [session["sessionId"] for session in response.json()["data"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, "dcba"),
        ({"userId": "u1"}, "ca"),
        ({"workspaceId": "w1"}, "a"),
        ({"source": "integration"}, "b"),
        ({"label": "Refund"}, "a"),
        ({"label": "refund"}, ""),
        ({"tag": "red"}, "ca"),
        ({"tag": ["red", "blue"]}, "a"),
        ({"appFeature": "chat"}, "ca"),
        ({"feature": "my.own-slug"}, "d"),
        ({"status": "active"}, "dc"),
        ({"status": "completed"}, "a"),
        ({"status": "error"}, "b"),
        ({"hasErrors": "true"}, "b"),
        ({"hasErrors": "false"}, "dca"),
        ({"bookmarked": "true"}, "c"),
        ({"bookmarked": "false"}, "dba"),
        ({"startDate": "2025-10-02"}, "dc"),
        ({"endDate": "2025-10-02"}, "cba"),
        ({"from": "2025-10-02", "to": "2025-10-02"}, "c"),
        ({"to": DAY + "10:00:00Z"}, "a"),
        ({"minCost": "0.25"}, "ca"),
        ({"maxCost": "0.25"}, "dba"),
        ({"minCost": "1.5", "maxCost": "1.5"}, "c"),
        ({"minTokens": "120"}, "a"),
        ({"maxTokens": "119"}, "dcb"),
        ({"minDuration": "10000"}, "ba"),
        ({"maxDuration": "10000"}, "dca"),
        ({"minInteractions": "2"}, "c"),
        ({"aiModel": "gpt-4o"}, "a"),
        ({"model": "m2"}, "c"),
        ({"provider": "openai"}, "a"),
        ({"search": "teapot"}, "a"),
        ({"searchQuery": "TEAPOTS*"}, ""),
        ({"q": "tea*"}, "a"),
        ({"q": '"my teapot"'}, "a"),
        ({"q": '"teapot my"'}, ""),
        ({"q": "refund"}, "a"),
        ({"q": "京の天"}, "c"),
        ({"metadata.plan": "pro"}, "a"),
        ({"metadata.n": "5"}, "a"),
        ({"metadata.beta": "true"}, "a"),
        ({"metadata.plan": "free"}, ""),
        ({"userId": "u1", "tag": "red", "status": "active"}, "c"),
        ({"sortBy": "cost"}, "cadb"),
        ({"sortBy": "totalCost", "sortOrder": "asc"}, "bdac"),
        ({"sortBy": "totalTokens"}, "adcb"),
        ({"sortBy": "duration", "limit": "1"}, "b"),
        ({"sortBy": "interactions", "limit": "1"}, "c"),
        ({"sortBy": "errors", "limit": "1"}, "b"),
        ({"sortOrder": "asc"}, "abcd"),
    ],
)
def test_the_list_knows_every_filter_and_order(client: httpx.Client, query: dict[str, Any], found: str) -> None:
    assert "".join(ids(client, **query)) == found


def test_sessions_is_an_alias_of_list(client: httpx.Client) -> None:
    assert ids(client, "sessions", userId="u1") == ["c", "a"]
    assert client.get(f"{BASE}/sessions/a").json() == client.get(f"{BASE}/a").json()


def test_pages_say_where_they_stand(client: httpx.Client) -> None:
    answer = client.get(f"{BASE}/list", params={"limit": 3, "page": 2}).json()
    assert answer["success"] is True
    assert [session["sessionId"] for session in answer["data"]] == ["a"]
    assert answer["pagination"] == {
        "page": 2,
        "limit": 3,
        "total": 4,
        "totalPages": 2,
        "totalIsEstimate": False,
        "nextCursor": None,
    }
    assert answer["meta"] == {"total": 4, "page": 2, "totalPages": 2, "totalIsEstimate": False}
    assert client.get(f"{BASE}/list", params={"page": 1_000_000_000, "limit": 100}).json()["data"] == []
    assert client.get(f"{BASE}/list", params={"userId": "nobody"}).json()["pagination"]["totalPages"] == 0


@pytest.mark.parametrize("sort", ["startedAt", "cost", "tokens", "duration", "interactions", "errors"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_cursors_lead_through_every_order_without_gap_or_repetition(
    client: httpx.Client, sort: str, order: str
) -> None:
    query: dict[str, Any] = {"sortBy": sort, "sortOrder": order, "limit": 1}
    seen: list[str] = []
    for page in range(1, 5):
        answer = client.get(f"{BASE}/list", params=query).json()
        assert answer["pagination"]["page"] == page
        seen += [session["sessionId"] for session in answer["data"]]
        query["cursor"] = answer["pagination"]["nextCursor"]
    assert query["cursor"] is None
    assert seen == ids(client, sortBy=sort, sortOrder=order)


def test_a_cursor_fits_the_list_alone_that_it_came_from(server: Server, client: httpx.Client) -> None:
    cursor = client.get(f"{BASE}/list", params={"limit": 1}).json()["pagination"]["nextCursor"]
    flipped = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    longer = cursor + "A"
    for query in (
        {"cursor": flipped},
        {"cursor": longer},
        {"cursor": cursor[:-2]},
        {"cursor": cursor + "="},
        {"cursor": ""},
        {"cursor": "äöü"},
        {"cursor": cursor, "sortBy": "cost"},
        {"cursor": cursor, "sortOrder": "asc"},
        {"cursor": cursor, "userId": "u1"},
    ):
        response = client.get(f"{BASE}/list", params=query)
        assert response.status_code == 422, query
        assert error_of(response)["details"][0]["field"] == "cursor"  # type: ignore[index]
    with server.client(server.new_key()) as stranger:
        assert stranger.get(f"{BASE}/list", params={"cursor": cursor}).status_code == 422
    assert client.get(f"{BASE}/list", params={"cursor": cursor, "limit": 100}).status_code == 200


@pytest.mark.parametrize("path", ["list", "sessions", "search", "stats", "facets"])
def test_every_list_refuses_what_it_does_not_know_by_name(client: httpx.Client, path: str) -> None:
    response = client.get(f"{BASE}/{path}", params={"q": "x", "nonsense": "1"})
    assert response.status_code == 422
    assert error_of(response)["details"] == [{"field": "nonsense", "message": "unknown parameter"}]


def test_a_listed_session_carries_its_summary_and_no_events(client: httpx.Client) -> None:
    (session,) = client.get(f"{BASE}/list", params={"q": "teapot"}).json()["data"]
    moments = {name: session.pop(name) for name in ("createdAt", "updatedAt")}
    assert all(moment.endswith("Z") for moment in moments.values())
    assert session.pop("replayUrl").endswith("/sessions/replay/a")
    assert session == {
        "sessionId": "a",
        "userId": "u1",
        "label": "Refund",
        "source": "in-app",
        "appFeature": "chat",
        "integrationName": None,
        "workspaceId": "w1",
        "tags": ["red", "blue"],
        "metadata": {"plan": "pro", "n": 5, "beta": True},
        "startedAt": "2025-10-01T10:00:00Z",
        "endedAt": "2025-10-01T10:00:10Z",
        "duration": 10_000.0,
        "status": "completed",
        "endReason": "ended",
        "hasErrors": False,
        "errorCount": 0,
        "bookmarked": False,
        "summary": {
            "totalCost": 0.25,
            "totalTokens": {"input": 100, "output": 20},
            "totalSpans": 1,
            "totalInteractions": 1,
            "totalEvents": 1,
            "unpricedInteractions": 0,
            "models": ["gpt-4o"],
            "droppedEvents": 0,
            "pendingInteractions": 0,
        },
    }


EVERY_KIND: tuple[dict[str, Any], ...] = (
    interaction([{"role": "user", "content": "hi\x00"}], [{"type": "text", "text": "yo"}], own="kept", id="i1"),
    {"type": "user_action", "action": "click", "details": {"x": 1}},
    {"type": "code_context", "filePath": "a.py", "content": "print(1)", "cursorPosition": {"line": 1, "column": 2}},
    {"type": "system_metrics", "cpu": 12.5, "memory": 40, "network": {"sent": 1, "received": 2}},
    {"type": "workspace_state", "environment": "one"},
    {"type": "workspace_state", "environment": "two"},
    {"type": "step", "name": "look", "kind": "tool", "parentId": "i1", "latency": 20, "input": {"q": 1}},
    {"type": "feedback", "score": -1, "comment": "no", "interactionId": "i1"},
    {"type": "gap", "count": 3, "reasons": {"queue_full": 2, "too_large": 1}, "from": "2025-01-01T00:00:00Z"},
)


@pytest.fixture(scope="module")
def whole(client: httpx.Client) -> str:
    """A session with every kind of event."""
    session_id = start(client, sessionId="whole", startedAt="2025-01-01T00:00:00Z", feature="workflow")
    record(client, session_id, *(event | {"timestamp": 1735689600000 + n} for n, event in enumerate(EVERY_KIND)))
    return session_id


def test_a_replay_has_every_event_by_kind(client: httpx.Client, whole: str) -> None:
    answer = client.get(f"{BASE}/{whole}").json()
    assert answer["success"] is True
    replay = answer["data"]
    data = replay["replayData"]
    assert (replay["truncated"], replay["next"]) == (False, None)
    (call,) = data["aiInteractions"]
    assert call["prompt"] == [{"role": "user", "content": "hi\x00"}]
    assert call["response"] == [{"type": "text", "text": "yo"}]
    assert (call["id"], call["seq"], call["own"], call["costSource"]) == ("i1", 1, "kept", "unknown")
    assert call["timestamp"] == "2025-01-01T00:00:00Z"
    assert call["receivedAt"] > "2025-01-01T00:00:00Z"
    assert data["userActions"][0]["metadata"] == {"x": 1}
    assert data["codeContext"][0]["file"] == "a.py"
    assert data["codeContext"][0]["snippet"] == "print(1)"
    assert data["systemMetrics"][0]["network"] == {"sent": 1, "received": 2}
    assert [state["environment"] for state in data["workspaceStates"]] == ["one", "two"]
    assert data["workspaceState"]["environment"] == "two"
    assert data["steps"][0]["parentId"] == "i1"
    assert data["feedback"][0]["score"] == -1
    assert (data["gaps"][0]["count"], data["gaps"][0]["reasons"]) == (3, {"queue_full": 2, "too_large": 1})
    assert replay["summary"]["droppedEvents"] == 3
    assert replay["summary"]["totalSpans"] == 2


def test_an_empty_session_has_an_empty_replay(client: httpx.Client) -> None:
    replay = client.get(f"{BASE}/d").json()["data"]
    assert replay["replayData"] == {
        "aiInteractions": [],
        "userActions": [],
        "codeContext": [],
        "systemMetrics": [],
        "workspaceStates": [],
        "workspaceState": None,
        "steps": [],
        "feedback": [],
        "gaps": [],
    }
    player = client.get(f"{BASE}/d/player").json()["data"]
    assert (player["lanes"], player["idleSpans"], player["lastSeq"], player["next"]) == ([], [], 0, None)


def test_members_that_are_named_like_the_envelope_are_kept_beside_it(client: httpx.Client) -> None:
    session_id = start(client)
    named = {"seq": "mine", "receivedAt": "mine", "costSource": "mine", "shadowed": "mine too"}
    record(client, session_id, interaction(id="own-id", **named))
    (call,) = client.get(f"{BASE}/{session_id}").json()["data"]["replayData"]["aiInteractions"]
    assert call["seq"] == 1
    assert call["shadowed"] == named


def test_a_cost_that_was_computed_says_so(client: httpx.Client) -> None:
    session_id = start(client)
    tokens = {"input": 1_000_000, "output": 0}
    record(client, session_id, interaction(provider="openai", tokens=tokens), interaction(cost=0.1, tokens=tokens))
    computed, reported = client.get(f"{BASE}/{session_id}").json()["data"]["replayData"]["aiInteractions"]
    assert (computed["cost"], computed["costSource"]) == (2.5, "computed")
    assert (reported["cost"], reported["costSource"]) == (0.1, "reported")


def test_events_page_in_time_order_whatever_their_order_of_arrival(client: httpx.Client) -> None:
    session_id = start(client, startedAt="2025-01-01T00:00:00Z")
    seqs = record(client, session_id, *({"type": "step", "name": f"{n}", "timestamp": n} for n in (30, 10, 20, 10)))
    first = client.get(f"{BASE}/{session_id}/events", params={"limit": 3}).json()
    assert [event["name"] for event in first["data"]] == ["10", "10", "20"]
    assert [event["seq"] for event in first["data"]] == [seqs[1], seqs[3], seqs[2]]
    second = client.get(f"{BASE}/{session_id}/events", params={"limit": 3, "after": first["next"]}).json()
    assert [event["name"] for event in second["data"]] == ["30"]
    assert second["next"] is None
    assert client.get(f"{BASE}/{session_id}/events", params={"after": 99}).json()["data"] == []


def test_events_can_be_of_some_kinds_alone(client: httpx.Client, whole: str) -> None:
    query: dict[str, Any] = {"type": ["step", "workspace_state"], "limit": 2}
    first = client.get(f"{BASE}/{whole}/events", params=query).json()
    assert [event["type"] for event in first["data"]] == ["workspace_state", "workspace_state"]
    second = client.get(f"{BASE}/{whole}/events", params=query | {"after": first["next"]}).json()
    assert [event["type"] for event in second["data"]] == ["step"]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("events", {"limit": 0}, "limit"),
        ("events", {"limit": 5001}, "limit"),
        ("events", {"after": -1}, "after"),
        ("events", {"after": "x"}, "after"),
        ("events", {"type": "nonsense"}, "type"),
        ("events", {"page": 1}, "page"),
        ("player", {"limit": 20_001}, "limit"),
        ("player", {"after": 1.5}, "after"),
        ("export", {"format": "pdf"}, "format"),
        ("export", {"format": "xml"}, "format"),
    ],
)
def test_pages_of_events_refuse_what_is_out_of_range(
    client: httpx.Client, whole: str, path: str, query: dict[str, Any], field: str
) -> None:
    response = client.get(f"{BASE}/{whole}/{path}", params=query)
    assert response.status_code == 422
    assert error_of(response)["details"][0]["field"] == field  # type: ignore[index]


def test_a_page_of_large_events_ends_early_and_says_so(client: httpx.Client) -> None:
    session_id = start(client)
    for n in range(3):
        record(client, session_id, {"type": "step", "name": f"{n}", "output": "x" * 4_000_000})
    first = client.get(f"{BASE}/{session_id}/events", params={"limit": 100}).json()
    assert [event["name"] for event in first["data"]] == ["0", "1"]
    second = client.get(f"{BASE}/{session_id}/events", params={"limit": 100, "after": first["next"]}).json()
    assert [event["name"] for event in second["data"]] == ["2"]
    assert second["next"] is None


def test_over_ten_thousand_events_a_replay_is_cut_and_says_where_it_goes_on(client: httpx.Client) -> None:
    session_id = start(client, startedAt="2025-01-01T00:00:00Z")
    for part in range(4):
        record(
            client,
            session_id,
            *({"type": "user_action", "action": "a", "timestamp": part * 10_000 + n} for n in range(2501)),
        )
    replay = client.get(f"{BASE}/{session_id}").json()["data"]
    assert replay["truncated"] is True
    actions = replay["replayData"]["userActions"]
    assert len(actions) == 10_000
    rest = client.get(replay["next"]).json()
    assert [event["seq"] for event in rest["data"]] == [10_001, 10_002, 10_003, 10_004]
    export = client.get(f"{BASE}/{session_id}/export").json()["data"]
    assert len(export["replayData"]["userActions"]) == 10_004
    assert export["truncated"] is False


def test_the_player_gets_marks_with_previews_lanes_idle_time_and_usual_latencies(client: httpx.Client) -> None:
    session_id = start(client, startedAt="2025-01-01T00:00:00Z")
    long = "word " * 1000
    record(
        client,
        session_id,
        interaction(
            [{"role": "system", "content": "be nice"}, {"role": "user", "content": long}],
            long,
            timestamp="2025-01-01T00:00:02Z",
            latency=1500,
            timeToFirstToken=300,
            model="m-player",
        ),
        {"type": "code_context", "file": "a.py", "snippet": "x", "timestamp": "2025-01-01T00:00:03Z"},
        {"type": "step", "name": "look", "parentId": "p", "error": "no", "timestamp": "2025-01-01T00:01:00Z"},
        {"type": "system_metrics", "cpu": 12.5, "timestamp": "2025-01-01T00:01:00Z"},
    )
    player = client.get(f"{BASE}/{session_id}/player").json()["data"]
    (call,) = player["timeline"]["aiInteractions"]
    assert (call["at"], call["end"], call["latency"], call["firstToken"]) == (500.0, 2000.0, 1500.0, 300.0)
    assert call["preview"].startswith("word word")
    assert len(call["preview"]) <= 240
    assert len(call["responsePreview"]) <= 240
    assert player["codeSnapshots"][0]["name"] == "a.py"
    assert player["timeline"]["steps"][0] | {"at": 0, "end": 0} == {
        "seq": 3,
        "id": player["timeline"]["steps"][0]["id"],
        "type": "step",
        "at": 0,
        "end": 0,
        "error": True,
        "name": "look",
        "kind": "custom",
        "parentId": "p",
    }
    assert player["timeline"]["systemMetrics"][0]["cpu"] == 12.5
    assert {lane["key"]: (lane["count"], lane["errors"]) for lane in player["lanes"]} == {
        "interaction": (1, 0),
        "step": (1, 1),
        "code_context": (1, 0),
        "system_metrics": (1, 0),
    }
    assert player["idleSpans"] == [{"start": 3000.0, "end": 60_000.0, "kind": "human"}]
    assert player["latencies"] == [{"model": "m-player", "count": 1, "p50": 1500.0, "p95": 1500.0}]
    assert (player["lastSeq"], player["next"], player["duration"]) == (4, None, 60_000.0)
    assert player["summary"] == player["session"]["summary"]


def test_the_players_marks_come_in_pages(client: httpx.Client, whole: str) -> None:
    after: int | None = 0
    seen, lanes = 0, []
    while after is not None:
        page = client.get(f"{BASE}/{whole}/player", params={"after": after, "limit": 3}).json()["data"]
        seen += len(page["codeSnapshots"]) + sum(map(len, page["timeline"].values()))
        lanes.append(sum(lane["count"] for lane in page["lanes"]))
        after = page["next"]
    assert seen == len(EVERY_KIND)
    assert lanes == [len(EVERY_KIND), 0, 0]


def test_a_session_that_is_not_there_is_named_so_on_every_route(client: httpx.Client) -> None:
    for path in ("nobody", "sessions/nobody", "nobody/events", "nobody/player", "nobody/export", "nobody/shares"):
        response = client.get(f"{BASE}/{path}")
        assert response.status_code == 404, path
        assert error_of(response)["code"] == "session_not_found"
