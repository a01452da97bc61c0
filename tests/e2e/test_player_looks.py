"""How the player says things: steps on one line, what a message carries, a price, a gap, tables, the share dialog."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.conftest import Opener, sign_in
from tests.e2e.test_player import conversation, inspector, play_page, playhead
from tests.e2e.test_player_tools import drag
from tests.e2e.test_quality import DESK, PHONE
from tests.support.players import at, call, moment, recorded, step, support_chat

SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def box_of(found: Locator) -> dict[str, float]:
    """Where something is on the page."""
    box = found.bounding_box()
    assert box is not None
    return {"top": box["y"], "bottom": box["y"] + box["height"], "left": box["x"], "right": box["x"] + box["width"]}


def agent(client: httpx.Client) -> str:
    """Record a call that asked for three tools, of which two ran at once within a chain, after it."""
    asked = [
        {"type": "function", "function": {"name": f"tool_{i}", "arguments": json.dumps({"q": i})}} for i in range(40)
    ]
    return recorded(
        client,
        call(2, "Do it", [{"role": "assistant", "content": "I will.", "tool_calls": asked}], id="ask", latency=1000),
        step(6, "web_search", id="one", latency=2000, parentId="both", input={"query": "price " * 40}),
        step(6, "gather", id="both", kind="chain", latency=2000, parentId="ask"),
        step(9, "save", id="save", latency=1000, parentId="ask", error={"message": "disk full", "type": "OSError"}),
        until=10,
        label="Research of every price that was ever asked for in the shops of the old town",
    )


@SIZES
def test_a_step_is_one_line_with_its_latency_at_the_end(
    opened: Opener, key: str, api: httpx.Client, size: dict[str, int]
) -> None:
    page = sign_in(opened(viewport=size), key)
    play_page(page, agent(api))
    page.keyboard.press("End")
    rows = conversation(page).locator("article")
    expect(rows.filter(has_text="price price")).to_be_visible()
    # All at one moment: the list may still be on its way to its end.
    row, name, latency = rows.filter(has_text="price price").evaluate(
        "row => [row, row.querySelector('.name'), row.querySelector('.note')].map((one) => one.getBoundingClientRect())"
    )
    assert latency["top"] < name["bottom"]
    assert latency["bottom"] > name["top"]
    assert name["right"] < latency["left"] <= latency["right"] <= row["right"]
    assert row["height"] <= 36
    expect(rows.filter(has_text="price price")).to_contain_text("2,000 ms")
    # What called stands above what it called, although it was recorded after it.
    expect(conversation(page)).to_contain_text(re.compile("gather.*web_search.*save"))


def test_of_very_many_tool_calls_the_rest_is_shown_when_it_is_asked_for(page: Page, api: httpx.Client) -> None:
    play_page(page, agent(api), "?event=ask")
    expect(conversation(page).get_by_text("tool_18", exact=True)).to_be_visible()
    expect(conversation(page).get_by_text("tool_39", exact=True)).to_have_count(0)
    conversation(page).get_by_role("button", name="21 more").click()
    expect(conversation(page).get_by_text("tool_39", exact=True)).to_be_visible()


def test_in_the_tree_a_tool_stands_where_it_ran_though_its_call_was_over(page: Page, api: httpx.Client) -> None:
    play_page(page, agent(api), "?event=save")
    where = page.get_by_role("navigation", name="Where this step stands")
    expect(where).to_contain_text("gpt-4o")
    for stretch in inspector(page).locator(".stretch").all():
        inner, outer = box_of(stretch.locator("i")), box_of(stretch)
        assert outer["left"] - 1 <= inner["left"] <= inner["right"] <= outer["right"] + 2
    where.get_by_role("button", name="gpt-4o").click()
    expect(inspector(page)).to_contain_text("event 1 of 4")


def test_a_call_that_broke_off_says_once_whose_it_was(page: Page, api: httpx.Client) -> None:
    events = [call(3, "Go on", "It was a dark and", error="connection closed", latency=2000, id="broken")]
    play_page(page, recorded(api, *events, until=4), "?event=broken")
    expect(conversation(page)).to_contain_text("connection closed")
    expect(conversation(page).get_by_text("gpt-4o")).to_have_count(1)


def test_what_has_no_price_is_not_said_to_cost_nothing(page: Page, api: httpx.Client) -> None:
    play_page(page, recorded(api, call(2, "Hello", "Well", model="nobody-prices-this"), until=3))
    page.keyboard.press("End")
    expect(page.get_by_label("So far")).to_contain_text("cost unknown")
    expect(page.get_by_label("So far")).not_to_contain_text("$0.00")


def test_what_a_message_carries_is_named_and_never_loaded(page: Page, api: httpx.Client) -> None:
    carried = [
        {"type": "text", "text": "Look at these"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "file", "file": {"filename": "lease.pdf", "file_data": "data:application/pdf;base64,AAAA"}},
    ]
    play_page(page, recorded(api, call(2, [{"role": "user", "content": carried}], "I see"), until=3))
    page.keyboard.press("End")
    for name, line in (
        ("Picture", "not loaded: https://example.com/a.png"),
        ("Sound", "wav · 3 B"),
        ("File", "lease.pdf · application/pdf · 3 B"),
    ):
        expect(conversation(page).locator("summary", has_text=name)).to_contain_text(line)


def test_columns_and_lists_look_as_they_were_written(page: Page, api: httpx.Client) -> None:
    written = "| colour | share |\n|---|---:|\n| red | 100 |\n\n- one\n  - two"
    play_page(page, recorded(api, call(2, "Table", written), until=3))
    page.keyboard.press("End")
    said = conversation(page)
    expect(said.get_by_role("cell", name="100")).to_have_css("text-align", "right")
    expect(said.get_by_role("cell", name="red")).to_have_css("text-align", "start")
    expect(said.locator(".rich ul").first).to_have_css("list-style-type", "disc")
    expect(said.locator(".rich ul ul")).to_have_css("list-style-type", "circle")


def test_an_answer_in_json_is_laid_out_and_streams_in_as_it_is(page: Page, api: httpx.Client) -> None:
    events = [call(4, "As JSON", '{"label":"positive","words":["good"]}', latency=2000, timeToFirstToken=0)]
    session_id = recorded(api, *events, until=5)
    play_page(page, session_id, "?t=4000")
    block = conversation(page).get_by_role("group", name="JSON")
    expect(block).to_have_text(json.dumps({"label": "positive", "words": ["good"]}, indent=2))
    play_page(page, session_id, "?t=3000")
    expect(block).to_contain_text('"label"')
    expect(block).not_to_contain_text("good")


def test_feedback_leads_to_what_it_is_about(page: Page, api: httpx.Client) -> None:
    said = moment(5, "feedback", id="liked", score=1, comment="Good", interactionId="asked")
    play_page(page, recorded(api, call(2, "Ask", "Say", id="asked"), said, until=6), "?event=liked")
    inspector(page).get_by_role("button", name=re.compile("gpt-4o at 00:02.000")).click()
    expect(inspector(page)).to_contain_text("event 1 of 2")


def test_an_event_of_which_only_strange_members_are_known_shows_them(page: Page, api: httpx.Client) -> None:
    strange = moment(2, "workspace_state", id="strange", branch="main", dirty=True)
    play_page(page, recorded(api, strange, until=3), "?event=strange")
    expect(inspector(page)).to_contain_text('"branch": "main"')
    expect(inspector(page).get_by_text("Workspace")).to_have_count(1)


def test_of_a_long_history_the_new_message_and_the_answer_are_seen_first(page: Page, api: httpx.Client) -> None:
    said = [{"role": role, "content": f"{role} {i}"} for i in range(6) for role in ("user", "assistant")]
    asked = [*said, {"role": "user", "content": "The newest"}]
    play_page(page, recorded(api, call(2, asked, "The answer", id="asked"), until=3), "?event=asked")
    expect(inspector(page).get_by_text("The newest")).to_be_visible()
    expect(inspector(page).get_by_text("user 0")).to_have_count(0)
    inspector(page).get_by_text("12 earlier messages").click()
    expect(inspector(page).get_by_text("user 0")).to_be_visible()
    expect(inspector(page).get_by_text("assistant 5")).to_be_visible()


def test_a_call_without_an_answer_is_not_waited_for_when_the_session_is_over(page: Page, api: httpx.Client) -> None:
    hanging = call(2, "Hello?", None, id="hanging", pending=True)
    play_page(page, recorded(api, hanging, until=5), "?event=hanging")
    expect(conversation(page)).to_contain_text("No answer was recorded: the session ended first.")
    expect(conversation(page)).not_to_contain_text("waiting")
    expect(inspector(page)).to_contain_text("never over")


def test_on_a_small_desk_the_controls_stay_on_one_line(opened: Opener, key: str, api: httpx.Client) -> None:
    page = sign_in(opened(viewport={"width": 1024, "height": 700}), key)
    play_page(page, support_chat(api))
    page.keyboard.press("End")
    expect(page.get_by_label("So far")).to_contain_text("2 calls")
    play, totals = (
        box_of(found) for found in (page.get_by_role("toolbar", name="Playback"), page.get_by_label("So far"))
    )
    assert play["bottom"] - play["top"] <= 48
    assert totals["right"] <= play["right"]


def test_a_gap_says_from_when_to_when_and_why(page: Page, api: httpx.Client) -> None:
    gap = moment(8, "gap", id="hole", count=7, reasons={"spool_full": 7}, **{"from": at(3)})
    play_page(page, recorded(api, call(1, "Ask", "Say"), gap, until=9), "?event=hole")
    expect(inspector(page)).to_contain_text("00:03.000 – 00:08.000")
    expect(inspector(page)).to_contain_text("spool full 7")


def test_nothing_covers_a_range_while_it_is_drawn(page: Page, api: httpx.Client) -> None:
    play_page(page, support_chat(api))
    box = box_of(playhead(page))
    page.mouse.move(box["left"] + 60, box["top"] + 30)
    expect(page.locator(".timeline .hint")).to_be_visible()
    drag(page, 0.2, 0.5)
    expect(page.get_by_role("region", name="Range")).to_be_visible()
    expect(page.locator(".timeline .hint")).to_have_count(0)


def test_on_a_phone_a_long_name_has_two_lines_and_what_is_unusual_is_seen(
    opened: Opener, key: str, api: httpx.Client
) -> None:
    page = sign_in(opened(viewport=PHONE), key)
    gap = moment(8, "gap", count=7, reasons={"spool_full": 7})
    play_page(page, recorded(api, call(1, "Ask", "Say"), gap, until=9, label="A very long name " * 6, userId="u" * 60))
    title = box_of(page.get_by_role("heading", level=1))
    assert 36 <= title["bottom"] - title["top"] <= 44
    expect(page.get_by_text("7 lost", exact=True)).to_be_in_viewport()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]


def focused(page: Page) -> Any:
    """What the element with the focus is called."""
    return page.evaluate(
        "() => document.activeElement.ariaLabel || document.activeElement.labels?.[0]?.innerText.trim()"
    )


def test_sharing_begins_at_the_first_question_and_ends_at_the_link(page: Page, api: httpx.Client) -> None:
    session_id = support_chat(api)
    play_page(page, session_id, "?t=5000")
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Share this session")
    assert focused(page).startswith("Anyone with the link")
    with page.expect_download() as saved:
        dialog.get_by_role("link", name="as a page").click()
    assert saved.value.suggested_filename.endswith(".html")
    dialog.get_by_label("Views at most").press("Enter")
    expect(dialog.get_by_label("Link", exact=True)).to_be_focused()
    expect(dialog.get_by_role("button", name="Copy the link")).to_be_visible()
