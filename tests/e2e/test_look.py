"""The look that every page keeps to: four sizes of text, nothing that moves while a page opens, signs of their own."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.conftest import Opener, sign_in
from tests.support.recordings import end, interaction, record, start

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 380, "height": 800}
SIZES = {"11px", "13px", "16px", "22px"}
SIZES_USED = """() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const sizes = new Map();
    while (texts.nextNode()) {
        const host = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || !host.checkVisibility()) continue;
        sizes.set(getComputedStyle(host).fontSize, `${host.className}: ${texts.currentNode.data.slice(0, 40)}`);
    }
    return Object.fromEntries(sizes);
}"""
SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((entry) => entry.value)))
    .observe({ type: 'layout-shift', buffered: true });"""


@pytest.fixture
def session(api: httpx.Client) -> str:
    """A run with a call in markdown, a step with code, a machine's metrics and an error."""
    made = start(api, label="Compare three vendors", userId="user_1", tags=["eu"])
    asked = "Compare three vendors, in words that take more than the one line that a preview has. " * 6
    record(
        api,
        made,
        {"type": "system_metrics", "cpu": 20, "memory": 40},
        {"type": "code_context", "filename": "a.py", "language": "python", "snippet": "def f():\n    return 1\n"},
        interaction(asked, "# Vendors\n\n| a | b |\n|---|---|\n| 1 | `2` |\n\n```python\nprint(1)\n```", cost=0.01),
        {"type": "step", "name": "search", "kind": "tool", "latency": 120, "input": {"q": "vendor"}},
        interaction("Go on", None, error="rate limited"),
    )
    end(api, made)
    return made


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_text_has_one_of_four_sizes(opened: Opener, key: str, session: str, size: dict[str, Any]) -> None:
    page = sign_in(opened(viewport=size), key)
    for address in ("/sessions", f"/sessions/replay/{session}?t=0", "/stats", "/search", "/compare", "/settings"):
        page.goto(address)
        expect(page.get_by_role("main").or_(page.get_by_label("Playhead")).first).to_be_visible()
        page.wait_for_load_state("networkidle")
        used = page.evaluate(SIZES_USED)
        assert set(used) <= SIZES, f"{address}: {used}"


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("at", ["", "?t=0", "?t=60000"], ids=["as it is", "at its beginning", "at its end"])
def test_nothing_moves_while_a_session_opens(
    opened: Opener, key: str, session: str, size: dict[str, Any], at: str
) -> None:
    page = sign_in(opened(viewport=size), key)
    page.add_init_script(SHIFTS)
    page.goto(f"/sessions/replay/{session}{at}")
    expect(page.get_by_role("slider", name="Playhead")).to_be_visible()
    expect(page.locator(".settling")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    assert page.evaluate("window.shifts") == []


def test_what_is_recorded_has_a_sign_in_no_event_s_colour(page: Page, api: httpx.Client) -> None:
    page.emulate_media(reduced_motion="reduce")
    record(api, start(api), interaction("Hello", "Hi"))
    page.reload()
    sign = page.get_by_role("table", name="Sessions").locator("i.active").first
    ink = page.evaluate("getComputedStyle(document.documentElement).color")
    expect(sign).to_have_css("border-top-color", ink)


def test_a_phone_s_tabs_go_by_arrows_and_the_playhead_stays(opened: Opener, key: str, session: str) -> None:
    page = sign_in(opened(viewport=PHONE), key)
    page.goto(f"/sessions/replay/{session}?t=0")
    tab = {name: page.get_by_role("tab", name=name) for name in ("conversation", "inspector", "notes")}
    playhead = page.get_by_role("slider", name="Playhead")
    before = playhead.get_attribute("aria-valuenow")
    tab["conversation"].focus()
    keys = (("ArrowRight", "inspector"), ("End", "notes"), ("ArrowRight", "conversation"), ("ArrowLeft", "notes"))
    for pressed, shown in (*keys, ("Home", "conversation")):
        page.keyboard.press(pressed)
        expect(tab[shown]).to_be_focused()
        expect(tab[shown]).to_have_attribute("aria-selected", "true")
        assert playhead.get_attribute("aria-valuenow") == before
    page.keyboard.press("Tab")
    expect(page.get_by_role("tab").and_(page.locator(":focus"))).to_have_count(0)


def test_a_phone_has_every_lane_and_folds_them(opened: Opener, key: str, session: str) -> None:
    page = sign_in(opened(viewport=PHONE), key)
    page.goto(f"/sessions/replay/{session}")
    lanes = page.locator(".labels span")
    expect(lanes).to_have_text(["calls", "steps", "code", "errors", "cost", "cpu, mem"])
    page.get_by_role("button", name="All lanes").click()
    expect(lanes).to_have_text(["calls", "errors"])
    page.get_by_role("button", name="All lanes").click()
    expect(lanes).to_have_count(6)
