"""How long sessions are kept: said in the settings, counted before anything goes, and asked about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.conftest import Opener, Watch, sign_in, visitors
from tests.server.test_retention import old_recordings
from tests.support.recordings import BASE
from tests.support.server import Server, running_server


@pytest.fixture
def old_server(tmp_path: Path) -> Iterator[Server]:
    """A server with three sessions of 40 days ago, one more that is bookmarked, and one of now."""
    old_recordings(tmp_path / "data", sessions=3)
    with running_server(tmp_path / "data") as server:
        yield server


@pytest.fixture
def old_page(browser: Browser, old_server: Server) -> Iterator[Page]:
    """The settings of that server."""
    with visitors(browser, old_server.url) as (opened, _):
        page = sign_in(opened(), old_server.admin_key)
        page.goto("/settings")
        yield page


def test_what_would_go_is_counted_and_asked_about_before_it_goes(old_page: Page, old_server: Server) -> None:
    retention = old_page.get_by_role("region", name="Retention")
    expect(retention).to_contain_text("Sessions are kept for good.")
    save = retention.get_by_role("button", name="Save")
    expect(save).to_be_disabled()
    retention.get_by_label("Erase sessions").check()
    expect(retention).to_contain_text("3 sessions with 3 interactions would go now")
    retention.get_by_label("Keep bookmarked sessions").uncheck()
    expect(retention).to_contain_text("4 sessions with 4 interactions would go now")
    retention.get_by_label("Keep bookmarked sessions").check()
    save.click()
    dialog = old_page.get_by_role("dialog", name="Erase 3 sessions older than 30 days?")
    expect(dialog).to_contain_text("This cannot be undone.")
    dialog.get_by_role("button", name="Cancel").click()
    with old_server.client() as client:
        assert client.get(f"{BASE}/settings").json()["data"]["retention"]["days"] is None
    save.click()
    dialog.get_by_role("button", name="Erase and save").click()
    expect(retention.get_by_text("Saved")).to_be_visible()
    with old_server.client() as client:
        assert client.get(f"{BASE}/settings").json()["data"]["retention"] == {"days": 30, "keepBookmarked": True}


def test_where_nothing_would_go_nobody_is_asked(page: Page, api: httpx.Client) -> None:
    page.goto("/settings")
    retention = page.get_by_role("region", name="Retention")
    retention.get_by_label("Erase sessions").check()
    expect(retention).to_contain_text("No session is older than 30 days.")
    retention.get_by_label("Minutes of silence").fill("2")
    retention.get_by_role("button", name="Save").click()
    expect(retention.get_by_text("Saved")).to_be_visible()
    settings = api.get(f"{BASE}/settings").json()["data"]
    assert (settings["retention"]["days"], settings["sessionTimeoutSeconds"]) == (30, 120)


def test_where_nobody_can_say_what_would_go_nothing_is_saved(page: Page, api: httpx.Client, watch: Watch) -> None:
    watch.expected = lambda problem: "ERR_FAILED" in problem
    page.goto("/settings")
    retention = page.get_by_role("region", name="Retention")
    page.route("**/preview*", lambda route: route.abort())
    retention.get_by_label("Erase sessions").check()
    retention.get_by_role("button", name="Save").click()
    expect(retention.get_by_role("alert")).to_contain_text("cannot be reached")
    assert api.get(f"{BASE}/settings").json()["data"]["retention"]["days"] is None


def test_what_cannot_be_is_said_and_not_saved(page: Page) -> None:
    page.goto("/settings")
    retention = page.get_by_role("region", name="Retention")
    retention.get_by_label("Erase sessions").check()
    for days in ("0", "1.5", "40000", ""):
        retention.get_by_label("Days").fill(days)
        expect(retention.get_by_role("alert")).to_contain_text("whole number from 1 to 36,500")
        expect(retention.get_by_role("button", name="Save")).to_be_disabled()


def test_who_may_not_set_it_is_told_so(opened: Opener, server: Server) -> None:
    page = sign_in(opened(), server.new_key("read"))
    page.goto("/settings")
    retention = page.get_by_role("region", name="Retention")
    expect(retention).to_contain_text("Sign in with one")
    expect(retention.get_by_role("button")).to_have_count(0)
