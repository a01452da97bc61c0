"""Who may look at what: the project's links in the settings, and what a session that was deleted says."""

from __future__ import annotations

import re

import httpx
from playwright.sync_api import Page, Route, expect
from tests.e2e.conftest import Opener, Watch
from tests.support.players import call, recorded
from tests.support.recordings import BASE


def test_a_link_is_found_in_the_settings_and_ended_there(
    page: Page, opened: Opener, api: httpx.Client, watch: Watch
) -> None:
    watch.expected = lambda problem: "404" in problem
    session = recorded(api, call(1, "Hello?", "Yes."), label="Refund")
    api.post(f"{BASE}/{recorded(api, call(1, 'a', 'b'))}/share", json={"accessLevel": "team", "redact": True})
    url = api.post(f"{BASE}/{session}/share", json={"maxViews": 5}).json()["data"]["shareUrl"]
    page.goto("/settings")
    links = page.get_by_role("region", name="Shared links")
    row = links.get_by_role("row", name=re.compile("Refund"))
    expect(row).to_contain_text("anyone")
    expect(row).to_contain_text("0 of 5 views")
    expect(links.get_by_role("row", name=re.compile("signed in, without personal data"))).to_have_count(1)
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(row).to_have_count(0)
    visitor = opened()
    visitor.goto(url)
    expect(visitor.get_by_role("heading", name="This link does not lead anywhere")).to_be_visible()
    links.get_by_label("also those that no longer open").check()
    expect(row).to_contain_text("revoked")
    row.get_by_role("link", name="Refund").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Refund")


def test_links_wait_for_the_keys_above_them_so_that_nothing_jumps(page: Page, api: httpx.Client) -> None:
    api.post(f"{BASE}/{recorded(api, call(1, 'a', 'b'))}/share")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/keys*", hold)
    with page.expect_request("**/keys*"):
        page.goto("/settings")
    expect(page.get_by_role("region", name="Keys")).to_be_visible()
    expect(page.get_by_role("region", name="Shared links")).to_have_count(0)
    for route in held:
        route.continue_()
    expect(
        page.get_by_role("region", name="Shared links").get_by_role("row", name=re.compile("anyone"))
    ).to_be_visible()
    expect(page.get_by_role("region", name="Keys").get_by_role("table")).to_be_visible()


def test_a_deleted_session_says_that_it_was_deleted_and_when(page: Page, api: httpx.Client, watch: Watch) -> None:
    watch.expected = lambda problem: "404" in problem
    session = recorded(api, call(1, "Hello?", "Yes."))
    api.delete(f"{BASE}/{session}")
    page.goto(f"/sessions/replay/{session}")
    expect(page.get_by_role("heading", name="This session was deleted")).to_be_visible()
    expect(page.locator("main time")).to_be_visible()
    page.goto("/sessions/replay/nobody")
    expect(page.get_by_role("heading", name="There is no such session")).to_be_visible()


def test_a_session_that_is_deleted_while_it_is_watched_says_so(page: Page, api: httpx.Client, watch: Watch) -> None:
    watch.expected = lambda problem: "404" in problem
    session = recorded(api, call(1, "Hello?", "Yes."))
    page.goto(f"/sessions/replay/{session}")
    expect(page.get_by_text("recording", exact=True)).to_be_visible()
    api.delete(f"{BASE}/{session}")
    expect(page.get_by_role("heading", name="This session was deleted")).to_be_visible()
