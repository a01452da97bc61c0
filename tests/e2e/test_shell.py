"""What every page has: the palette of commands, the list of keys, the scheme, and the views that a browser keeps."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.conftest import Opener, sign_in
from tests.e2e.test_quality import LOOKS, faults_of
from tests.support.recordings import BASE, eventually, interaction, record, start


@pytest.fixture
def two(api: httpx.Client) -> list[str]:
    """A session about a refund and one about a parcel, both in the index."""
    sessions = [start(api, label=label) for label in ("Refund for order 8812", "Lost parcel")]
    record(api, sessions[0], interaction("Where is my refund?", None, error="timed out"))
    eventually(lambda: api.get(f"{BASE}/search", params={"q": "refund"}).json()["data"])
    return sessions


def call(page: Page) -> None:
    """Call the palette by its keys, once the page is there to hear them."""
    expect(page.get_by_role("button", name="Commands")).to_be_visible()
    expect(page.locator("main h1").first).to_be_attached()
    page.keyboard.press("Control+k")


def palette(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Commands")


def chosen(page: Page) -> Locator:
    return palette(page).get_by_role("option", selected=True)


def test_the_palette_goes_to_a_page_by_keys_alone(page: Page) -> None:
    call(page)
    expect(palette(page).get_by_role("combobox")).to_be_focused()
    expect(chosen(page)).to_contain_text("Sessions")
    page.keyboard.press("ArrowUp")
    expect(chosen(page)).to_contain_text("Keys")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search")
    expect(palette(page)).to_have_count(0)


def test_the_palette_finds_a_session_by_its_words(two: list[str], page: Page) -> None:
    page.get_by_role("button", name="Commands").click()
    page.keyboard.insert_text("refund")
    expect(chosen(page)).to_contain_text("Refund for order 8812")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/sessions/replay/{two[0]}*")
    call(page)
    page.keyboard.insert_text("parcel")
    palette(page).get_by_role("option", name="Search in everything for “parcel”").click()
    page.wait_for_url("**/search?q=parcel")


def test_escape_and_the_same_keys_close_the_palette(page: Page) -> None:
    for closing in ("Escape", "Control+k"):
        call(page)
        expect(palette(page)).to_be_visible()
        page.keyboard.press(closing)
        expect(palette(page)).to_have_count(0)


def test_the_scheme_is_switched_and_remembered(page: Page) -> None:
    call(page)
    page.keyboard.insert_text("dark")
    page.keyboard.press("Enter")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.reload()
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_the_settings_switch_the_scheme_and_forget_views(page: Page) -> None:
    page.evaluate("""localStorage.setItem('playhead.views', JSON.stringify([{name: 'Mine', query: 'tag=100%25'}]))""")
    page.goto("/settings")
    page.get_by_role("group", name="Colours").get_by_role("button", name="Light").click()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    expect(page.get_by_role("link", name="Mine")).to_have_attribute("href", "/sessions?tag=100%25")
    page.get_by_role("button", name="Forget Mine").click()
    expect(page.get_by_role("heading", name="Saved views")).to_have_count(0)


@pytest.mark.parametrize(
    ("path", "does"), [("/sessions", "next, previous session"), ("/compare", "next, previous difference")]
)
def test_a_question_mark_lists_the_keys_of_the_page(page: Page, path: str, does: str) -> None:
    page.goto(path)
    expect(page.get_by_role("button", name="Commands")).to_be_visible()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet).to_contain_text(does)
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)


def test_a_key_that_is_typed_is_no_command(page: Page) -> None:
    expect(page.get_by_role("searchbox")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.press("?")
    expect(page.get_by_role("searchbox")).to_have_value("?")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_view_is_saved_by_name_opened_again_and_forgotten(two: list[str], page: Page) -> None:
    page.goto("/sessions?hasErrors=true&sortBy=cost")
    page.get_by_role("button", name="Views").click()
    panel = page.get_by_role("dialog", name="Views")
    panel.get_by_label("Name of the view").fill("Failures")
    page.keyboard.press("Enter")
    page.goto("/sessions")
    page.get_by_role("button", name="Views").click()
    panel.get_by_role("link", name="Failures").click()
    page.wait_for_url("**/sessions?hasErrors=true&sortBy=cost")
    expect(page.get_by_role("table", name="Sessions")).to_have_attribute("aria-rowcount", "2")
    page.goto("/stats")
    call(page)
    page.keyboard.insert_text("failures")
    expect(chosen(page)).to_contain_text("Failures")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sessions?hasErrors=true&sortBy=cost")
    page.get_by_role("button", name="Views").click()
    panel.get_by_role("button", name="Forget Failures").click()
    expect(panel.get_by_role("link")).to_have_count(0)


@pytest.mark.parametrize("look", LOOKS)
def test_dialogs_and_menus_have_no_serious_fault(two: list[str], opened: Opener, key: str, look: str) -> None:
    page = sign_in(opened(**LOOKS[look], bypass_csp=True, reduced_motion="reduce"), key)
    call(page)
    page.keyboard.insert_text("refund")
    expect(chosen(page)).to_contain_text("Refund for order 8812")
    assert not faults_of(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert not faults_of(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Views").click()
    expect(page.get_by_role("dialog", name="Views")).to_be_visible()
    assert not faults_of(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Menu of Lost parcel").click()
    expect(page.get_by_role("link", name="Save as a page")).to_be_visible()
    assert not faults_of(page)
