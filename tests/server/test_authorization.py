"""Who may do what, tried on every row of the table: no route is left out because nobody thought of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest
from tests.support.server import Server, error_of, running_server

from playhead.server.routes import ROUTES
from playhead.server.table import Route

BASE = "/api/session-replay"
BODIES: dict[str, dict[str, Any]] = {
    "add_note": {"at": 0, "text": "Why?"},
    "edit_note": {"text": "Why?"},
    "start_recording": {"feature": "chat"},
    "record_snapshot": {"type": "step", "data": {"name": "n"}},
    "record_events": {"events": []},
    "preview_redaction": {"rules": {}, "text": "ann@example.com"},
    "sign_in": {"token": "nobody's"},
    "unlock_shared": {"password": "guess"},
}
QUERIES = {f"{BASE}/search": {"q": "x"}, f"{BASE}/settings/retention/preview": {"days": "30"}}
MAY = {"ingest": {"ingest", "any"}, "read": {"read", "any"}, "admin": {"ingest", "read", "admin", "any"}}
LOCKED = [route for route in ROUTES if route.scope is not None]
OF_SESSIONS = [route for route in ROUTES if "{session_id}" in route.path]


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


class Actors(NamedTuple):
    """A project with a key of each scope, and a session in it."""

    server: Server
    keys: dict[str, str]
    session_id: str


@pytest.fixture(scope="module")
def actors(server: Server) -> Actors:
    keys = {scope: server.new_key(scope, project="matrix") for scope in MAY}  # type: ignore[arg-type]
    with server.client(keys["admin"]) as admin:
        session_id = admin.post(f"{BASE}/recording/start", json={"feature": "chat"}).json()["sessionId"]
    return Actors(server, keys, session_id)


def status_of(server: Server, route: Route, key: str | None, session_id: str) -> httpx.Response:
    """Call a route and return its answer without waiting for a stream's end."""
    path = route.path.format(
        session_id=session_id, share_id="share_x", note_id="note_x", token="x" * 26, key_id="key_x"
    )
    body = BODIES.get(route.name, {}) if route.takes_body else None
    with (
        server.client(key) as client,
        client.stream(route.method, path, json=body, params=QUERIES.get(route.path)) as answer,
    ):
        if answer.headers["content-type"].startswith("text/event-stream"):
            return httpx.Response(answer.status_code)
        answer.read()
        return answer


@pytest.mark.parametrize("route", LOCKED, ids=name_of)
def test_without_a_usable_key_it_is_401(actors: Actors, route: Route) -> None:
    server = actors.server
    expired = server.new_key("admin", project="matrix", expires_us=1)
    for key in (None, "nonsense", "ph_matrix_" + "a" * 32, expired):
        answer = status_of(server, route, key, actors.session_id)

        assert answer.status_code == 401, key
        assert error_of(answer)["code"] == "unauthorized"
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("scope", ["ingest", "read"])
@pytest.mark.parametrize("route", LOCKED, ids=name_of)
def test_a_key_does_what_its_scope_says_and_nothing_else(actors: Actors, route: Route, scope: str) -> None:
    answer = status_of(actors.server, route, actors.keys[scope], actors.session_id)

    if route.scope in MAY[scope]:
        assert answer.status_code not in {401, 403}
    else:
        assert answer.status_code == 403
        assert error_of(answer)["code"] == "forbidden"


@pytest.mark.parametrize("route", [route for route in LOCKED if route.name != "erase_session"], ids=name_of)
def test_an_admin_key_may_do_everything(actors: Actors, route: Route) -> None:
    answer = status_of(actors.server, route, actors.keys["admin"], actors.session_id)

    assert answer.status_code not in {401, 403, 405}
    assert answer.status_code < 500


@pytest.mark.parametrize("route", OF_SESSIONS, ids=name_of)
def test_another_projects_session_answers_like_none_at_all(actors: Actors, route: Route) -> None:
    stranger = actors.server.new_key("admin", project="strangers")
    theirs = status_of(actors.server, route, stranger, actors.session_id)
    nobodys = status_of(actors.server, route, stranger, "no-such-session")

    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.content == nobodys.content


def test_a_stranger_changed_nothing(actors: Actors) -> None:
    with actors.server.client(actors.keys["read"]) as reader:
        session = reader.get(f"{BASE}/{actors.session_id}").json()["data"]

    assert session["bookmarked"] is False


@pytest.mark.parametrize("route", [route for route in ROUTES if route.scope is None], ids=name_of)
def test_an_open_route_gives_nothing_of_a_project_away(actors: Actors, route: Route) -> None:
    answer = status_of(actors.server, route, None, actors.session_id)

    assert answer.status_code in {200, 401, 404}
    assert actors.session_id not in answer.text


# --- how a key is sent -----------------------------------------------------------------------------------------------


@pytest.fixture
def anonymous(server: Server) -> Iterator[httpx.Client]:
    with server.client(None) as client:
        yield client


@pytest.mark.parametrize(
    "headers", [{"Authorization": "Bearer {}"}, {"Authorization": "bearer  {}"}, {"X-API-Key": "{}"}]
)
def test_a_key_may_be_sent_in_either_header(server: Server, anonymous: httpx.Client, headers: dict[str, str]) -> None:
    sent = {name: value.format(server.admin_key) for name, value in headers.items()}

    assert anonymous.get("/api/whoami", headers=sent).json()["data"] == {"project": "default", "scope": "admin"}


@pytest.mark.parametrize("value", ["Basic abc", "Bearer", "ph_default_x"])
def test_other_credentials_are_401(anonymous: httpx.Client, value: str) -> None:
    assert anonymous.get("/api/whoami", headers={"Authorization": value}).status_code == 401


def test_nothing_in_a_body_or_query_names_another_project(server: Server, actors: Actors) -> None:
    with server.client(server.new_key(project="elsewhere")) as client:
        body = {"feature": "chat", "project": "matrix", "projectId": 1, "sessionId": actors.session_id}
        assert client.post(f"{BASE}/recording/start", json=body).status_code == 201
        refused = client.get(f"{BASE}/list", params={"project": "matrix"})
    with server.client(actors.keys["read"]) as reader:
        sessions = reader.get(f"{BASE}/list").json()["pagination"]["total"]

    assert refused.status_code == 422
    assert sessions >= 1


# --- keys ------------------------------------------------------------------------------------------------------------


def test_a_made_key_works_is_listed_without_its_text_and_ends_when_revoked(api: httpx.Client, server: Server) -> None:
    made = api.post("/api/keys", json={"scope": "read", "label": "for the dashboard"}).json()["data"]
    with server.client(made["key"]) as reader:
        assert reader.get(f"{BASE}/list").status_code == 200
        listed = api.get("/api/keys").json()["data"]
        assert made["keyId"] in {each["keyId"] for each in listed}
        assert made["key"] not in api.get("/api/keys").text
        revoked = api.delete(f"/api/keys/{made['keyId']}")
        assert revoked.json()["data"]["revokedAt"] is not None
        assert reader.get(f"{BASE}/list").status_code == 401
    assert api.delete(f"/api/keys/{made['keyId']}").status_code == 200


def test_a_key_is_made_of_160_random_bits_in_its_project(api: httpx.Client) -> None:
    project = api.get("/api/whoami").json()["data"]["project"]
    keys = {api.post("/api/keys", json={}).json()["data"]["key"] for _ in range(3)}

    assert len(keys) == 3
    assert all(key.startswith(f"ph_{project}_") and len(key.rpartition("_")[2]) == 32 for key in keys)


def test_another_projects_key_cannot_be_revoked_or_seen(api: httpx.Client, server: Server) -> None:
    with server.client() as other:
        theirs = other.get("/api/keys").json()["data"][0]["keyId"]

    assert api.delete(f"/api/keys/{theirs}").status_code == 404
    assert theirs not in api.get("/api/keys").text


@pytest.mark.parametrize(
    ("body", "field"),
    [({"scope": "root"}, "scope"), ({"expiresAt": "2020-01-01"}, "expiresAt"), ({"label": "x" * 201}, "label")],
)
def test_a_key_that_is_asked_for_wrongly_is_not_made(api: httpx.Client, body: dict[str, str], field: str) -> None:
    before = api.get("/api/keys").json()["data"]
    answer = api.post("/api/keys", json=body)

    assert answer.status_code == 422
    assert error_of(answer)["details"][0]["field"] == field  # type: ignore[index]
    assert api.get("/api/keys").json()["data"] == before


def test_no_key_is_kept_in_clear(server: Server, api: httpx.Client) -> None:
    made = api.post("/api/keys", json={"scope": "read"}).json()["data"]["key"]
    files = [path for path in server.data_dir.rglob("*") if path.is_file()]

    assert files
    for secret in (made, server.admin_key, made.rpartition("_")[2]):
        assert not any(secret.encode() in path.read_bytes() for path in files)


def test_a_key_over_its_rate_is_429_with_a_time_to_wait(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_server(tmp_path_factory.mktemp("rate") / "data", rate_limit=2) as server, server.client() as client:
        answers = [client.get("/api/whoami") for _ in range(8)]
        refused = [answer for answer in answers if answer.status_code == 429]
        with server.client(server.new_key()) as other:
            assert other.get("/api/whoami").status_code == 200

    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    assert refused
    assert error_of(refused[0])["code"] == "rate_limited"
    assert int(refused[0].headers["retry-after"]) >= 1
