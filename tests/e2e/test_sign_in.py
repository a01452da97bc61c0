"""Signing in, and out."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.conftest import Opener, Watch, sign_in
from tests.support.server import Server


@pytest.fixture
def refused(watch: Watch) -> None:
    """The browser itself writes a refused request on the console; here that is what the test is about."""
    watch.expected = lambda problem: "status of 401" in problem


def test_the_printed_link_signs_in_and_leaves_no_token_behind(server: Server, opened: Opener) -> None:
    page = opened()
    page.goto(server.sign_in_url)
    expect(
        page.get_by_role("heading", name="Nothing has been recorded yet").or_(page.get_by_role("table"))
    ).to_be_visible()
    assert "token" not in page.url
    assert page.evaluate("history.length") <= 2
    page.reload()
    expect(page.get_by_role("button", name="Export")).to_be_visible()


def test_a_window_without_a_key_is_asked_for_one_on_every_page(refused: None, opened: Opener, key: str) -> None:
    page = opened()
    for path in ("/", "/search?q=x", "/stats", "/settings", "/sessions/replay/any"):
        page.goto(path)
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/stats")
    expect(page.get_by_label("Key")).to_be_focused()
    page.keyboard.insert_text("ph_default_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not known here")
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Mean duration")).to_be_visible()
    assert page.url.endswith("/stats")


def test_a_link_that_is_not_valid_any_more_says_so(refused: None, opened: Opener) -> None:
    page = opened()
    page.goto("/?token=ph_default_used_up")
    expect(page.get_by_role("alert")).to_contain_text("used up or has expired")
    assert "token" not in page.url


def test_signing_out_ends_the_cookie(refused: None, opened: Opener, key: str) -> None:
    page = sign_in(opened(), key)
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/sessions")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_key_revoked_elsewhere_leads_to_the_sign_in_page(
    refused: None, page: Page, api: httpx.Client, server: Server
) -> None:
    mine = api.get("/api/keys").json()["data"][0]["keyId"]
    assert api.delete(f"/api/keys/{mine}").status_code == 200
    page.evaluate("document.querySelector('a[href=\"/stats\"]')?.click()")  # unless the list has noticed by itself
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_read_key_sees_sessions_and_no_keys(opened: Opener, server: Server) -> None:
    page = sign_in(opened(), server.new_key("read"))
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_text("Keys are made and revoked with an admin key")).to_be_visible()


def test_a_key_made_in_the_settings_is_shown_once_works_and_can_be_revoked(page: Page, server: Server) -> None:
    page.goto("/settings")
    page.get_by_label("Name", exact=True).fill("web <b>app</b>")
    page.get_by_role("button", name="Make a key").click()
    made = page.get_by_role("status").locator("code")
    expect(made).to_have_text(re.compile(r"^ph_"))
    text = made.inner_text()
    body = {"feature": "chat"}
    with server.client(text) as client:
        assert client.post("/api/session-replay/recording/start", json=body).status_code == 201
        assert client.get("/api/session-replay/list").status_code == 403
        page.get_by_role("button", name="Done").click()
        expect(page.get_by_text(text)).to_have_count(0)
        page.get_by_role("button", name="Revoke web <b>app</b>").click()
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        expect(page.get_by_role("row", name="web <b>app</b>")).to_have_count(0)
        page.get_by_label("also the 1 that no longer works").check()
        expect(page.get_by_role("row", name="web <b>app</b>")).to_contain_text("revoked")
        assert client.post("/api/session-replay/recording/start", json=body).status_code == 401
