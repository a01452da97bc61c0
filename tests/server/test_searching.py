"""Search and statistics over HTTP: hits with marked pieces and a place to jump to; sums that add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.support.recordings import BASE, end, eventually, interaction, record, start
from tests.support.server import Server, error_of


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    """A key of a project with two chats and an agent's failure."""
    with server.client(server.new_key()) as client:
        _record(client)
        eventually(lambda: hits(client, "zebra"))
        yield client


def _record(client: httpx.Client) -> None:
    start(client, sessionId="chat", userId="u1", label="Lost parcel", startedAt="2025-10-01T10:00:00Z")
    history: list[dict[str, Any]] = []
    for n, (question, answer) in enumerate([("Where is my parcel?", "In Oslo."), ("Why Oslo?", "A blizzard.")]):
        history.append({"role": "user", "content": question})
        moment = f"2025-10-01T10:00:{10 * (n + 1):02}Z"
        record(client, "chat", interaction(list(history), answer, timestamp=moment, latency=100 * (n + 1), cost=0.1))
        history.append({"role": "assistant", "content": answer})
    end(client, "chat", endedAt="2025-10-01T10:01:00Z")
    start(client, sessionId="agent", feature="agent", userId="u2", startedAt="2025-10-02T00:30:00Z", source="manual")
    record(client, "agent", {"type": "step", "name": "fetch", "input": {"url": "zebra.example"}, "error": "timeout"})
    tokens = {"input": 7, "output": 3}
    record(client, "agent", interaction("go", "gone", model="m2", provider="p", tokens=tokens, latency=900, cost=0.2))
    record(client, "agent", {"type": "interaction", "model": "m2", "prompt": "again", "error": "over"})
    end(client, "agent", status="error", endedAt="2025-10-02T00:30:30Z")


def hits(client: httpx.Client, q: str, **query: Any) -> list[dict[str, Any]]:
    response = client.get(f"{BASE}/search", params={"q": q, **query})
    assert response.status_code == 200, response.text
    data: list[dict[str, Any]] = response.json()["data"]
    return data


def test_a_hit_says_where_it_stands_and_marks_what_matched(client: httpx.Client) -> None:
    (hit,) = hits(client, "blizz*")
    assert hit["session"]["sessionId"] == "chat"
    assert hit["event"]["seq"] == 2
    assert (hit["event"]["type"], hit["event"]["at"]) == ("interaction", 20_000.0)
    assert hit["event"]["timestamp"] == "2025-10-01T10:00:20Z"
    assert hit["snippet"] == "A blizzard."
    assert hit["parts"] == [
        {"text": "A ", "match": False},
        {"text": "blizzard", "match": True},
        {"text": ".", "match": False},
    ]
    assert isinstance(hit["score"], float)


def test_of_a_conversation_the_event_is_found_in_which_a_text_was_new(client: httpx.Client) -> None:
    (hit,) = hits(client, '"where is my parcel"')
    assert hit["event"]["seq"] == 1
    assert "".join(part["text"] for part in hit["parts"] if part["match"]) == "Where is my parcel"


def test_a_label_is_found_without_an_event(client: httpx.Client) -> None:
    (hit,) = hits(client, "lost")
    assert hit["event"] is None
    assert hit["snippet"] == "Lost parcel"


def test_the_lists_filters_narrow_a_search(client: httpx.Client) -> None:
    assert len(hits(client, "oslo")) == 2
    assert hits(client, "oslo", feature="agent") == []
    assert len(hits(client, "zebra", hasErrors="true")) == 1
    assert hits(client, "zebra", to="2025-10-01") == []


def test_hits_come_in_pages(client: httpx.Client) -> None:
    first = client.get(f"{BASE}/search", params={"q": "oslo", "limit": 1}).json()
    assert first["pagination"] == {
        "page": 1,
        "limit": 1,
        "total": 2,
        "totalPages": 2,
        "totalIsEstimate": False,
        "nextCursor": None,
    }
    assert first["ranked"] is None
    second = client.get(f"{BASE}/search", params={"q": "oslo", "limit": 1, "page": 2}).json()
    assert first["data"][0]["event"]["seq"] != second["data"][0]["event"]["seq"]
    assert client.get(f"{BASE}/search", params={"q": "oslo", "page": 1_000_000_000}).json()["data"] == []


@pytest.mark.parametrize("query", ["", " ", '"', "***", "(", "a AND", "NEAR(", 'x" OR "y', "-", "\x00", "label:"])
def test_a_strange_query_is_ordinary_text(client: httpx.Client, query: str) -> None:
    assert hits(client, query) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "q"),
        ({"q": "x" * 2001}, "q"),
        ({"search": "x", "page": 0}, "page"),
        ({"q": "x", "sortBy": "cost"}, "sortBy"),
    ],
)
def test_a_search_without_words_or_out_of_range_is_refused(
    client: httpx.Client, query: dict[str, Any], field: str
) -> None:
    response = client.get(f"{BASE}/search", params=query)
    assert response.status_code == 422
    assert error_of(response)["details"][0]["field"] == field  # type: ignore[index]


def stats(client: httpx.Client, **query: Any) -> dict[str, Any]:
    response = client.get(f"{BASE}/stats", params=query)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


def test_statistics_add_up(client: httpx.Client) -> None:
    found = stats(client)
    assert (found["totalSessions"], found["totalInteractions"]) == (2, 4)
    assert found["bySource"] == {"in-app": 1, "manual": 1}
    assert found["byStatus"] == {"completed": 1, "error": 1}
    assert found["byAppFeature"] == {"chat": 1, "agent": 1}
    assert found["totalCost"] == 0.4
    assert found["totalTokens"] == {"input": 7, "output": 3}
    assert found["averageDuration"] == 45_000.0
    assert found["errorRate"] == 50.0
    assert found["unpricedInteractions"] == 1
    assert found["latency"] == {"p50": 200.0, "p90": 900.0, "p95": 900.0, "p99": 900.0}
    assert found["latencyIsEstimate"] is False
    assert found["costBySource"] == {"in-app": 0.2, "manual": 0.2}
    models = {row["model"]: row for row in found["topModels"]}
    assert models["m2"] == {"model": "m2", "count": 2, "cost": 0.2, "tokens": 10, "p50": 900.0, "p95": 900.0}
    assert models["gpt-4o"]["count"] == 2


def test_statistics_of_nothing_are_zeros(client: httpx.Client) -> None:
    found = stats(client, userId="nobody")
    assert (found["totalSessions"], found["averageDuration"], found["errorRate"], found["series"]) == (0, 0.0, 0.0, [])
    assert found["latency"] == {"p50": None, "p90": None, "p95": None, "p99": None}


@pytest.mark.parametrize(
    ("group_by", "keys"),
    [
        ("day", ["2025-10-01T00:00:00.000Z", "2025-10-02T00:00:00.000Z"]),
        ("hour", ["2025-10-01T10:00:00.000Z", "2025-10-02T00:00:00.000Z"]),
        ("model", ["gpt-4o", "m2"]),
        ("feature", ["agent", "chat"]),
        ("user", ["u1", "u2"]),
    ],
)
def test_a_series_has_a_row_for_each_group(client: httpx.Client, group_by: str, keys: list[str]) -> None:
    found = stats(client, groupBy=group_by)
    assert found["groupBy"] == group_by
    assert sorted(row["key"] for row in found["series"]) == keys
    assert sum(row["interactions"] for row in found["series"]) == 4
    assert round(sum(row["cost"] for row in found["series"]), 9) == 0.4


def test_statistics_know_the_lists_filters(client: httpx.Client) -> None:
    assert stats(client, feature="agent")["totalCost"] == 0.2
    assert stats(client, model="gpt-4o")["totalSessions"] == 1
    assert stats(client, q="zebra")["totalSessions"] == 1
    assert client.get(f"{BASE}/stats", params={"groupBy": "week"}).status_code == 422


def test_facets_count_sessions_by_value(client: httpx.Client) -> None:
    found = client.get(f"{BASE}/facets").json()["data"]
    assert sorted(row["value"] for row in found["user"]) == ["u1", "u2"]
    assert found["status"] == [
        {"value": "completed", "count": 1, "isEstimate": False},
        {"value": "error", "count": 1, "isEstimate": False},
    ]
    assert client.get(f"{BASE}/facets", params={"feature": "chat"}).json()["data"]["user"] == [
        {"value": "u1", "count": 1, "isEstimate": False}
    ]
