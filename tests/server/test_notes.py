"""Comments and bookmarks over HTTP: written, listed, changed, removed, exported, and never part of the record."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
from tests.support.recordings import BASE, interaction, record
from tests.support.server import Server, error_of


def written(client: httpx.Client, session_id: str, **note: Any) -> Any:
    response = client.post(f"{BASE}/{session_id}/notes", json={"at": 1500, "text": "Why twice?"} | note)
    assert response.status_code == 201, response.text
    return response.json()["data"]


def notes_of(client: httpx.Client, session_id: str) -> Any:
    response = client.get(f"{BASE}/{session_id}/notes")
    assert response.status_code == 200, response.text
    return response.json()["data"]


def test_a_comment_is_listed_with_who_wrote_it(api: httpx.Client, session_id: str) -> None:
    record(api, session_id, interaction(id="e1"))
    note = written(api, session_id, eventId="e1", text="<script>注文\n")
    assert notes_of(api, session_id) == [note]
    assert (note["kind"], note["at"], note["text"], note["eventId"]) == ("comment", 1500, "<script>注文\n", "e1")
    assert note["author"]["keyId"]
    assert (note["editor"], note["editedAt"]) == (None, None)


def test_a_bookmark_needs_no_text_and_a_comment_does(api: httpx.Client, session_id: str) -> None:
    assert written(api, session_id, kind="bookmark", text="")["kind"] == "bookmark"
    response = api.post(f"{BASE}/{session_id}/notes", json={"at": 1, "text": " "})
    assert response.status_code == 422
    assert "text: " in str(error_of(response)["message"])


def test_a_change_says_who_made_it(server: Server) -> None:
    with server.client(server.new_key(project="team")) as one, server.client(server.new_key(project="team")) as two:
        session_id = one.post(f"{BASE}/recording/start", json={"feature": "chat"}).json()["sessionId"]
        note = written(one, session_id)
        changed = two.patch(f"{BASE}/{session_id}/notes/{note['noteId']}", json={"text": "Solved", "at": 0}).json()
    data = changed["data"]
    assert (data["text"], data["at"], data["author"]) == ("Solved", 0, note["author"])
    assert data["editor"]["keyId"] != note["author"]["keyId"]
    assert data["editedAt"] >= note["createdAt"]


def test_a_removed_note_is_gone(api: httpx.Client, session_id: str) -> None:
    path = f"{BASE}/{session_id}/notes/{written(api, session_id)['noteId']}"
    assert api.delete(path).json() == {"success": True, "data": None}
    assert notes_of(api, session_id) == []
    assert error_of(api.delete(path))["code"] == "note_not_found"
    assert api.patch(path, json={"text": "x"}).status_code == 404


def test_notes_are_exported_and_leave_the_events_alone(api: httpx.Client, session_id: str) -> None:
    record(api, session_id, interaction())
    note = written(api, session_id, text="Ask ann@example.com")
    document = api.get(f"{BASE}/{session_id}/export", params={"format": "json", "download": 1}).json()
    assert document["notes"] == [note]
    assert document["summary"]["totalEvents"] == 1
    lines = api.get(f"{BASE}/{session_id}/export", params={"format": "ndjson"}).text.splitlines()
    assert [msgspec.json.decode(line)["type"] for line in lines] == ["session", "note", "interaction"]
    redacted = api.get(f"{BASE}/{session_id}/export", params={"format": "json", "download": 1, "redact": 1}).json()
    assert redacted["notes"][0]["text"] == "Ask [email]"


def test_who_was_sent_a_link_sees_no_notes(api: httpx.Client, session_id: str) -> None:
    written(api, session_id)
    token = api.post(f"{BASE}/{session_id}/share", json={}).json()["data"]["shareToken"]
    with httpx.Client(base_url=api.base_url) as visitor:
        shared = visitor.get(f"/api/shared/{token}").json()["data"]
    assert shared["notes"] == []


@pytest.mark.parametrize(
    ("note", "field"),
    [
        ({"at": -1, "text": "x"}, "at"),
        ({"at": 1e300, "text": "x"}, "at"),
        ({"at": 1, "text": "x" * 10_001}, "text"),
        ({"at": 1, "text": "a\x00b"}, "text"),
        ({"at": 1, "text": "x", "kind": "rumour"}, "kind"),
        ({"text": "x"}, "at"),
    ],
)
def test_what_is_no_note_is_refused_by_name(api: httpx.Client, session_id: str, note: Any, field: str) -> None:
    response = api.post(f"{BASE}/{session_id}/notes", json=note)
    assert response.status_code == 422
    assert str(error_of(response)["message"]).startswith(f"{field}: ")
    assert notes_of(api, session_id) == []


def test_notes_of_an_absent_session_are_404(api: httpx.Client) -> None:
    assert api.get(f"{BASE}/absent/notes").status_code == 404
    assert api.post(f"{BASE}/absent/notes", json={"at": 0, "text": "x"}).status_code == 404
