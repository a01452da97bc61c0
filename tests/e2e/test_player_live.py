"""The player on a session that is still being recorded, and on a session that was shared."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.conftest import Opener, Watch
from tests.e2e.test_player import conversation, inspector, now, play_page, playhead
from tests.support.players import at, call, moment, recorded, support_chat
from tests.support.recordings import end, interaction, record, start


@pytest.fixture
def session_id(api: httpx.Client) -> str:
    """A session that has just begun."""
    return start(api, label="Chat in progress")


def test_what_is_recorded_appears_while_one_watches(page: Page, api: httpx.Client, session_id: str) -> None:
    play_page(page, session_id)
    expect(page.get_by_text("Nothing recorded yet")).to_be_visible()
    record(
        api, session_id, interaction("First question", "First answer", latency=300, tokens={"input": 7, "output": 3})
    )
    expect(conversation(page)).to_contain_text("First answer")
    record(api, session_id, interaction("Second question", "Second answer", latency=300))
    expect(conversation(page)).to_contain_text("Second answer")
    expect(page.get_by_label("So far")).to_contain_text("2 calls")
    expect(inspector(page)).to_contain_text("event 2 of 2")
    end(api, session_id)
    expect(page.get_by_text("recording", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="live")).to_have_count(0)


def test_a_live_session_can_be_paused_looked_back_into_and_caught_up(
    page: Page, api: httpx.Client, session_id: str
) -> None:
    record(api, session_id, interaction("Earlier question", "Earlier answer", latency=200))
    play_page(page, session_id)
    expect(conversation(page)).to_contain_text("Earlier answer")
    page.keyboard.press("Space")
    record(api, session_id, interaction("Later question", "Later answer", latency=200))
    expect(page.get_by_text("2 events")).to_be_visible()
    expect(conversation(page)).not_to_contain_text("Later answer")
    page.get_by_role("button", name=re.compile("catch up")).click()
    expect(conversation(page)).to_contain_text("Later answer")
    page.keyboard.press("Home")
    expect(playhead(page)).to_have_attribute("aria-valuenow", "0")
    page.keyboard.press("l")
    expect(conversation(page)).to_contain_text("Later answer")


def test_sharing_makes_a_link_that_plays_without_a_key_until_it_is_revoked(
    page: Page, api: httpx.Client, opened: Opener, watch: Watch
) -> None:
    play_page(page, support_chat(api))
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Share this session")
    dialog.get_by_label("Expires after").select_option("1 day")
    dialog.get_by_label("Views at most").fill("5")
    dialog.get_by_role("button", name="Make a link").click()
    link = dialog.get_by_label("Link", exact=True).input_value()
    assert "/shared/session/" in link
    expect(dialog).to_contain_text("0 of 5 views")

    visitor = opened()
    visitor.goto(link)
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Refund for order 8812")
    visitor.keyboard.press("End")
    expect(conversation(visitor)).to_contain_text("It is on its way.")
    expect(inspector(visitor)).to_contain_text("gpt-4o")
    expect(visitor.get_by_role("button", name="Share")).to_have_count(0)
    visitor.keyboard.press("s")
    expect(visitor.get_by_role("dialog")).to_have_count(0)

    dialog.get_by_role("button", name="Revoke").click()
    expect(dialog).to_contain_text("revoked")
    watch.expected = lambda problem: "404" in problem
    visitor.reload()
    expect(visitor.get_by_role("heading", level=1, name="Refund for order 8812")).to_have_count(0)
    expect(visitor.get_by_text("does not lead anywhere")).to_be_visible()


def test_a_live_session_plays_live_on_a_shared_page(api: httpx.Client, opened: Opener, session_id: str) -> None:
    answer = api.post(f"/api/session-replay/{session_id}/share", json={})
    visitor = opened()
    visitor.goto(answer.json()["data"]["shareUrl"])
    expect(visitor.get_by_text("Nothing recorded yet")).to_be_visible()
    record(api, session_id, interaction("Question", "An answer for everybody", latency=100))
    expect(conversation(visitor)).to_contain_text("An answer for everybody")


def test_a_connection_that_was_lost_misses_nothing(
    page: Page, api: httpx.Client, session_id: str, watch: Watch
) -> None:
    record(api, session_id, interaction("Before", "Said before", latency=100))
    play_page(page, session_id)
    expect(conversation(page)).to_contain_text("Said before")
    watch.expected = lambda problem: "Failed to load resource" in problem
    live = re.compile("/live$")
    page.route(live, lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("button", name="reconnecting")).to_be_visible()
    record(api, session_id, interaction("Meanwhile", "Said meanwhile", latency=100))
    page.unroute(live)
    expect(conversation(page)).to_contain_text("Said meanwhile")
    expect(page.get_by_text("2 events")).to_be_visible()


def announced(api: httpx.Client, session_id: str, at: datetime) -> None:
    waiting = {"type": "interaction", "id": "slow", "timestamp": at.isoformat(), "model": "gpt-4o", "prompt": "Hello?"}
    record(api, session_id, waiting | {"pending": True})


def test_a_call_that_hangs_is_waited_for_until_it_is_completed(page: Page, api: httpx.Client) -> None:
    began = datetime.now(UTC) - timedelta(seconds=30)
    session_id = start(api, startedAt=began.isoformat())
    play_page(page, session_id)
    announced(api, session_id, began + timedelta(seconds=10))
    expect(conversation(page)).to_contain_text("Hello?")
    expect(conversation(page)).to_contain_text("waiting")
    expect(conversation(page)).to_contain_text("since 00:10.000")
    expect(inspector(page)).to_contain_text("since 00:10.000")
    expect(page.get_by_label("So far")).to_contain_text("0 calls")
    stood = now(page)
    page.wait_for_function(
        "before => +document.querySelector('[role=slider]').getAttribute('aria-valuenow') > before + 900",
        arg=max(stood, 30_000),
    )

    record(api, session_id, interaction("Hello?", "Here I am.", id="slow", latency=400, cost=0.5))
    expect(conversation(page)).to_contain_text("Here I am.")
    expect(conversation(page)).not_to_contain_text("waiting")
    expect(inspector(page)).to_contain_text("event 1 of 1")
    expect(inspector(page)).to_contain_text("400 ms")
    expect(page.get_by_label("So far")).to_contain_text("1 call")


def test_a_session_with_a_call_that_hangs_opens_at_the_present(page: Page, api: httpx.Client) -> None:
    began = datetime.now(UTC) - timedelta(seconds=60)
    session_id = start(api, startedAt=began.isoformat())
    announced(api, session_id, began + timedelta(seconds=10))
    play_page(page, session_id)
    assert now(page) >= 60_000


def test_a_completion_that_came_while_the_page_was_away_is_there_when_it_is_back(
    page: Page, api: httpx.Client, session_id: str
) -> None:
    announced(api, session_id, datetime.now(UTC))
    play_page(page, session_id)
    expect(conversation(page)).to_contain_text("waiting")
    page.reload()
    record(api, session_id, interaction("Hello?", "Here I am.", id="slow"))
    expect(conversation(page)).to_contain_text("Here I am.")


def test_what_was_lost_is_hatched_on_the_timeline_and_one_line_of_the_conversation(
    page: Page, api: httpx.Client
) -> None:
    reasons = {"queue_full": 58, "too_large": 3}
    session_id = recorded(
        api,
        call(2, "Before", "the hole", id="before", latency=500),
        moment(20, "gap", id="hole", count=61, reasons=reasons, **{"from": at(10)}),
        call(28, "After", "the hole", id="after", latency=500),
        until=30,
    )
    play_page(page, session_id)
    expect(page.get_by_text("61 lost", exact=True)).to_be_visible()
    page.keyboard.press("End")
    expect(conversation(page)).to_contain_text("61 events lost")
    expect(conversation(page)).to_contain_text("58 queue full, 3 too large")
    box = playhead(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 26)
    expect(page.locator(".timeline .hint")).to_contain_text("61 events lost")
    expect(page.locator(".timeline .hint")).to_contain_text("58 queue full, 3 too large")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 26)
    expect(inspector(page)).to_contain_text("61 events lost")
    expect(inspector(page)).to_contain_text("queue full 58")
    expect(inspector(page)).to_contain_text("What they cost is in no total")
