"""Isolation: to a key of another project a session is not there, on any route that names one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from tests.support.recordings import BASE, eventually, interaction, record, start
from tests.support.server import Server

from playhead.server.routes import ROUTES
from playhead.server.table import Route

NAMING = [route for route in ROUTES if "{session_id}" in route.path]
BODIES = {
    "notes": {"at": 0, "text": "Why?"},
    "note_x": {"text": "Why?"},
    "snapshot": {"type": "user_action", "data": {"action": "stolen"}},
    "end": {},
    "share": {},
    "export": {},
}


@pytest.fixture(scope="module")
def owner(server: Server) -> Iterator[httpx.Client]:
    with server.client(server.new_key()) as client:
        start(client, sessionId="theirs", userId="victim", label="secretlabel", tags=["secret"])
        record(client, "theirs", interaction("secretprompt", model="secretmodel"))
        eventually(lambda: client.get(f"{BASE}/search", params={"q": "secretprompt"}).json()["data"])
        yield client


@pytest.fixture(scope="module")
def stranger(server: Server) -> Iterator[httpx.Client]:
    with server.client(server.new_key()) as client:
        yield client


@pytest.mark.parametrize("route", NAMING, ids=lambda route: f"{route.method} {route.path}")
def test_another_projects_session_answers_like_one_that_is_not_there(
    owner: httpx.Client, stranger: httpx.Client, route: Route
) -> None:
    share = owner.post(f"{BASE}/theirs/share").json()["data"]

    def ask(session_id: str) -> httpx.Response:
        path = (
            route.path.replace("{session_id}", session_id)
            .replace("{share_id}", share["shareId"])
            .replace("{note_id}", "note_x")
        )
        body = BODIES.get(path.rsplit("/", 1)[-1], {}) if route.takes_body else None
        return stranger.request(route.method, path, json=body)

    theirs, absent = ask("theirs"), ask("absent")
    assert theirs.status_code == 404
    assert (theirs.status_code, theirs.text) == (absent.status_code, absent.text.replace("absent", "theirs"))


def test_nothing_of_another_project_is_counted_found_or_exported(owner: httpx.Client, stranger: httpx.Client) -> None:
    texts = [
        stranger.get(f"{BASE}/{path}").text
        for path in ("list", "sessions", "stats", "facets", "stats?groupBy=user", "search?q=secretprompt", "list?q=s*")
    ]
    texts += [stranger.post(f"{BASE}/export").text, stranger.post(f"{BASE}/export?format=csv").text]
    assert [text for text in texts if re.search("theirs|victim|secretlabel|secretmodel", text)] == []
    assert stranger.get(f"{BASE}/stats").json()["data"]["totalSessions"] == 0
    assert owner.get(f"{BASE}/stats").json()["data"]["totalSessions"] == 1


def test_the_same_id_lives_in_both_projects_apart(owner: httpx.Client, stranger: httpx.Client) -> None:
    start(stranger, sessionId="theirs", label="mine")
    assert stranger.get(f"{BASE}/theirs").json()["data"]["label"] == "mine"
    assert owner.get(f"{BASE}/theirs").json()["data"]["label"] == "secretlabel"
    assert stranger.delete(f"{BASE}/theirs").status_code == 200
    assert owner.get(f"{BASE}/theirs").status_code == 200
