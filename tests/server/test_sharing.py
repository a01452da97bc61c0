"""Shares over HTTP: who may open a link, how often, how long, and that every closed link looks the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from tests.support.recordings import BASE, end, interaction, record, start
from tests.support.server import Server, error_of


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client(server.new_key(project="sharing")) as client:
        yield client


@pytest.fixture(scope="module")
def shared(client: httpx.Client) -> str:
    """A session that has ended and mentions an address."""
    session_id = start(client, userId="ann@example.com", startedAt="2025-01-01T00:00:00Z")
    moment = "2025-01-01T00:00:02Z"
    record(client, session_id, interaction("Write to bob@example.com", "Done.", latency=500, timestamp=moment))
    record(client, session_id, {"type": "user_action", "action": "click"})
    end(client, session_id)
    return session_id


def share(client: httpx.Client, session_id: str, **wanted: Any) -> dict[str, Any]:
    response = client.post(f"{BASE}/{session_id}/share", json=wanted)
    assert response.status_code == 201, response.text
    data: dict[str, Any] = response.json()["data"]
    return data | {"path": f"/api/shared/{data['shareToken']}"}


@contextmanager
def visitor(server: Server) -> Iterator[httpx.Client]:
    """Somebody without a key, with cookies of their own."""
    with server.client(None) as client:
        yield client


def views(client: httpx.Client, session_id: str, share_id: str) -> int:
    shares = client.get(f"{BASE}/{session_id}/shares").json()["data"]
    count: int = next(each["views"] for each in shares if each["shareId"] == share_id)
    return count


def test_a_bare_post_shares_with_the_defaults(client: httpx.Client, shared: str) -> None:
    response = client.post(f"{BASE}/{shared}/share")
    assert response.status_code == 201
    data = response.json()["data"]
    assert set(data) == {"shareId", "shareToken", "shareUrl", "accessLevel", "expiresAt"}
    assert data["accessLevel"] == "public"
    assert data["shareUrl"] == f"{client.base_url}/shared/session/{data['shareToken']}".replace("//shared", "/shared")
    assert shared not in data["shareUrl"]
    assert re.fullmatch(r"[a-z2-7]{32}", data["shareToken"])
    (item,) = [one for one in client.get(f"{BASE}/{shared}/shares").json()["data"] if one["shareId"] == data["shareId"]]
    assert item | {"createdAt": "", "expiresAt": ""} == {
        "shareId": data["shareId"],
        "accessLevel": "public",
        "createdAt": "",
        "expiresAt": "",
        "revokedAt": None,
        "maxViews": None,
        "views": 0,
        "redact": False,
        "hasPassword": False,
        "active": True,
    }
    assert data["shareToken"] not in client.get(f"{BASE}/{shared}/shares").text


def test_a_visitor_sees_the_session_and_nothing_else(server: Server, client: httpx.Client, shared: str) -> None:
    link = share(client, shared)
    with visitor(server) as guest:
        replay = guest.get(link["path"]).json()
        assert replay == client.get(f"{BASE}/{shared}").json()
        player = guest.get(f"{link['path']}/player").json()["data"]
        assert player["timeline"] == client.get(f"{BASE}/{shared}/player").json()["data"]["timeline"]
        assert player["latencies"] == []
        assert guest.get(f"{link['path']}/events").json() == client.get(f"{BASE}/{shared}/events").json()
        live = guest.get(f"{link['path']}/live").text
        assert live.count("\nid: ") == 2
        assert "event: end" in live
        for path in ("list", shared, f"{shared}/player", f"{shared}/events", f"{shared}/shares", "stats"):
            assert guest.get(f"{BASE}/{path}").status_code == 401
        assert guest.post(f"{BASE}/{shared}/end").status_code == 401
        assert guest.delete(f"{BASE}/{shared}").status_code == 401


def test_an_opening_is_one_view_and_what_follows_is_none(server: Server, client: httpx.Client, shared: str) -> None:
    link = share(client, shared)
    with visitor(server) as guest:
        opened = guest.get(f"{link['path']}/player")
        cookie = opened.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert f"path={link['path']}" in cookie
        guest.get(f"{link['path']}/player", params={"after": 1})
        guest.get(f"{link['path']}/events")
        guest.get(f"{link['path']}/live")
        assert views(client, shared, link["shareId"]) == 1
        guest.get(link["path"])
        assert views(client, shared, link["shareId"]) == 2
    with visitor(server) as another:
        another.get(f"{link['path']}/events")
        assert views(client, shared, link["shareId"]) == 3


def test_only_what_shows_the_recording_is_a_view(server: Server, client: httpx.Client, shared: str) -> None:
    link = share(client, shared, maxViews=1)
    with visitor(server) as guest:
        for path in ("", "/player", "/outline", "/events", "/live"):
            asked = guest.head(f"{link['path']}{path}")
            assert (asked.status_code, asked.content, "set-cookie" in asked.headers) == (200, b"", False)
        refused = guest.get(f"{link['path']}/live", headers={"Last-Event-ID": "none of ours"})
        assert refused.status_code == 422
        assert views(client, shared, link["shareId"]) == 0
        assert guest.get(link["path"]).status_code == 200
        assert views(client, shared, link["shareId"]) == 1
        assert guest.head(link["path"]).status_code == 404


def test_a_link_closes_after_its_views_but_not_for_who_is_inside(
    server: Server, client: httpx.Client, shared: str
) -> None:
    link = share(client, shared, maxViews=1)
    with visitor(server) as guest, visitor(server) as late:
        assert guest.get(f"{link['path']}/player").status_code == 200
        assert late.get(f"{link['path']}/player").status_code == 404
        assert late.get(link["path"]).status_code == 404
        assert guest.get(f"{link['path']}/events").status_code == 200
        assert guest.get(link["path"]).status_code == 404
    assert views(client, shared, link["shareId"]) == 1


def test_revoking_closes_a_link_at_once_also_for_who_is_inside(
    server: Server, client: httpx.Client, shared: str
) -> None:
    link = share(client, shared)
    with visitor(server) as guest:
        assert guest.get(link["path"]).status_code == 200
        revoked = client.delete(f"{BASE}/{shared}/shares/{link['shareId']}")
        assert revoked.status_code == 200
        assert revoked.json()["data"]["active"] is False
        for path in ("", "/player", "/events", "/live"):
            assert guest.get(link["path"] + path).status_code == 404
    assert client.delete(f"{BASE}/{shared}/shares/{link['shareId']}").json()["data"] == revoked.json()["data"]
    assert client.delete(f"{BASE}/{shared}/shares/share_none").status_code == 404


def test_every_closed_link_answers_alike(server: Server, client: httpx.Client, shared: str) -> None:
    revoked = share(client, shared, accessLevel="password", password="pw")
    client.delete(f"{BASE}/{shared}/shares/{revoked['shareId']}")
    used = share(client, shared, maxViews=1)
    with visitor(server) as guest:
        guest.get(used["path"])
    other_session = start(client)
    erased = share(client, other_session)
    client.delete(f"{BASE}/{other_session}")
    unknown = {"path": "/api/shared/" + "a" * 32}
    with visitor(server) as guest:
        for suffix in ("", "/player", "/events", "/live"):
            answers = {guest.get(link["path"] + suffix).text for link in (revoked, used, erased, unknown)}
            assert len(answers) == 1, suffix
            assert '"share_not_found"' in answers.pop()
        unlocked = [guest.post(link["path"] + "/unlock", json={"password": "pw"}) for link in (revoked, used, unknown)]
        assert {(answer.status_code, answer.text) for answer in unlocked} == {(404, unlocked[0].text)}


def test_a_password_unlocks_a_link_for_one_visitor(server: Server, client: httpx.Client, shared: str) -> None:
    link = share(client, shared, accessLevel="password", password="open sesame ✓", maxViews=1)
    with visitor(server) as guest, visitor(server) as stranger:
        locked = guest.get(link["path"])
        assert locked.status_code == 401
        assert error_of(locked)["code"] == "password_required"
        wrong = guest.post(f"{link['path']}/unlock", json={"password": "open"})
        assert wrong.status_code == 401
        assert "set-cookie" not in wrong.headers
        assert guest.get(f"{link['path']}/player").status_code == 401
        assert views(client, shared, link["shareId"]) == 0
        right = guest.post(f"{link['path']}/unlock", json={"password": "open sesame ✓"})
        assert right.status_code == 200
        assert "httponly" in right.headers["set-cookie"].lower()
        assert guest.get(f"{link['path']}/player").status_code == 200
        assert guest.get(f"{link['path']}/events").status_code == 200
        assert stranger.get(f"{link['path']}/events").status_code == 404
    with server.client(None) as keyed:
        keyed.headers["Authorization"] = client.headers["Authorization"]
        again = share(client, shared, accessLevel="password", password="x")
        assert keyed.get(again["path"]).status_code == 401


def test_a_cookie_of_one_link_opens_no_other(server: Server, client: httpx.Client, shared: str) -> None:
    mine = share(client, shared, accessLevel="password", password="mine")
    other = share(client, shared, accessLevel="password", password="other")
    with visitor(server) as guest:
        guest.post(f"{mine['path']}/unlock", json={"password": "mine"})
        guest.get(mine["path"])
        stolen = "; ".join(f"{cookie.name}={cookie.value}" for cookie in guest.cookies.jar)
        assert "playhead_share_unlocked" in stolen
        assert guest.get(other["path"], headers={"Cookie": stolen}).status_code == 401
        edited = re.sub(r"=(.)", lambda found: "=B" if found[1] == "A" else "=A", stolen)
    with visitor(server) as guest:
        assert guest.get(mine["path"], headers={"Cookie": edited}).status_code == 401
        assert guest.get(mine["path"], headers={"Cookie": stolen}).status_code == 200


def test_guessing_a_password_is_slowed_down(server: Server, client: httpx.Client, shared: str) -> None:
    link = share(client, shared, accessLevel="password", password="secret")
    with visitor(server) as guest:
        answers = [guest.post(f"{link['path']}/unlock", json={"password": f"{n}"}) for n in range(12)]
        assert [answer.status_code for answer in answers[:10]] == [401] * 10
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) > 0
        assert guest.post(f"{link['path']}/unlock", json={"password": "secret"}).status_code == 429
    other = share(client, shared, accessLevel="password", password="secret")
    with visitor(server) as guest:
        assert guest.post(f"{other['path']}/unlock", json={"password": "secret"}).status_code == 200


@pytest.mark.parametrize("body", [{}, {"password": 5}, {"password": "x" * 1001}, [], "pw"])
def test_an_unlock_without_a_password_is_refused(client: httpx.Client, shared: str, body: Any) -> None:
    link = share(client, shared, accessLevel="password", password="secret")
    assert client.post(f"{link['path']}/unlock", json=body).status_code == 422


def test_a_team_link_opens_for_keys_of_the_project_that_may_read(
    server: Server, client: httpx.Client, shared: str
) -> None:
    link = share(client, shared, accessLevel="team")
    with visitor(server) as guest:
        refused = guest.get(link["path"])
        assert refused.status_code == 401
        assert error_of(refused)["code"] == "sign_in_required"
    for scope, project, status in (
        ("read", "sharing", 200),
        ("admin", "sharing", 200),
        ("ingest", "sharing", 403),
        ("admin", "elsewhere", 404),
    ):
        with server.client(server.new_key(scope, project=project)) as member:  # type: ignore[arg-type]
            assert member.get(link["path"]).status_code == status, (scope, project)
    assert views(client, shared, link["shareId"]) == 2


def test_a_redacted_link_shows_no_personal_data(server: Server, client: httpx.Client, shared: str) -> None:
    link = share(client, shared, redact=True)
    with visitor(server) as guest:
        for path in ("", "/player", "/events", "/live"):
            text = guest.get(link["path"] + path).text
            assert "bob@example.com" not in text, path
            assert "ann@example.com" not in text, path
            assert "[email]" in text, path


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"expiresIn": 59}, "expiresIn"),
        ({"expiresIn": 31_536_001}, "expiresIn"),
        ({"expiresIn": "soon"}, "expiresIn"),
        ({"expiresIn": 1e400}, None),
        ({"accessLevel": "private"}, "accessLevel"),
        ({"accessLevel": "password"}, "password"),
        ({"accessLevel": "password", "password": ""}, "password"),
        ({"password": "pw"}, "password"),
        ({"accessLevel": "team", "password": "pw"}, "password"),
        ({"maxViews": 0}, "maxViews"),
        ({"maxViews": 1.5}, "maxViews"),
        ({"redact": "yes"}, "redact"),
    ],
)
def test_a_share_that_contradicts_itself_is_refused_by_name(
    client: httpx.Client, shared: str, wanted: dict[str, Any], field: str | None
) -> None:
    before = len(client.get(f"{BASE}/{shared}/shares").json()["data"])
    if field is None:
        response = client.post(
            f"{BASE}/{shared}/share", content='{"expiresIn": 1e400}', headers={"Content-Type": "application/json"}
        )
        assert response.status_code in {400, 422}
    else:
        response = client.post(f"{BASE}/{shared}/share", json=wanted)
        assert response.status_code == 422
        assert error_of(response)["details"][0]["field"] == field  # type: ignore[index]
    assert len(client.get(f"{BASE}/{shared}/shares").json()["data"]) == before


def test_a_session_that_is_not_there_cannot_be_shared(client: httpx.Client) -> None:
    response = client.post(f"{BASE}/nobody/share")
    assert response.status_code == 404
    assert error_of(response)["code"] == "session_not_found"


def test_a_live_session_is_followed_through_a_link(server: Server, client: httpx.Client) -> None:
    session_id = start(client)
    record(client, session_id, {"type": "user_action", "action": "first"})
    link = share(client, session_id)
    with visitor(server) as guest, guest.stream("GET", f"{link['path']}/live") as stream:
        found = stream.iter_lines()
        assert any('"first"' in line for line in found)
        record(client, session_id, {"type": "user_action", "action": "second"})
        assert any('"second"' in line for line in found)
        end(client, session_id)
        assert any(line == "event: end" for line in found)


def test_revoking_a_link_ends_the_streams_that_follow_it(server: Server, client: httpx.Client) -> None:
    session_id = start(client)
    record(client, session_id, {"type": "user_action", "action": "first"})
    link = share(client, session_id)
    with visitor(server) as guest, guest.stream("GET", f"{link['path']}/live") as stream:
        found = stream.iter_lines()
        assert any('"first"' in line for line in found)
        client.delete(f"{BASE}/{session_id}/shares/{link['shareId']}")
        rest = list(found)
    record(client, session_id, {"type": "user_action", "action": "second"})
    assert not any('"second"' in line or line == "event: end" for line in rest)
