"""Signing in to the dashboard, and what its cookie may and may not do."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tests.support.server import ADMIN_KEY, PROGRAM, Server, error_of, running_server, start_server

BASE = "/api/session-replay"


def token_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["token"][0]


@pytest.fixture
def page(server: Server) -> Iterator[httpx.Client]:
    """A browser's place: no key, but a cookie jar."""
    with server.client(None) as client:
        yield client


@pytest.fixture
def signed_in(server: Server, page: httpx.Client) -> httpx.Client:
    page.post("/api/sign-in", json={"token": token_of(server.sign_in_url)}).raise_for_status()
    return page


def test_the_printed_link_signs_in(server: Server, page: httpx.Client) -> None:
    answer = page.post("/api/sign-in", json={"token": token_of(server.sign_in_url)})

    cookie = answer.headers["set-cookie"]
    assert answer.json()["data"] == {"project": "default", "scope": "admin"}
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Max-Age=604800", "Path=/"))
    assert "Secure" not in cookie
    assert page.get("/api/whoami").json()["data"]["scope"] == "admin"
    assert page.get(f"{BASE}/list").status_code == 200


def test_a_key_signs_in_too_and_with_its_own_scope(server: Server, page: httpx.Client) -> None:
    page.post("/api/sign-in", json={"token": server.new_key("read", project="readers")}).raise_for_status()

    assert page.get("/api/whoami").json()["data"] == {"project": "readers", "scope": "read"}
    assert page.get("/api/keys").status_code == 403


@pytest.mark.parametrize("token", ["", "x", "a.b", "\u00e9.\u00e9", "AAAA." + "A" * 43, "." * 900])
def test_anything_else_does_not(page: httpx.Client, token: str) -> None:
    answer = page.post("/api/sign-in", json={"token": token})

    assert answer.status_code in {401, 422}
    assert "set-cookie" not in answer.headers


def test_an_edited_token_or_cookie_is_worth_nothing(server: Server, signed_in: httpx.Client) -> None:
    [(name, cookie)] = signed_in.cookies.items()
    assert name.startswith("playhead_session_")
    edited = [cookie[:-2] + "xx", "B" + cookie[1:], cookie + "=", cookie.partition(".")[0]]
    forged = [*edited, token_of(server.sign_in_url)]
    for each in forged:
        with server.client(None, cookies={name: each}) as other:
            assert other.get("/api/whoami").status_code == 401, each
    with server.client(None) as other:
        assert other.post("/api/sign-in", json={"token": cookie}).status_code == 401


def test_a_change_by_cookie_needs_our_own_origin(server: Server, signed_in: httpx.Client) -> None:
    def start(**headers: str) -> httpx.Response:
        return signed_in.post(f"{BASE}/recording/start", json={"feature": "chat"}, headers=headers)

    assert start(Origin=server.url).status_code == 201
    for origin in ("http://evil.example", "null", server.url.replace("127.0.0.1", "localhost"), server.url + "0"):
        answer = start(Origin=origin)
        assert (answer.status_code, error_of(answer)["code"]) == (403, "forbidden"), origin
    assert start().status_code == 403


def test_a_key_in_a_header_needs_no_origin(server: Server) -> None:
    with server.client() as client:
        answer = client.post(
            f"{BASE}/recording/start", json={"feature": "chat"}, headers={"Origin": "http://anywhere.example"}
        )

    assert answer.status_code == 201


def test_nobody_elsewhere_signs_a_browser_in(server: Server, page: httpx.Client) -> None:
    answer = page.post(
        "/api/sign-in", json={"token": token_of(server.sign_in_url)}, headers={"Origin": "http://evil.example"}
    )

    assert answer.status_code == 403


def test_signing_out_takes_the_cookie_back(signed_in: httpx.Client) -> None:
    signed_in.post("/api/sign-out").raise_for_status()

    assert signed_in.get("/api/whoami").status_code == 401


def test_revoking_the_key_ends_the_cookie(server: Server, api: httpx.Client, page: httpx.Client) -> None:
    made = api.post("/api/keys", json={"scope": "read"}).json()["data"]
    page.post("/api/sign-in", json={"token": made["key"]}).raise_for_status()
    api.delete(f"/api/keys/{made['keyId']}")

    assert page.get("/api/whoami").status_code == 401


def test_no_other_origin_is_told_that_it_may_read(server: Server) -> None:
    with server.client() as client:
        answer = client.get(f"{BASE}/list", headers={"Origin": "http://evil.example"})
        preflight = client.options(f"{BASE}/list", headers={"Origin": "http://evil.example"})

    assert preflight.status_code == 405
    for each in (answer, preflight):
        assert not [name for name in each.headers if name.startswith("access-control")]


# --- Host ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:4747", "LOCALHOST", "[::1]:80", "127.1.2.3"])
def test_the_loopback_names_are_ours(server: Server, host: str) -> None:
    assert httpx.get(f"{server.url}/health", headers={"Host": host}).status_code == 200


FOREIGN = ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "localhost.evil", "", "a b", "[::"]


@pytest.mark.parametrize("host", FOREIGN)
def test_another_host_is_403_on_every_path(server: Server, host: str) -> None:
    for path in ("/health", "/", f"{BASE}/list", "/api/sign-in"):
        assert httpx.get(f"{server.url}{path}", headers={"Host": host}).status_code == 403, path


def test_further_names_come_from_the_settings(tmp_path: Path) -> None:
    with running_server(
        tmp_path / "data",
        host="0.0.0.0",
        allowed_hosts="playhead.internal, .example.com",
        public_url="https://replay.example.org/",
    ) as server:
        url = server.url.replace("0.0.0.0", "127.0.0.1")

        def status(host: str) -> int:
            return httpx.get(f"{url}/health", headers={"Host": host}).status_code

        ours = ["playhead.internal:80", "a.example.com", "replay.example.org", "192.168.1.7:4747", "localhost"]
        assert {status(host) for host in ours} == {200}
        assert {status(host) for host in ("example.com", "internal", "evil.example")} == {403}
        assert server.sign_in_url.startswith("https://replay.example.org/?token=")
        cookie = httpx.post(f"{url}/api/sign-in", json={"token": ADMIN_KEY}).headers["set-cookie"]
        assert "Secure" in cookie
        started = httpx.post(
            f"{url}{BASE}/recording/start",
            json={"feature": "chat", "sessionId": "s"},
            headers={"X-API-Key": ADMIN_KEY},
        )
        assert started.json()["data"]["replayUrl"] == "https://replay.example.org/sessions/replay/s"


# --- starts ----------------------------------------------------------------------------------------------------------


def test_a_first_start_makes_a_key_and_a_second_one_makes_a_link_alone(tmp_path: Path) -> None:
    for start in (1, 2):
        with running_server(tmp_path / "data", admin_key=None) as server, server.client(None) as page:
            page.post("/api/sign-in", json={"token": token_of(server.sign_in_url)}).raise_for_status()
            keys = page.get("/api/keys").json()["data"]
            assert (start, len(keys), keys[0]["scope"]) == (start, 1, "admin")


def test_another_admin_key_in_the_settings_replaces_the_one_before(tmp_path: Path) -> None:
    first, second = "the-first-admin-key-of-them", "the-second-admin-key-of-them"
    with running_server(tmp_path / "data", admin_key=first) as server, server.client(first) as client:
        assert client.get("/api/whoami").status_code == 200
    with running_server(tmp_path / "data", admin_key=second) as server:
        for key, status in ((first, 401), (second, 200)):
            with server.client(key) as client:
                assert client.get("/api/whoami").status_code == status


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"admin_key": "too-short"}, "PLAYHEAD_ADMIN_KEY"),
        ({"host": "0.0.0.0"}, "PLAYHEAD_HOST"),
        ({"port": "http"}, "PLAYHEAD_PORT"),
        ({"max_depth": "1"}, "PLAYHEAD_MAX_DEPTH"),
        ({"public_url": "replay.example"}, "PLAYHEAD_PUBLIC_URL"),
        ({"log_level": "loud"}, "PLAYHEAD_LOG_LEVEL"),
    ],
)
def test_a_setting_that_is_wrong_or_unsafe_stops_the_start_by_name(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    environment = {f"PLAYHEAD_{name.upper()}": value for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"PLAYHEAD_PORT": "0", "PLAYHEAD_DATA_DIR": str(tmp_path / "data")} | environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode != 0
    assert f"BadSetting: {said}" in done.stderr
    assert "listening" not in done.stdout


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(AssertionError, match="Address already in use"):
        start_server(tmp_path / "data", port=taken.getsockname()[1])
