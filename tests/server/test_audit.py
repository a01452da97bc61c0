"""The audit log over HTTP: what each thing that is done is entered as, and how the log is read."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest
from tests.support.recordings import BASE, interaction, record
from tests.support.server import Server, error_of

PASSWORD = "correct horse"


def log_of(client: httpx.Client, **query: Any) -> list[dict[str, Any]]:
    """Return the entries that match, newest first, without those of reading the log."""
    response = client.get(f"{BASE}/audit", params={"limit": 100, **query})
    assert response.status_code == 200, response.text
    return [entry for entry in response.json()["data"] if entry["action"] != "audit.read"]


def newest(client: httpx.Client, action: str, **query: Any) -> dict[str, Any]:
    return log_of(client, action=action, **query)[0]


def test_an_entry_says_who_what_when_and_from_where(server: Server) -> None:
    with server.client(server.new_key(project="whole"), params={}) as api:
        session_id = api.post(f"{BASE}/recording/start", json={"feature": "chat"}).json()["sessionId"]
        api.patch(
            f"{BASE}/{session_id}", json={"label": "Secret", "bookmarked": True}, headers={"User-Agent": "a" * 300}
        )
        entry = newest(api, "session.change")
        key = api.get("/api/keys").json()["data"][0]
    assert entry["no"] == 2  # behind the making of the key; recording is no entry
    assert entry["actor"] == {"kind": "key", "id": key["keyId"], "label": "test"}
    assert entry["target"] == {"kind": "session", "id": session_id, "sessionId": session_id}
    assert (entry["address"], entry["agent"]) == ("127.0.0.1", "a" * 200)
    assert entry["details"] == {"members": ["bookmarked", "label"]}
    assert (entry["outcome"], entry["reason"]) == ("ok", None)
    assert "Secret" not in str(entry)


READS = ("", "/player", "/events", "/outline", "/notes")


@pytest.mark.parametrize("path", READS)
def test_viewing_a_session_is_entered_once_in_a_while(api: httpx.Client, session_id: str, path: str) -> None:
    for _ in range(3):
        assert api.get(f"{BASE}/{session_id}{path}").status_code == 200
    (entry,) = log_of(api, action="session.view")
    assert entry["target"]["id"] == session_id


def test_following_and_comparing_are_viewing(api: httpx.Client, session_id: str) -> None:
    other = api.post(f"{BASE}/recording/start", json={"feature": "chat"}).json()["sessionId"]
    with api.stream("GET", f"{BASE}/{session_id}/live") as stream:
        assert stream.status_code == 200
    assert api.get(f"{BASE}/compare", params={"a": session_id, "b": other}).status_code == 200
    assert [entry["target"]["id"] for entry in log_of(api, action="session.view")] == [other, session_id]


def test_each_reader_has_an_entry_of_their_own(server: Server) -> None:
    keys = [server.new_key("read", project="readers") for _ in range(2)]
    with server.client(server.new_key(project="readers")) as admin:
        session_id = admin.post(f"{BASE}/recording/start", json={"feature": "chat"}).json()["sessionId"]
        for key in keys:
            with server.client(key) as reader:
                reader.get(f"{BASE}/{session_id}/player")
        actors = {entry["actor"]["id"] for entry in log_of(admin, action="session.view")}
    assert len(actors) == 2


def test_what_is_not_there_was_not_viewed(api: httpx.Client) -> None:
    assert api.get(f"{BASE}/absent").status_code == 404
    assert api.delete(f"{BASE}/absent").status_code == 404
    assert [entry["action"] for entry in log_of(api)] == ["key.create"]


def test_a_search_is_entered_without_its_words(api: httpx.Client) -> None:
    for path in ("search", "list", "facets", "stats"):
        assert api.get(f"{BASE}/{path}", params={"q": "launchcode", "userId": "alice"}).status_code == 200
    assert api.get(f"{BASE}/list", params={"userId": "alice"}).status_code == 200
    (entry,) = log_of(api, action="search")
    assert entry["details"] == {"filters": ["userId"]}
    assert not {"launchcode", "alice"} & set(str(log_of(api)).split("'"))


def test_exports_are_entered_each(api: httpx.Client, session_id: str) -> None:
    record(api, session_id, interaction(id="e1"))
    for _ in range(2):
        assert api.get(f"{BASE}/{session_id}/export", params={"format": "csv", "redact": "true"}).status_code == 200
    assert api.post(f"{BASE}/export", json={"format": "ndjson", "userId": "alice"}).status_code == 200
    many, one, _ = (entry for entry in log_of(api) if "export" in entry["action"])
    assert (one["action"], one["details"]) == ("session.export", {"format": "csv", "redact": True})
    assert (many["action"], many["details"]) == (
        "sessions.export",
        {"format": "ndjson", "redact": False, "filters": ["userId"]},
    )


def test_erasing_says_by_whom_and_how_much_and_leaves_the_log(api: httpx.Client, session_id: str) -> None:
    record(api, session_id, interaction(id="e1"))
    api.get(f"{BASE}/{session_id}")
    assert api.delete(f"{BASE}/{session_id}").status_code == 200
    erased, viewed = log_of(api, sessionId=session_id)
    assert (erased["action"], viewed["action"]) == ("session.erase", "session.view")
    assert erased["details"] == {"events": 1, "messages": 0, "shares": 0}


def test_notes_are_entered_without_their_texts(api: httpx.Client, session_id: str) -> None:
    note = api.post(f"{BASE}/{session_id}/notes", json={"at": 1, "text": "Private"}).json()["data"]
    path = f"{BASE}/{session_id}/notes/{note['noteId']}"
    api.patch(path, json={"text": "Private too"})
    api.delete(path)
    removed, changed, made = log_of(api, target=note["noteId"])
    assert [each["action"] for each in (made, changed, removed)] == ["note.create", "note.change", "note.delete"]
    assert made["target"] == {"kind": "note", "id": note["noteId"], "sessionId": session_id}
    assert (made["details"], changed["details"]) == ({"kind": "comment"}, {"members": ["text"]})
    assert "Private" not in str(log_of(api))


def test_keys_are_entered_when_made_and_revoked(api: httpx.Client) -> None:
    made = api.post("/api/keys", json={"scope": "read", "label": "For Bob"}).json()["data"]
    assert api.delete(f"/api/keys/{made['keyId']}").status_code == 200
    revoked, created = log_of(api, target=made["keyId"])
    assert (created["action"], revoked["action"]) == ("key.create", "key.revoke")
    assert created["details"] == revoked["details"] == {"scope": "read", "label": "For Bob"}
    assert made["key"] not in str(log_of(api))


# --- links ---------------------------------------------------------------------------------------------------------


def shared(api: httpx.Client, session_id: str, **wanted: Any) -> dict[str, Any]:
    made: dict[str, Any] = api.post(f"{BASE}/{session_id}/share", json=wanted).json()["data"]
    return made


def test_a_link_is_entered_when_made_opened_and_revoked(server: Server, api: httpx.Client, session_id: str) -> None:
    share = shared(api, session_id, maxViews=9)
    with server.client(None) as visitor:
        for path in ("", "/player", "/events"):
            assert visitor.get(f"/api/shared/{share['shareToken']}{path}").status_code == 200
    assert api.delete(f"{BASE}/{session_id}/shares/{share['shareId']}").status_code == 200
    revoked, opened, made = log_of(api, target=share["shareId"])
    assert [each["action"] for each in (made, opened, revoked)] == ["share.create", "share.open", "share.revoke"]
    assert opened["actor"] == {"kind": "share", "id": share["shareId"], "label": ""}
    assert opened["details"] == {"accessLevel": "public"}
    assert made["details"]["maxViews"] == 9
    assert made["target"]["sessionId"] == session_id
    assert share["shareToken"] not in str(log_of(api))


def test_a_teams_link_is_opened_by_a_key(server: Server, api: httpx.Client, session_id: str) -> None:
    share = shared(api, session_id, accessLevel="team")
    assert api.get(f"/api/shared/{share['shareToken']}").status_code == 200
    assert newest(api, "share.open")["actor"]["kind"] == "key"


def test_unlocking_is_entered_and_refusals_say_why(server: Server, api: httpx.Client, session_id: str) -> None:
    share = shared(api, session_id, accessLevel="password", password=PASSWORD)
    with server.client(None) as visitor:
        path = f"/api/shared/{share['shareToken']}"
        assert visitor.post(f"{path}/unlock", json={"password": "wrong horse"}).status_code == 401
        assert visitor.post(f"{path}/unlock", json={"password": PASSWORD}).status_code == 200
    done, refused = log_of(api, action="share.unlock")
    assert (refused["outcome"], refused["reason"]) == ("refused", "wrong password")
    assert (done["outcome"], done["reason"]) == ("ok", None)
    assert "horse" not in str(log_of(api))


def test_guessing_too_fast_is_one_entry(server: Server, api: httpx.Client, session_id: str) -> None:
    share = shared(api, session_id, accessLevel="password", password=PASSWORD)
    path = f"/api/shared/{share['shareToken']}/unlock"
    with server.client(None) as visitor:
        statuses = [visitor.post(path, json={"password": "x"}).status_code for _ in range(14)]
    assert statuses.count(429) >= 2
    reasons = [entry["reason"] for entry in log_of(api, action="share.unlock")]
    assert reasons.count("too many passwords were tried") == 1


# --- signing in ----------------------------------------------------------------------------------------------------


def test_signing_in_is_entered(server: Server) -> None:
    key = server.new_key("read", project="door")
    with server.client(None) as anyone, server.client(server.new_key(project="door")) as admin:
        assert anyone.post("/api/sign-in", json={"token": key}).status_code == 200
        entry = newest(admin, "sign-in")
    assert (entry["outcome"], entry["target"]["id"], entry["actor"]["label"]) == ("ok", "door", "test")


def test_a_refused_sign_in_is_in_the_log_of_the_keys_project(server: Server) -> None:
    with server.client(server.new_key(project="shut")) as admin, server.client(None) as anyone:
        made = admin.post("/api/keys", json={"scope": "read", "label": "old"}).json()["data"]
        admin.delete(f"/api/keys/{made['keyId']}")
        for _ in range(3):
            assert anyone.post("/api/sign-in", json={"token": made["key"]}).status_code == 401
            assert anyone.post("/api/sign-in", json={"token": "ph_shut_guess"}).status_code == 401
        unknown, revoked = log_of(admin, action="sign-in")
    assert (revoked["outcome"], revoked["reason"]) == ("refused", "the key was revoked")
    assert revoked["actor"] == {"kind": "key", "id": made["keyId"], "label": "old"}
    assert (unknown["reason"], unknown["actor"]["id"]) == ("unknown key or link", "")


# --- reading the log -----------------------------------------------------------------------------------------------


def test_the_log_is_paged_filtered_and_counted(api: httpx.Client) -> None:
    ids = [api.post("/api/keys", json={"label": str(number)}).json()["data"]["keyId"] for number in range(5)]
    first = api.get(f"{BASE}/audit", params={"action": "key.create", "limit": 4}).json()
    assert first["pagination"]["total"] == 6
    cursor = first["pagination"]["nextCursor"]
    second = api.get(f"{BASE}/audit", params={"action": "key.create", "limit": 4, "cursor": cursor}).json()
    assert second["pagination"] == {"limit": 4, "total": 6, "nextCursor": None}
    targets = [entry["target"]["id"] for entry in first["data"] + second["data"]]
    assert targets[:5] == ids[::-1]
    at = first["data"][0]["at"]
    assert len(log_of(api, action="key.create", **{"from": at})) == 1
    assert len(log_of(api, action="key.create", to=at)) == 6
    assert log_of(api, actor="nobody") == []
    both = api.get(f"{BASE}/audit?action=key.create&action=key.revoke").json()
    assert both["pagination"]["total"] == 6


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"action": "nonsense"}, "action"),
        ({"limit": 101}, "limit"),
        ({"cursor": "x"}, "cursor"),
        ({"from": "2026-01-02", "to": "2026-01-01"}, "to"),
        ({"from": "yesterday"}, "from"),
        ({"who": "me"}, "who"),
    ],
)
def test_a_bad_question_is_refused_by_name(api: httpx.Client, query: dict[str, Any], field: str) -> None:
    response = api.get(f"{BASE}/audit", params=query)
    assert response.status_code == 422
    assert field in str(error_of(response)["message"])


def test_reading_and_exporting_the_log_are_entered(api: httpx.Client) -> None:
    for _ in range(2):
        api.get(f"{BASE}/audit")
    api.get(f"{BASE}/audit/export")
    entries = api.get(f"{BASE}/audit").json()["data"]
    assert [entry["action"] for entry in entries] == ["audit.export", "audit.read", "key.create"]


def test_the_export_is_safe_csv_oldest_first(api: httpx.Client) -> None:
    api.post("/api/keys", json={"label": "=1+1"})
    api.get(f"{BASE}/list", params={"q": "x"}, headers={"User-Agent": "=cmd()"})
    response = api.get(f"{BASE}/audit/export")
    assert response.headers["Content-Disposition"] == 'attachment; filename="playhead-audit.csv"'
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["no"] for row in rows] == ["1", "2", "3", "4"]
    assert (rows[2]["action"], rows[2]["agent"]) == ("search", "'=cmd()")
    assert rows[1]["targetKind"] == "key"


def test_the_export_has_each_entry_in_its_canonical_form(api: httpx.Client) -> None:
    api.post("/api/keys", json={"label": "one"})
    response = api.get(f"{BASE}/audit/export", params={"format": "ndjson", "action": "key.create"})
    assert response.headers["Content-Type"] == "application/x-ndjson"
    lines = response.text.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith('{"action":"key.create","actor":{"id":')
    assert api.get(f"{BASE}/audit/export", params={"format": "ndjson", "actor": "nobody"}).text == ""


def test_nothing_changes_or_removes_an_entry(api: httpx.Client) -> None:
    for method in ("POST", "PATCH", "DELETE", "PUT"):
        assert api.request(method, f"{BASE}/audit", json={}).status_code in {404, 405, 403}
        assert api.request(method, f"{BASE}/audit/export", json={}).status_code == 405
    assert [entry["action"] for entry in log_of(api)] == ["key.create"]


def test_a_projects_log_tells_nothing_of_another(server: Server, api: httpx.Client, session_id: str) -> None:
    api.get(f"{BASE}/{session_id}")
    key_id = newest(api, "session.view")["actor"]["id"]
    with server.client(server.new_key()) as other:
        for query in ({"sessionId": session_id}, {"actor": key_id}, {"target": session_id}):
            assert other.get(f"{BASE}/audit", params=query).json()["pagination"]["total"] == 0
        assert session_id not in other.get(f"{BASE}/audit/export").text
