"""The outline over HTTP: whose pages are the player's pages, for owners and for visitors of a link."""

from __future__ import annotations

from typing import Any

import httpx
from tests.support.players import call, moment, recorded
from tests.support.recordings import BASE
from tests.support.server import Server

EVENTS = 4_500


def long_session(client: httpx.Client) -> str:
    """Record more events than a page of the outline holds, every third a call."""
    events = [
        call(n, f"question {n}", "yes", id=f"e{n}", cost=0.5, error={"message": "no"} if n % 900 == 0 else None)
        if n % 3 == 0
        else moment(n, "user_action", id=f"e{n}", action="click")
        for n in range(EVENTS)
    ]
    return recorded(client, *events)


def outline_of(client: httpx.Client, session_id: str, **query: str) -> Any:
    response = client.get(f"{BASE}/{session_id}/outline", params=query)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def test_each_page_of_the_outline_is_a_page_of_the_player(api: httpx.Client) -> None:
    session_id = long_session(api)
    outline = outline_of(api, session_id, event="e3000")
    assert outline["event"]["at"] == 3_000_000
    found = []
    for page in outline["pages"]:
        query = {"after": page["after"], "limit": page["events"]}
        data = api.get(f"{BASE}/{session_id}/player", params=query).json()["data"]
        marks = data["timeline"]["aiInteractions"] + data["timeline"]["userActions"]
        ends = sorted(mark["end"] for mark in marks)
        assert (len(marks), ends[0], ends[-1]) == (page["events"], page["start"], page["end"])
        assert sum(mark.get("cost", 0) for mark in marks) == page["cost"]
        assert sum(mark.get("error", False) for mark in marks) == page["errors"]
        found += [mark["id"] for mark in marks]
    assert sorted(found) == sorted(f"e{n}" for n in range(EVENTS))
    assert sum(outline["errors"]) == 5


def test_an_event_of_no_session_has_no_place(api: httpx.Client) -> None:
    assert outline_of(api, recorded(api, call(1, "a", "b")), event="nobody")["event"] is None


def test_a_link_shows_the_outline_of_its_session(api: httpx.Client, server: Server) -> None:
    session_id = recorded(api, call(1, "a", "b", id="only"))
    token = api.post(f"{BASE}/{session_id}/share").json()["data"]["shareToken"]
    with server.client(None) as visitor:
        shown = visitor.get(f"/api/shared/{token}/outline", params={"event": "only"})
    assert shown.json()["data"] == outline_of(api, session_id, event="only")
