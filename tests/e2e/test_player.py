"""The player: it plays, scrubs, steps and skips, shows the event at the playhead, keeps the moment in the address."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.conftest import Watch
from tests.support.players import call, recorded, step, support_chat
from tests.support.recordings import start


@pytest.fixture
def session_id(api: httpx.Client) -> str:
    return support_chat(api)


@pytest.fixture
def player(page: Page, session_id: str) -> Page:
    return play_page(page, session_id)


def play_page(page: Page, session_id: str, query: str = "") -> Page:
    page.goto(f"/sessions/replay/{session_id}{query}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def playhead(page: Page) -> Locator:
    return page.get_by_role("slider", name="Playhead")


def stands_at(page: Page, ms: int) -> None:
    expect(playhead(page)).to_have_attribute("aria-valuenow", str(ms))


def now(page: Page) -> int:
    return int(playhead(page).get_attribute("aria-valuenow") or -1)


def conversation(page: Page) -> Locator:
    return page.get_by_role("log", name="Conversation up to the playhead")


def inspector(page: Page) -> Locator:
    return page.get_by_role("region", name="Inspector")


def scrub(page: Page, *shares: float) -> None:
    """Drag the playhead over the timeline, by shares of its width."""
    box = playhead(page).bounding_box()
    assert box is not None
    places = [box["x"] + share * (box["width"] - 8) for share in shares]
    page.mouse.move(places[0], box["y"] + 10)
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(place, box["y"] + 10)
    page.mouse.up()


def test_a_recording_opens_at_its_beginning_and_says_what_it_is(player: Page) -> None:
    stands_at(player, 0)
    expect(player.get_by_role("heading", level=1)).to_have_text("Refund for order 8812")
    expect(player.get_by_text("user_1")).to_be_visible()
    expect(player.get_by_text("7 events")).to_be_visible()
    expect(conversation(player)).to_contain_text("Nothing has happened yet")


def test_playing_fills_the_conversation_and_stops_at_the_end(player: Page) -> None:
    player.get_by_label("Speed").select_option("16×")
    player.get_by_role("button", name="Play", exact=True).first.click()
    expect(conversation(player)).to_contain_text("Where is my order?")
    expect(conversation(player)).to_contain_text("It is on its way.")
    stands_at(player, 30_000)
    expect(player.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(player.get_by_label("So far")).to_contain_text("2 calls")


def test_a_response_streams_in_between_its_first_token_and_its_end(page: Page, session_id: str) -> None:
    play_page(page, session_id, "?t=2400")
    expect(conversation(page)).to_contain_text("waiting")
    lengths = []
    for moment in (2_900, 3_400, 4_000):
        play_page(page, session_id, f"?t={moment}")
        expect(inspector(page).get_by_role("button", name="Copy the response")).to_be_visible()
        lengths.append(len(conversation(page).locator(".rich").first.inner_text()))
    assert 0.2 < lengths[0] / lengths[2] < 0.35
    assert 0.53 < lengths[1] / lengths[2] < 0.68


def test_idle_time_is_skipped_unless_it_is_not(player: Page) -> None:
    scrub(player, 0.25, 0.3)
    player.keyboard.press("Space")
    expect(conversation(player)).to_contain_text("That helped")  # 16 seconds later, were the pause not skipped
    player.get_by_label("Skip").select_option("skip nothing")
    scrub(player, 0.25, 0.3)
    expect(conversation(player)).not_to_contain_text("That helped")


def test_scrubbing_shows_what_was_there_at_that_moment(player: Page) -> None:
    scrub(player, 0.1, 0.5, 0.94)
    expect(conversation(player)).to_contain_text("And the refund?")
    scrub(player, 0.94, 0.2)
    assert 5_000 < now(player) < 7_000
    expect(conversation(player)).to_contain_text("look up order")
    expect(conversation(player)).not_to_contain_text("And the refund?")
    expect(player.get_by_label("So far")).to_contain_text("1 call")


def test_keys_play_seek_step_and_find_errors(player: Page) -> None:
    player.keyboard.press("ArrowRight")
    stands_at(player, 5_000)
    player.keyboard.press("ArrowLeft")
    stands_at(player, 0)
    player.keyboard.press("Shift+ArrowRight")
    stands_at(player, 1_000)
    player.keyboard.press("Shift+ArrowRight")
    stands_at(player, 4_000)
    expect(inspector(player)).to_contain_text("event 2 of 7")
    player.keyboard.press("e")
    stands_at(player, 5_500)
    expect(inspector(player)).to_contain_text("card refused")
    player.keyboard.press("End")
    stands_at(player, 30_000)
    player.keyboard.press("Home")
    stands_at(player, 0)
    player.keyboard.press("ArrowUp")
    expect(player.get_by_label("Speed")).to_have_value("2")
    player.keyboard.press("Space")
    expect(player.get_by_role("button", name="Pause")).to_be_visible()
    player.keyboard.press("Space")
    expect(player.get_by_role("button", name="Pause")).to_have_count(0)


def test_space_plays_after_a_click_and_presses_what_was_reached_by_keyboard(player: Page) -> None:
    player.get_by_role("button", name="Next event").click()
    player.keyboard.press("Space")
    expect(player.get_by_role("button", name="Pause")).to_be_visible()
    player.keyboard.press("Space")
    player.keyboard.press("Home")
    player.get_by_role("button", name="Previous event").focus()
    player.keyboard.press("Tab")
    player.keyboard.press("Tab")
    player.keyboard.press("Space")
    stands_at(player, 1_000)


def test_a_click_on_a_bar_chooses_its_event(player: Page) -> None:
    box = playhead(player).bounding_box()
    assert box is not None
    player.mouse.click(box["x"] + (box["width"] - 8) * 3 / 30, box["y"] + 30)
    expect(inspector(player)).to_contain_text("Where is my order?")
    player.wait_for_url(re.compile(r"\?event=first$"))


def test_keys_do_nothing_while_somebody_types(player: Page) -> None:
    player.keyboard.press("s")
    dialog = player.get_by_role("dialog", name="Share this session")
    dialog.get_by_label("With a password").check()
    dialog.get_by_label("Password", exact=True).fill("fees")
    player.keyboard.type(" e?")
    expect(dialog.get_by_label("Password", exact=True)).to_have_value("fees e?")
    player.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    stands_at(player, 0)


def test_the_help_sheet_lists_the_keys(player: Page) -> None:
    player.keyboard.press("?")
    sheet = player.get_by_role("dialog", name="Keys")
    expect(sheet).to_contain_text("Next or previous error")
    player.keyboard.press("Escape")
    expect(sheet).to_have_count(0)


def test_the_playhead_is_a_slider_for_the_keyboard(player: Page) -> None:
    playhead(player).focus()
    player.keyboard.press("ArrowRight")
    expect(playhead(player)).to_have_attribute("aria-valuetext", "00:05.000 of 00:30.000")


def test_the_speed_is_remembered(player: Page, session_id: str) -> None:
    player.get_by_label("Speed").select_option("4×")
    play_page(player, session_id)
    expect(player.get_by_label("Speed")).to_have_value("4")


def test_the_inspector_shows_the_event_whole(page: Page, session_id: str) -> None:
    play_page(page, session_id, "?event=second")
    stands_at(page, 28_000)
    pane = inspector(page)
    expect(pane).to_contain_text("event 7 of 7")
    for fact in ("gpt-4o", "openai", "1,000 ms", "$0.0123", "reported by the application", "And the refund?"):
        expect(pane).to_contain_text(fact)
    expect(pane).to_contain_text("src/orders.py")
    expect(pane).to_contain_text("42.5 %")
    pane.get_by_role("button", name="Raw JSON").click()
    expect(pane).to_contain_text('"costSource": "reported"')


def test_a_step_says_where_it_stands_and_leads_there(page: Page, session_id: str) -> None:
    play_page(page, session_id, "?event=refund")
    where = page.get_by_role("navigation", name="Where this step stands")
    where.get_by_role("button", name="look up order").click()
    expect(inspector(page)).to_contain_text("on the critical path")
    stands_at(page, 5_000)


def test_the_address_names_the_moment_and_leads_back_to_it(player: Page) -> None:
    player.keyboard.press("Shift+ArrowRight")
    player.wait_for_url(re.compile(r"\?event=open$"))
    player.keyboard.press("ArrowRight")
    player.wait_for_url(re.compile(r"\?t=6000$"))
    player.reload()
    stands_at(player, 6_000)
    expect(conversation(player)).to_contain_text("src/orders.py")


def test_zooming_keeps_the_playhead_and_comes_back_to_the_whole(player: Page) -> None:
    scrub(player, 0.4, 0.5)
    player.get_by_role("button", name="Zoom in").click()
    player.get_by_role("button", name="Zoom in").click()
    scrub(player, 0.5, 0.6)
    assert 14_000 < now(player) < 17_000
    player.get_by_role("button", name="Whole session").click()
    expect(player.get_by_role("button", name="Zoom out")).to_be_disabled()


def test_stepping_event_by_event_takes_no_longer_for_long_pauses(player: Page) -> None:
    player.get_by_label("Pace").select_option("event by event")
    player.get_by_label("Speed").select_option("16×")
    player.keyboard.press("Space")
    expect(conversation(player)).to_contain_text("It is on its way.")


@pytest.mark.parametrize("active", [True, False], ids=["still recording", "ended"])
def test_a_recording_without_events_says_so(page: Page, api: httpx.Client, active: bool) -> None:
    session_id = start(api, label="Empty") if active else recorded(api, until=5, label="Empty")
    play_page(page, session_id)
    expect(page.get_by_text("Nothing recorded yet" if active else "Nothing was recorded")).to_be_visible()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("e")
    expect(page.get_by_role("heading", level=1)).to_have_text("Empty")


def test_a_session_that_is_not_there_says_so(page: Page, watch: Watch) -> None:
    watch.expected = lambda problem: "404" in problem
    page.goto("/sessions/replay/nowhere")
    expect(page.get_by_text("There is no such session")).to_be_visible()


def test_on_a_phone_the_panes_are_tabs_under_the_transport(page: Page, session_id: str) -> None:
    page.set_viewport_size({"width": 380, "height": 800})
    play_page(page, session_id, "?event=second")
    expect(conversation(page)).to_contain_text("And the refund?")
    page.get_by_role("tab", name="inspector").click()
    expect(inspector(page)).to_contain_text("reported by the application")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 380


def test_a_long_session_opens_scrubs_and_keeps_the_page_small(page: Page, api: httpx.Client) -> None:
    events = [call(i, f"Question {i}", f"Answer {i}", latency=400, id=f"c{i}") for i in range(2000)]
    events += [step(i + 0.5, f"step {i}", latency=100, id=f"s{i}") for i in range(500)]
    session_id = recorded(api, *events, until=2000, label="Long")
    play_page(page, session_id)
    scrub(page, 0.1, 0.3, 0.7, 0.5)
    expect(conversation(page)).to_contain_text(re.compile(r"Answer (9|10)\d\d"))
    assert conversation(page).get_by_role("listitem").count() < 60
    play_page(page, session_id, "?event=c1999")
    expect(conversation(page)).to_contain_text("Answer 1999")
    expect(page.get_by_text("2,500 events", exact=True)).to_be_visible()
