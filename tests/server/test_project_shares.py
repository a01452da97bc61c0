"""All links of a project: newest first, paged, with their sessions, and nobody else's."""

from __future__ import annotations

from typing import Any

import httpx
from tests.support.recordings import BASE, start
from tests.support.server import Server, error_of

from playhead.record.client import SessionReplayClient


def shared(client: httpx.Client, session_id: str, **wanted: Any) -> str:
    answer = client.post(f"{BASE}/{session_id}/share", json=wanted)
    share_id: str = answer.json()["data"]["shareId"]
    return share_id


def listed(client: httpx.Client, **query: Any) -> Any:
    response = client.get(f"{BASE}/shares", params=query)
    assert response.status_code == 200, response.text
    return response.json()


def test_links_come_newest_first_with_the_sessions_that_they_open(api: httpx.Client) -> None:
    one, other = start(api, label="Refund"), start(api)
    first, second = shared(api, one), shared(api, other, accessLevel="password", password="secret", maxViews=3)
    answer = listed(api)
    found = [(share["shareId"], share["sessionId"], share["sessionLabel"]) for share in answer["data"]]
    assert found == [(second, other, None), (first, one, "Refund")]
    (of_session,) = api.get(f"{BASE}/{other}/shares").json()["data"]
    assert answer["data"][0] == of_session | {"sessionId": other, "sessionLabel": None}
    assert answer["pagination"]["total"] == 2


def test_links_are_paged_and_told_apart_by_whether_they_can_be_opened(api: httpx.Client) -> None:
    session = start(api)
    shares = [shared(api, session) for _ in range(5)]
    over = shares[2]
    api.delete(f"{BASE}/{session}/shares/{over}")
    pages = [listed(api, page=page, limit=2) for page in (1, 2, 3, 4)]
    assert [[share["shareId"] for share in page["data"]] for page in pages] == [
        [shares[4], shares[3]],
        [shares[2], shares[1]],
        [shares[0]],
        [],
    ]
    assert pages[0]["pagination"]["totalPages"] == 3
    assert [share["shareId"] for share in listed(api, active="false")["data"]] == [over]
    assert [share["shareId"] for share in listed(api, active="true")["data"]] == [
        share for share in reversed(shares) if share != over
    ]
    assert error_of(api.get(f"{BASE}/shares", params={"limit": 0}))["code"] == "validation_error"


def test_an_erased_session_takes_its_links_along_and_a_stranger_sees_none(api: httpx.Client, server: Server) -> None:
    session = start(api)
    shared(api, session)
    with server.client(server.new_key()) as stranger:
        assert listed(stranger)["data"] == []
    assert api.delete(f"{BASE}/{session}").status_code == 200
    assert listed(api)["data"] == []


def test_the_client_yields_every_link(server: Server) -> None:
    key = server.new_key()
    with server.client(key) as http, SessionReplayClient(server.url, key) as client:
        session = start(http, label="Refund")
        shares = [shared(http, session) for _ in range(3)]
        found = list(client.iterate_shares(active=True, page_size=2))
    assert [share.share_id for share in found] == list(reversed(shares))
    assert {share.session_label for share in found} == {"Refund"}


def test_a_session_of_that_name_cannot_be_started(api: httpx.Client) -> None:
    answer = api.post(f"{BASE}/recording/start", json={"feature": "chat", "sessionId": "shares"})
    assert answer.status_code == 422
