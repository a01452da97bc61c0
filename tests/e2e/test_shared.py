"""A share, opened by somebody who has no key."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.conftest import Opener, Watch, sign_in
from tests.support.recordings import BASE, end, interaction, record, start


@pytest.fixture
def session(api: httpx.Client) -> str:
    """An ended session."""
    session_id = start(api, label="Refund for order 8812")
    record(api, session_id, interaction("Where is my refund?", "It is on its way.", latency=900))
    end(api, session_id)
    return session_id


@pytest.fixture
def refused(watch: Watch) -> None:
    """The browser itself writes a refused request on the console; here that is what the test is about."""
    watch.expected = lambda problem: "status of 401" in problem or "status of 404" in problem


def share(api: httpx.Client, session_id: str, **wanted: Any) -> dict[str, str]:
    response = api.post(f"{BASE}/{session_id}/share", json=wanted)
    assert response.status_code == 201, response.text
    data: dict[str, str] = response.json()["data"]
    return data


def expect_the_player(page: Page) -> None:
    expect(page.get_by_text("Refund for order 8812").first).to_be_visible()
    expect(page.get_by_text("Where is my refund?").first).to_be_visible()


def test_a_public_link_plays_the_session_without_a_key(opened: Opener, api: httpx.Client, session: str) -> None:
    link = share(api, session)
    page = opened()
    page.goto(link["shareUrl"])
    expect_the_player(page)
    expect(page.get_by_role("navigation", name="Pages")).to_have_count(0)
    expect(page.get_by_role("button", name="Share")).to_have_count(0)
    assert api.get(f"{BASE}/{session}/shares").json()["data"][0]["views"] == 1


def test_a_password_is_asked_for_and_a_wrong_one_opens_nothing(
    refused: None, opened: Opener, api: httpx.Client, session: str
) -> None:
    page = opened()
    page.goto(share(api, session, accessLevel="password", password="open <sesame>")["shareUrl"])
    expect(page.get_by_role("heading", name="This recording has a password")).to_be_visible()
    page.get_by_label("Password").fill("guess")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("alert")).to_have_text("This is not the password.")
    page.get_by_label("Password").fill("open <sesame>")
    page.get_by_role("button", name="Open").click()
    expect_the_player(page)
    page.reload()
    expect_the_player(page)


def test_a_team_link_asks_to_sign_in(refused: None, opened: Opener, api: httpx.Client, session: str, key: str) -> None:
    link = share(api, session, accessLevel="team")
    page = opened()
    page.goto(link["shareUrl"])
    expect(page.get_by_text("shared with people who have a key of its project")).to_be_visible()
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect_the_player(page)
    member = sign_in(opened(), key)
    member.goto(link["shareUrl"])
    expect_the_player(member)


def test_a_revoked_a_used_up_and_an_unknown_link_look_alike(
    refused: None, opened: Opener, api: httpx.Client, session: str
) -> None:
    revoked = share(api, session)
    api.delete(f"{BASE}/{session}/shares/{revoked['shareId']}")
    used_up = share(api, session, maxViews=1)
    first = opened()
    first.goto(used_up["shareUrl"])
    expect_the_player(first)
    page = opened()
    for address in (revoked["shareUrl"], used_up["shareUrl"], "/shared/session/unknown"):
        page.goto(address)
        expect(page.get_by_role("heading", name="This link does not lead anywhere")).to_be_visible()
