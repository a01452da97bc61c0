"""The search page."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.conftest import Opener, sign_in
from tests.support.recordings import BASE, end, eventually, interaction, record, start


@pytest.fixture
def recorded(api: httpx.Client) -> tuple[str, str]:
    """Two sessions about refunds, one of them with three texts that say so; both in the index."""
    first = start(api, label="Order 8812", userId="user_1")
    record(
        api,
        first,
        interaction("Can a refund be paid?", "A refund takes three days.", id="asked", latency=500),
        {"type": "user_action", "action": "refund_clicked", "target": "the refund button", "id": "clicked"},
        {"type": "step", "name": "search", "output": "nothing about it", "id": "looked"},
    )
    end(api, first)
    second = start(api, label="A refund <b>again</b>", feature="agent")
    end(api, second)
    eventually(lambda: found(api, "refund") >= 3)
    return first, second


def found(api: httpx.Client, words: str) -> int:
    total: int = api.get(f"{BASE}/search", params={"q": words}).json()["pagination"]["total"]
    return total


@pytest.fixture
def search(recorded: tuple[str, str], opened: Opener, key: str) -> Page:
    """A window on the search page, over what was recorded."""
    page = sign_in(opened(), key)
    page.get_by_role("link", name="Search").click()
    return page


def group(page: Page, label: str) -> Locator:
    return page.locator("section").filter(has=page.get_by_role("heading", name=label))


def test_hits_stand_under_their_session_with_what_matched_marked(search: Page) -> None:
    search.get_by_role("searchbox").fill("refund")
    hits = group(search, "Order 8812").get_by_role("link", name=re.compile("^(call|user action)"))
    expect(hits).to_have_count(2)
    expect(hits.first.locator("mark").first).to_have_text(re.compile("refund", re.IGNORECASE))
    expect(search.get_by_role("status")).to_have_text(re.compile(r"\d hits"))
    assert search.url.endswith("/search?search=refund")


def test_a_hit_leads_to_its_moment(search: Page, recorded: tuple[str, str]) -> None:
    search.get_by_role("searchbox").fill("refund button")
    search.get_by_role("link", name=re.compile("^user action")).click()
    search.wait_for_url(f"**/sessions/replay/{recorded[0]}?event=clicked*")


def test_a_label_that_matches_leads_to_its_session_and_stays_text(search: Page, recorded: tuple[str, str]) -> None:
    search.get_by_role("searchbox").fill("again")
    hit = search.get_by_role("link", name=re.compile("^label"))
    expect(hit).to_contain_text("A refund <b>again</b>")
    hit.click()
    search.wait_for_url(f"**/sessions/replay/{recorded[1]}*")


def test_filters_narrow_a_search(search: Page) -> None:
    search.goto("/search?q=refund&feature=agent")
    expect(group(search, "A refund")).to_be_visible()
    expect(group(search, "Order 8812")).to_have_count(0)
    search.get_by_role("button", name="Remove filter Feature: agent").click()
    expect(group(search, "Order 8812")).to_be_visible()


def test_nothing_found_offers_a_way_on(search: Page) -> None:
    search.goto("/search?q=refund&feature=notebook")
    expect(search.get_by_role("heading", name="Nothing was recorded with these words")).to_be_visible()
    search.get_by_role("button", name="Search without the filters").click()
    expect(group(search, "Order 8812")).to_be_visible()


def test_without_words_the_page_says_how_to_search(search: Page) -> None:
    expect(search.get_by_text("words that begin so")).to_be_visible()


def test_the_box_waits_for_words_and_a_star_is_offered(search: Page) -> None:
    expect(search.get_by_role("searchbox")).to_be_focused()
    search.keyboard.insert_text("refun")
    expect(search.get_by_role("heading", name="Nothing was recorded with these words")).to_be_visible()
    search.get_by_role("button", name="Search for refun*").click()
    expect(group(search, "Order 8812")).to_be_visible()
    expect(search.get_by_role("searchbox")).to_have_value("refun*")
    search.goto('/search?q="no such phrase"')
    expect(search.get_by_role("heading", name="Nothing was recorded with these words")).to_be_visible()
    expect(search.get_by_role("button", name="Search for")).to_have_count(0)
