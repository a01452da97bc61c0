"""The server about itself: health, metrics, its own description, the page and the headers that go with everything."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.support.server import PROGRAM, Server, error_of, running_server

from playhead import __version__
from playhead.server.openapi import document
from playhead.server.page import Pages
from playhead.server.routes import ROUTES
from playhead.server.table import Route

BASE = "/api/session-replay"
HEAD = b"POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"


@pytest.fixture
def anyone(server: Server) -> Iterator[httpx.Client]:
    with server.client(None) as client:
        yield client


def test_it_is_alive_and_ready(anyone: httpx.Client) -> None:
    assert anyone.get("/health").json() == {"status": "ok", "version": __version__}
    assert anyone.get("/ready").json() == {"status": "ready", "version": __version__}


def test_metrics_count_requests_events_and_refusals(own_server: Server) -> None:
    with own_server.client() as api:
        session_id = api.post(f"{BASE}/recording/start", json={"feature": "chat"}).json()["sessionId"]
        step = {"sessionId": session_id, "type": "step", "data": {"name": "n"}}
        api.post(f"{BASE}/events", json={"events": [step, step, {"type": "step"}]})
        text = api.get("/metrics").text

    values = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert values["playhead_requests_total", "/api/session-replay/events", "200", "POST"] == 1
    assert values["playhead_events_total", "accepted"] == 2
    assert values["playhead_events_total", "validation_error"] == 1
    assert values["playhead_request_seconds_count", "/api/session-replay/events"] == 1
    assert values["playhead_store_database_bytes",] > 0
    assert session_id not in text


def test_the_description_is_openapi_and_says_every_route(anyone: httpx.Client) -> None:
    described = anyone.get("/openapi.json").json()

    assert described["openapi"] == "3.1.0"
    operations = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    assert len(operations) == len([route for route in ROUTES if not route.hidden])
    ids = [each["operationId"] for methods in described["paths"].values() for each in methods.values()]
    assert len(ids) == len(set(ids))


def test_every_reference_in_the_description_leads_somewhere() -> None:
    described = document(ROUTES)
    wanted = {text.split('"')[0] for text in json.dumps(described).split('"#/components/schemas/')[1:]}

    assert wanted <= described["components"]["schemas"].keys()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_says_what_it_does(route: Route) -> None:
    assert route.handler.__doc__
    assert route.summary
    assert route.tag in {"recording", "reading", "export", "sharing", "notes", "keys", "settings", "audit", "system"}
    assert not (route.raw and route.body is None)


def test_the_pages_of_the_description_need_no_script(anyone: httpx.Client) -> None:
    page = anyone.get("/docs")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in page.text
    assert " style=" not in page.text
    assert "/api/session-replay/{sessionId}/snapshot" in page.text
    assert anyone.get("/docs/style.css").headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("path", ["/", "/health", "/docs", "/nowhere", "/api/nowhere", f"{BASE}/list"])
def test_every_answer_forbids_what_captured_text_might_try(anyone: httpx.Client, path: str) -> None:
    headers = anyone.get(path).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "img-src 'self' data:" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert "server" not in headers


def test_an_unknown_route_is_404_and_a_known_one_says_its_methods(anyone: httpx.Client) -> None:
    unknown = anyone.get("/api/nowhere")
    wrong = anyone.put(f"{BASE}/some-session")

    assert error_of(unknown)["code"] == "not_found"
    assert (wrong.status_code, error_of(wrong)["code"]) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "DELETE, GET, HEAD, PATCH"


def test_head_answers_as_get_without_a_body(server: Server) -> None:
    with server.client() as api:
        for path in ("/health", f"{BASE}/list", "/", "/api/whoami"):
            head = api.head(path)
            assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    "sent", [b"nonsense\r\n\r\n", b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"]
)
def test_what_is_no_http_is_told_so_in_the_same_shape(server: Server, sent: bytes) -> None:
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        connection.sendall(sent)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))

    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert b"application/problem+json" in head
    assert json.loads(body)["error"]["code"] == "bad_request"


@pytest.mark.parametrize("sent", [b"", b"GET /health HTTP/1.1\r\nHost: local", HEAD + b"\r\n{"])
def test_a_request_that_never_comes_is_not_waited_for(tmp_path: Path, sent: bytes) -> None:
    with running_server(tmp_path / "data", request_timeout_s=0.2) as server:
        where = urlsplit(server.url)
        with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
            connection.sendall(sent)
            received = connection.recv(65_536)

    assert received == b"" if HEAD not in sent else b"PLAYHEAD_REQUEST_TIMEOUT_S" in received


def test_logs_are_json_and_hold_nothing_recorded(own_server: Server) -> None:
    with own_server.client() as api:
        session_id = api.post(f"{BASE}/recording/start", json={"feature": "chat"}).json()["sessionId"]
        body = {"type": "interaction", "data": {"model": "m", "prompt": "a secret prompt", "response": 5}}
        api.post(f"{BASE}/{session_id}/snapshot", json=body)
    own_server.stop()

    assert "a secret prompt" not in own_server.logged()
    assert own_server.admin_key not in own_server.logged()
    assert all(json.loads(line) for line in own_server.logged().splitlines())


# --- the page --------------------------------------------------------------------------------------------------------


def get(pages: Pages, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    """Ask for a file without a server around it."""

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url="http://localhost") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(ask())


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    """The dashboard's files, as a build leaves them."""
    root = tmp_path / "ui"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html><title>Playhead</title>" + " " * 1000, encoding="utf-8")
    (root / "assets" / "app-1a2b.js").write_text("export {}", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("not yours", encoding="utf-8")
    return Pages(root)


LINKS = ["/", "/sessions/replay/a.b.c?t=1", "/shared/session/abc", "/favicon.ico", "/index.html"]
OUTSIDE = ["/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/%00", "//etc/passwd"]


@pytest.mark.parametrize("path", LINKS)
def test_a_link_into_the_dashboard_opens_the_page(pages: Pages, path: str) -> None:
    answer = get(pages, path)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<title>Playhead</title>" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


def test_files_that_are_named_for_their_content_are_kept(pages: Pages) -> None:
    answer = get(pages, "/assets/app-1a2b.js")

    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert get(pages, "/assets/gone-9f9f.js").status_code == 404


def test_a_page_that_is_known_is_not_sent_again(pages: Pages) -> None:
    first = get(pages, "/")
    again = get(pages, "/", **{"If-None-Match": first.headers["etag"]})

    assert first.headers["content-encoding"] == "gzip"
    assert (again.status_code, again.content) == (304, b"")
    assert "content-encoding" not in get(pages, "/", **{"Accept-Encoding": "identity"}).headers


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_outside_the_dashboard_is_served(pages: Pages, path: str) -> None:
    assert "not yours" not in get(pages, path).text
    assert "root:" not in get(pages, path).text


def test_the_page_only_answers_reading(pages: Pages) -> None:
    assert get(pages, "/", "POST").status_code == 405
    assert get(pages, "/api/x").status_code == 404


def test_without_a_build_the_page_says_what_to_do(tmp_path: Path) -> None:
    assert "make ui" in get(Pages(tmp_path / "nothing"), "/").text


NO_ROOM = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))"


def test_a_server_that_starts_where_nothing_fits_is_not_ready_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_server(tmp_path / "data"):
        pass
    # The program of the tests' servers, behind a limit on its files that stands for a disk without room.
    monkeypatch.setattr("tests.support.server.PROGRAM", f"{NO_ROOM}\n{PROGRAM}")
    with running_server(tmp_path / "data") as server, server.client() as client:
        assert client.get("/ready").status_code == 503
        assert client.get("/api/session-replay/list").status_code == 200
        server.stop()
        assert "nothing can be stored" in server.logged()
