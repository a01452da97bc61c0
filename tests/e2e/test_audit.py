"""The audit log on the settings page: read when asked for, narrowed, paged, saved; an admin's alone."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.conftest import Opener, Watch, sign_in
from tests.e2e.test_quality import LOOKS, faults_of
from tests.support.recordings import BASE, start
from tests.support.server import Server


def log_on(page: Page) -> Locator:
    """Show the log, and return its part of the page."""
    page.goto("/settings")
    region = page.get_by_role("region", name="Audit log")
    region.get_by_role("button", name="Show the log").click()
    expect(region.get_by_role("table")).to_be_visible()
    return region


def rows(region: Locator) -> Locator:
    return region.locator("tbody tr")


def test_the_log_says_who_did_what_and_is_narrowed_by_kind_time_and_person(page: Page, api: httpx.Client) -> None:
    session = start(api, label="Secret label")
    api.patch(f"{BASE}/{session}", json={"label": "Other"})
    api.post("/api/keys", json={"label": "For Bob", "scope": "read"})
    log = log_on(page)
    changed = log.get_by_role("row", name=re.compile("Changed a session"))
    expect(changed).to_contain_text("test")
    expect(changed).to_contain_text("members label")
    expect(changed).to_contain_text("127.0.0.1")
    expect(changed.locator("time")).to_have_attribute("title", re.compile("UTC$"))
    expect(log).not_to_contain_text("Secret label")
    log.get_by_label("What was done").select_option("Keys and settings")
    expect(rows(log)).to_have_count(2)
    expect(rows(log).first).to_contain_text("For Bob")
    log.get_by_label("What was done").select_option("Erasing")
    expect(log.get_by_text("Nothing of the kind was done in that time.")).to_be_visible()
    log.get_by_label("What was done").select_option("Everything")
    made = log.get_by_role("row", name=re.compile("Made a key"))
    expect(made).to_have_count(2)
    log.get_by_label("When").select_option("Last hour")
    expect(made).to_have_count(1)  # the test's own key is of 1970
    log.get_by_label("When").select_option("At any time")
    rows(log).first.get_by_role("button", name="test").click()
    expect(made).to_have_count(1)  # nor did it make itself
    log.get_by_role("button", name="By anybody").click()
    expect(made).to_have_count(2)
    changed.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Other")


def test_earlier_entries_follow_and_the_log_can_be_saved(page: Page, api: httpx.Client) -> None:
    session = start(api)
    for number in range(60):
        api.patch(f"{BASE}/{session}", json={"label": str(number)})
    log = log_on(page)
    expect(rows(log)).to_have_count(50)
    log.get_by_role("button", name="Earlier entries").click()
    expect(rows(log).last).to_contain_text("Made a key")
    expect(log.get_by_role("button", name="Earlier entries")).to_have_count(0)
    with page.expect_download() as saved:
        log.get_by_role("link", name="CSV").click()
    assert saved.value.suggested_filename == "playhead-audit.csv"
    log.get_by_role("button", name="Look again").click()
    expect(log.get_by_role("row", name=re.compile("Exported this log"))).to_be_visible()


def test_nothing_is_read_before_somebody_asks(page: Page, api: httpx.Client) -> None:
    page.goto("/settings")
    expect(page.get_by_role("region", name="Audit log")).to_be_visible()
    page.wait_for_load_state("networkidle")
    entries = api.get(f"{BASE}/audit/export", params={"action": "audit.read", "format": "ndjson"})
    assert entries.text == ""


def test_a_log_that_cannot_be_had_says_so_and_is_tried_again(page: Page, watch: Watch) -> None:
    watch.expected = lambda problem: "ERR_FAILED" in problem
    page.route("**/audit?*", lambda route: route.abort())
    page.goto("/settings")
    log = page.get_by_role("region", name="Audit log")
    log.get_by_role("button", name="Show the log").click()
    expect(log.get_by_role("alert")).to_be_visible()
    page.unroute("**/audit?*")
    log.get_by_role("button", name="Try again").click()
    expect(log.get_by_role("table")).to_be_visible()


def test_who_has_no_admin_key_is_told_so(server: Server, opened: Opener) -> None:
    page = sign_in(opened(), server.new_key("read"))
    page.goto("/settings")
    expect(page.get_by_role("region", name="Audit log")).to_contain_text("read with an admin key")


@pytest.mark.parametrize("look", LOOKS)
def test_the_log_has_no_serious_fault(opened: Opener, api: httpx.Client, key: str, look: str) -> None:
    api.patch(f"{BASE}/{start(api)}", json={"label": "x"})
    options: dict[str, Any] = LOOKS[look]
    page = sign_in(opened(**options, bypass_csp=True, reduced_motion="reduce"), key)
    log_on(page)
    assert not faults_of(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
