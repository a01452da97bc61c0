"""Exports over HTTP: read back by the parsers that people use, whole, safe, and without personal data on request."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.support.recordings import BASE, interaction, record, start
from tests.support.server import Server, error_of

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1"]  # a spreadsheet takes it for =
HOSTILE = 'a "quoted", text\r\nwith lines; 日本語 \x00 end'


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client(server.new_key()) as client:
        yield client


@pytest.fixture(scope="module")
def recorded(client: httpx.Client) -> str:
    """A session of hostile texts, one formula each, and every kind of event."""
    session_id = start(client, userId="eve@example.com", label="call +49 170 1234567", feature="agent")
    record(
        client,
        session_id,
        interaction(HOSTILE, "x" * 100_000, model="=cmd", tokens={"input": 3, "output": 4}, cost=0.25),
        *({"type": "user_action", "action": text, "target": "t"} for text in FORMULAS if "\x00" not in text),
        {"type": "step", "name": "mail", "input": {"to": "eve@example.com", "password": "hunter2"}},
        {"type": "feedback", "score": -1, "comment": "=HYPERLINK(1)"},
        {"type": "code_context", "file": "a.py", "snippet": "-x"},
    )
    return session_id


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("ask", ["get", "empty post", "json post"])
def test_json_is_the_whole_replay_in_the_envelope(client: httpx.Client, recorded: str, ask: str) -> None:
    path = f"{BASE}/{recorded}/export"
    body = {"format": "json"} if ask == "json post" else None
    response = client.get(path) if ask == "get" else client.post(path, json=body)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert "content-disposition" not in response.headers
    answer = response.json()
    assert (answer["success"], answer["format"]) == (True, "json")
    assert answer["data"] == client.get(f"{BASE}/{recorded}").json()["data"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_json_download_is_the_bare_document(client: httpx.Client, recorded: str, method: str) -> None:
    response = client.request(method, f"{BASE}/{recorded}/export", params={"download": 1})
    assert response.headers["content-disposition"] == f'attachment; filename="playhead-{recorded}.json"'
    assert response.json() == client.get(f"{BASE}/{recorded}").json()["data"]


def test_csv_has_one_row_an_event_with_whole_texts(client: httpx.Client, recorded: str) -> None:
    response = client.post(f"{BASE}/{recorded}/export", json={"format": "csv"})
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"].endswith('.csv"')
    assert response.text.count("\r\n") >= 12
    found = rows(response.text)
    assert [row["seq"] for row in found] == [str(n) for n in range(1, 12)]
    call = found[0]
    assert (call["prompt"], call["response"]) == (HOSTILE, "x" * 100_000)
    assert (call["inputTokens"], call["outputTokens"], call["cost"], call["costSource"]) == (
        "3",
        "4",
        "0.25",
        "reported",
    )
    assert call["sessionId"] == recorded
    step = next(row for row in found if row["type"] == "step")
    assert json.loads(step["input"]) == {"to": "eve@example.com", "password": "hunter2"}


def test_no_cell_of_csv_starts_a_formula(client: httpx.Client, recorded: str) -> None:
    found = rows(client.get(f"{BASE}/{recorded}/export", params={"format": "csv"}).text)
    cells = [cell for row in found for cell in row.values() if cell]
    assert [cell for cell in cells if cell[0] in "=+-@\t\r\n＝＋－＠"] == []
    assert [row["name"] for row in found if row["type"] == "user_action"] == [f"'{text}" for text in FORMULAS]


def test_ndjson_has_a_line_for_the_session_and_one_for_each_event(client: httpx.Client, recorded: str) -> None:
    response = client.get(f"{BASE}/{recorded}/export", params={"format": "ndjson"})
    assert response.headers["content-type"] == "application/x-ndjson"
    session, *events = lines(response.text)
    assert (session["type"], session["sessionId"]) == ("session", recorded)
    assert session["summary"]["totalEvents"] == len(events) == 11
    assert {event["sessionId"] for event in events} == {recorded}
    assert events[0]["prompt"] == HOSTILE


@pytest.mark.parametrize("kind", ["json", "csv", "ndjson"])
def test_a_redacted_export_holds_no_personal_data(client: httpx.Client, recorded: str, kind: str) -> None:
    plain = client.post(f"{BASE}/{recorded}/export", json={"format": kind}).text
    redacted = client.post(f"{BASE}/{recorded}/export", json={"format": kind, "redact": True}).text
    also = client.get(f"{BASE}/{recorded}/export", params={"format": kind, "redact": "true"}).text
    assert "eve@example.com" in plain
    for text in (redacted, also):
        assert "eve@example.com" not in text
        assert "hunter2" not in text
        assert "1234567" not in text
        assert "[email]" in text


@pytest.mark.parametrize("body", [{"format": "HTML"}, {"format": "xml"}, {"redact": "yes"}, {"format": None}])
def test_a_format_that_is_none_is_refused(client: httpx.Client, recorded: str, body: dict[str, Any]) -> None:
    response = client.post(f"{BASE}/{recorded}/export", json=body)
    assert response.status_code == 422
    assert error_of(response)["details"][0]["field"] == next(iter(body))  # type: ignore[index]


@pytest.fixture(scope="module")
def many(server: Server) -> Iterator[httpx.Client]:
    """A key of a project with three sessions of two events, and an empty one."""
    with server.client(server.new_key()) as client:
        for name in ("one", "two", "three"):
            start(client, sessionId=name, userId=f"user-{name}", tags=[name, "all"], metadata={"n": name})
            record(client, name, interaction(name), {"type": "user_action", "action": name})
        start(client, sessionId="empty")
        yield client


def test_many_sessions_are_exported_newest_first(many: httpx.Client) -> None:
    response = many.post(f"{BASE}/export")
    assert response.headers["content-type"] == "application/x-ndjson"
    assert "attachment" in response.headers["content-disposition"]
    found = lines(response.text)
    assert [line["sessionId"] for line in found if line["type"] == "session"] == ["empty", "three", "two", "one"]
    assert len(found) == 10


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ({"userId": "user-two"}, None),
        ({}, {"userId": "user-two"}),
        ({}, {"filters": {"userId": "user-two", "label": None}}),
        ({}, {"filters": {"tag": ["two", "all"]}}),
        ({}, {"tag": "two"}),
        ({}, {"metadata": {"n": "two"}}),
        ({"metadata.n": "two"}, {"format": "csv"}),
        ({"tag": "two"}, {"format": "csv", "minInteractions": 1, "hasErrors": False}),
        ({"tag": "two", "format": "csv"}, None),
    ],
)
def test_filters_stand_in_the_query_or_in_the_body(
    many: httpx.Client, query: dict[str, Any], body: dict[str, Any] | None
) -> None:
    response = many.post(f"{BASE}/export", params=query, json=body)
    assert response.status_code == 200, response.text
    found = rows(response.text) if "csv" in response.headers["content-type"] else lines(response.text)
    assert {row["sessionId"] for row in found} == {"two"}


def test_an_export_of_nothing_is_empty_and_no_error(many: httpx.Client) -> None:
    assert many.post(f"{BASE}/export", json={"userId": "nobody"}).text == ""
    header = many.post(f"{BASE}/export", json={"userId": "nobody", "format": "csv"}).text
    assert header.startswith('"sessionId","seq"')
    assert rows(header) == []


@pytest.mark.parametrize(
    ("query", "body", "field"),
    [
        ({}, {"format": "json"}, "format"),
        ({"format": "json"}, None, "format"),
        ({}, {"userID": "x"}, "userID"),
        ({}, {"filters": {"nonsense": 1}}, "nonsense"),
        ({}, {"filters": []}, "filters"),
        ({}, {"minCost": "much"}, "minCost"),
        ({}, {"minCost": 2, "maxCost": 1}, "minCost"),
        ({}, [], "body"),
        ({"userId": "a"}, {"userId": "a"}, "userId"),
        ({}, {"userId": "a", "filters": {"userId": "a"}}, "userId"),
        ({"page": 1}, None, "page"),
    ],
)
def test_a_bulk_export_refuses_what_it_does_not_know(
    many: httpx.Client, query: dict[str, Any], body: Any, field: str
) -> None:
    response = many.post(f"{BASE}/export", params=query, json=body)
    assert response.status_code == 422
    assert error_of(response)["details"][0]["field"] == field  # type: ignore[index]


def test_a_bulk_export_of_broken_json_is_refused(many: httpx.Client) -> None:
    for body, status in ((b"{", 400), (b"[" * 100 + b"]" * 100, 422), (b'{"label": "\xff"}', 400)):
        response = many.post(f"{BASE}/export", content=body, headers={"Content-Type": "application/json"})
        assert response.status_code == status
