"""A project's redaction over HTTP: what a rule finds comes in by every way, and is neither on the disk nor answered."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from tests.support.postgres import PostgresServer, postgres
from tests.support.server import Server, error_of, running_server

__all__ = ["postgres"]

BASE = "/api/session-replay"
SETTINGS = f"{BASE}/settings"
MAIL, CARD, KEY = "ann.lee@example.com", "4111 1111 1111 1111", "sk-proj-abcDEF1234567890abcd"
SAID = f"write to {MAIL}, pay by {CARD} or {KEY}"
TOLD = "write to [email], pay by [card] or [api_key]"
TRACES = (b"ann.lee", b"4111 1111", b"abcDEF1234567890", b"hunter2")
START: dict[str, Any] = {
    "feature": "chat",
    "sessionId": "one",
    "userId": MAIL,
    "label": SAID,
    "tags": [MAIL, "web"],
    "workspaceId": KEY,
}
START |= {"metadata": {"contact": SAID, "password": "hunter2"}, "integrationName": MAIL}
CALL: dict[str, Any] = {"model": "gpt-4o", "prompt": [{"role": "user", "content": SAID}], "response": SAID}
CALL |= {"error": {"message": SAID}, "requestMetadata": {"api_key": "hunter2"}, "parameters": {SAID: SAID}}


def switch_on(client: httpx.Client, **rules: object) -> None:
    client.patch(SETTINGS, json={"redaction": {"enabled": True, **rules}}).raise_for_status()


def step(number: int, session_id: str = "one") -> dict[str, Any]:
    data = {"name": SAID, "input": {"to": [MAIL]}, "output": SAID, "status": SAID}
    return {"sessionId": session_id, "id": f"step-{number}", "type": "step", "data": data}


def send_by_every_way(client: httpx.Client) -> list[httpx.Response]:
    """Record, change and note what rules find, on all ways that there are; return the answers."""
    pending = {"id": "call", "type": "interaction", "data": CALL | {"pending": True, "response": None, "error": None}}
    older = {
        "aiInteraction": CALL,
        "userAction": {"action": SAID, "details": {"x": SAID}},
        "requestMetadata": {"y": MAIL},
    }
    batch: dict[str, list[dict[str, Any]]] = {
        "events": [{"sessionId": "two", "type": "session.start", "data": START | {"sessionId": "two"}}, step(1)]
    }
    batch["events"] += [step(1), {"sessionId": "two", "type": SAID, "data": {}}, {"sessionId": "two", "type": "gap"}]
    lines = "\n".join(json.dumps(step(number, "two")) for number in range(2, 4))
    moment = {"sessionId": "two", "type": "feedback", "timestamp": SAID, "data": {"score": 1}}
    answers = [
        client.post(f"{BASE}/recording/start", json=START),
        client.post(f"{BASE}/recording/start", json=START | {"sessionId": "three", "source": SAID}),
        client.post(f"{BASE}/one/snapshot", json=pending),
        client.post(f"{BASE}/one/snapshot", json={"id": "call", "type": "interaction", "data": CALL}),
        client.post(f"{BASE}/one/snapshot", json={"id": "call", "type": "interaction", "data": CALL}),
        client.post(f"{BASE}/one/snapshot", json=older),
        client.post(f"{BASE}/one/snapshot", json={"events": [{"type": SAID, "data": {}}]}),
        client.post(f"{BASE}/one/snapshot", json={"events": [{"type": "code_context", "data": {"content": SAID}}]}),
        client.post(f"{BASE}/events", json=batch),
        client.post(f"{BASE}/events", json={"events": [moment]}),
        client.post(f"{BASE}/events", content=lines, headers={"Content-Type": "application/x-ndjson"}),
        client.patch(f"{BASE}/one", json={"label": SAID, "tags": [SAID], "metadata": {"again": [SAID]}}),
        client.post(f"{BASE}/one/notes", json={"kind": "comment", "at": 1, "text": SAID}),
    ]
    note = answers[-1].json()["data"]["noteId"]
    answers.append(client.patch(f"{BASE}/one/notes/{note}", json={"text": f"{SAID}, again"}))
    answers.append(client.post(f"{BASE}/two/end", json={"status": "error"}))
    return answers


def read_by_every_way(client: httpx.Client) -> Iterator[bytes]:
    """Yield what the routes answer that tell of sessions."""
    for path in ("list", "one", "one/player", "one/events", "two/events", "one/notes", "stats", "facets"):
        answer = client.get(f"{BASE}/{path}")
        assert answer.status_code == 200, path
        yield answer.content
    for kind in ("json", "csv", "ndjson", "html"):
        yield client.post(f"{BASE}/one/export", json={"format": kind}).raise_for_status().content
    yield client.get(f"{BASE}/search", params={"q": "email"}).raise_for_status().content
    with client.stream("GET", f"{BASE}/two/live") as live:
        yield b"".join(live.iter_bytes())


def traces_in(data: bytes) -> list[bytes]:
    return [trace for trace in TRACES if trace in data]


@contextlib.contextmanager
def recorded(data_dir: Path, *, redacting: bool, **settings: object) -> Iterator[tuple[Server, httpx.Client]]:
    with running_server(data_dir, **settings) as server, server.client() as client:
        if redacting:
            switch_on(client)
        answers = send_by_every_way(client)
        assert [answer.status_code for answer in answers] == [
            *(201, 422, 201, 201, 201, 201, 422, 201, 200, 200, 200, 200, 201, 200, 200),
        ]
        if redacting:
            assert [traces_in(answer.content) for answer in answers if traces_in(answer.content)] == []
        yield server, client


def test_nothing_that_a_rule_finds_is_in_any_file_or_answer(tmp_path: Path) -> None:
    with recorded(tmp_path / "data", redacting=True) as (server, client):
        assert [traces_in(answer) for answer in read_by_every_way(client) if traces_in(answer)] == []
        for word in ("lee", "4111", "hunter2", "abcDEF1234567890abcd"):
            assert client.get(f"{BASE}/search", params={"q": word}).json()["pagination"]["total"] == 0
        while_it_runs = {path.name: traces_in(path.read_bytes()) for path in server.data_dir.iterdir()}
    afterwards = {path.name: traces_in(path.read_bytes()) for path in server.data_dir.iterdir()}
    assert "playhead.db-wal" in while_it_runs
    assert any(while_it_runs.values()) is any(afterwards.values()) is False


def test_what_is_stored_says_what_was_replaced(tmp_path: Path) -> None:
    with recorded(tmp_path / "data", redacting=True) as (_, client):
        session = client.get(f"{BASE}/two").json()["data"]
        assert (session["userId"], session["label"], session["workspaceId"]) == ("[email]", TOLD, "[api_key]")
        assert (session["tags"], session["integrationName"]) == (["[email]", "web"], "[email]")
        assert session["metadata"] == {"contact": TOLD, "password": "[secret]"}
        call = client.get(f"{BASE}/one/events").json()["data"][0]
        assert call["prompt"] == [{"role": "user", "content": TOLD}]
        assert (call["requestMetadata"], call["parameters"]) == ({"api_key": "[secret]"}, {TOLD: TOLD})
        assert client.get(f"{BASE}/one/notes").json()["data"][0]["text"] == f"{TOLD}, again"


def test_without_rules_all_of_it_is_found_so_that_the_looking_is_sound(tmp_path: Path) -> None:
    with recorded(tmp_path / "data", redacting=False) as (server, client):
        assert set().union(*map(traces_in, read_by_every_way(client))) == set(TRACES)
        files = b"".join(path.read_bytes() for path in server.data_dir.iterdir())
        assert {b"ann.lee", b"4111 1111"} <= set(traces_in(files))


def test_nothing_of_it_is_in_a_postgresql_either(tmp_path: Path, postgres: PostgresServer) -> None:
    url = postgres.new_database()
    with recorded(tmp_path / "data", redacting=True, database_url=url) as (_, client):
        assert [traces_in(answer) for answer in read_by_every_way(client) if traces_in(answer)] == []
        dumped = dump(url)
    postgres.drop(url)
    assert b"[email]" in dumped
    assert traces_in(dumped) == []


def dump(url: str) -> bytes:
    """Return every row of every table, bytes as they are and as digits."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        tables = cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'").fetchall()
        parts = []
        for (table,) in tables:
            with cursor.copy(f"COPY (SELECT * FROM {table}) TO STDOUT (FORMAT binary)") as rows:
                parts += [bytes(row) for row in rows]
    return b"".join(parts)


def test_rules_count_for_what_comes_from_now_on(api: httpx.Client) -> None:
    api.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": "old", "label": MAIL}).raise_for_status()
    switch_on(api)
    api.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": "new", "label": MAIL}).raise_for_status()
    api.patch(SETTINGS, json={"redaction": {"enabled": False}}).raise_for_status()
    api.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": "off", "label": MAIL}).raise_for_status()
    labels = {one["sessionId"]: one["label"] for one in api.get(f"{BASE}/list").json()["data"]}
    assert labels == {"old": MAIL, "new": "[email]", "off": MAIL}


def test_rules_are_one_projects_own(api: httpx.Client, server: Server) -> None:
    switch_on(api)
    with server.client(server.new_key()) as other:
        other.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": "s", "label": MAIL})
        assert other.get(f"{BASE}/s").json()["data"]["label"] == MAIL


def test_rules_are_read_as_they_were_set_and_stay_where_they_are_not_named(api: httpx.Client) -> None:
    off = api.get(SETTINGS).json()["data"]["redaction"]
    assert (off["enabled"], off["secretNames"], off["patterns"], off["allow"]) == (False, [], [], [])
    assert len(off["kinds"]) == 9
    switch_on(api, kinds=["email", "card"], secretNames=["patientName"], allow=["help@example.com"])
    api.patch(SETTINGS, json={"redaction": {"kinds": ["ip"]}}).raise_for_status()
    assert api.get(SETTINGS).json()["data"]["redaction"] == {
        "enabled": True,
        "kinds": ["ip"],
        "secretNames": ["patientName"],
        "patterns": [],
        "allow": ["help@example.com"],
    }
    api.patch(SETTINGS, json={"redaction": None}).raise_for_status()
    assert api.get(SETTINGS).json()["data"]["redaction"] == off


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"kinds": ["emial"]}, "redaction.kinds[0]"),
        ({"on": True}, "redaction.on"),
        ({"secretNames": [""]}, "redaction.secretNames[0]"),
        ({"patterns": [{"name": "Order", "pattern": "x"}]}, "redaction.patterns[0].name"),
        ({"patterns": [{"name": "order", "pattern": "x" * 501}]}, "redaction.patterns[0].pattern"),
        ({"patterns": [{"name": "order"}]}, "redaction.patterns[0].pattern"),
        ({"patterns": [{"name": f"p{number}", "pattern": "x"} for number in range(33)]}, "redaction.patterns"),
        ({"patterns": [{"name": "a", "pattern": "x"}] * 2}, "redaction.patterns[1].name"),
        ({"allow": [3]}, "redaction.allow[0]"),
    ],
)
def test_rules_that_cannot_be_are_refused_by_name_and_change_nothing(
    api: httpx.Client, rules: dict[str, Any], field: str
) -> None:
    before = api.get(SETTINGS).json()["data"]
    answer = api.patch(SETTINGS, json={"sessionTimeoutSeconds": 99, "redaction": rules})
    assert (answer.status_code, error_of(answer)["details"][0]["field"]) == (422, field)  # type: ignore[index]
    assert api.get(SETTINGS).json()["data"] == before


def test_rules_can_be_tried_on_a_text_and_nothing_of_that_is_kept(api: httpx.Client) -> None:
    body = {"rules": {"kinds": ["email"], "allow": ["help@example.com"]}, "text": f"{SAID}, help@example.com"}
    answer = api.post(f"{SETTINGS}/redaction/preview", json=body).raise_for_status().json()
    told = f"write to [email], pay by {CARD} or {KEY}, help@example.com"
    assert answer == {"success": True, "data": {"text": told}}
    assert api.get(SETTINGS).json()["data"]["redaction"]["enabled"] is False


def test_trying_rules_names_what_is_wrong_with_them(api: httpx.Client) -> None:
    preview = f"{SETTINGS}/redaction/preview"
    long = api.post(preview, json={"rules": {}, "text": "x" * 20_001})
    assert (long.status_code, error_of(long)["details"][0]["field"]) == (422, "text")  # type: ignore[index]
    wrong = api.post(preview, json={"rules": {"kinds": ["emial"]}, "text": ""})
    assert (wrong.status_code, error_of(wrong)["details"][0]["field"]) == (422, "rules.kinds[0]")  # type: ignore[index]


def test_a_long_text_is_redacted_whole(api: httpx.Client) -> None:
    switch_on(api)
    api.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": "long"}).raise_for_status()
    text = "The quick brown fox jumps over the lazy dog. " * 40_000 + SAID
    event = {"type": "interaction", "data": {"model": "m", "prompt": text, "response": "r"}}
    api.post(f"{BASE}/long/snapshot", json=event).raise_for_status()
    stored = api.get(f"{BASE}/long/events").json()["data"][0]["prompt"]
    assert stored == text.removesuffix(SAID) + TOLD
