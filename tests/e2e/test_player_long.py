"""Long sessions: what is around the playhead is there first, and nothing that is not here is passed over."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, Route, expect
from tests.e2e.test_player import conversation, inspector, play_page, playhead
from tests.support.players import at, call, moment, recorded
from tests.support.recordings import end, record

EVENTS = 6_500
LAST_PAGES = 4_000
FAILED = 3_000


@pytest.fixture
def session_id(api: httpx.Client) -> str:
    """Four pages of events, one a second; the only error is on the second of them."""
    events = [
        call(n, f"question {n}", f"answer {n}", id=f"e{n}")
        if n % 10 == 0
        else moment(n, "user_action", id=f"e{n}", action=f"click {n}")
        for n in range(EVENTS)
    ]
    events[FAILED]["error"] = {"message": "the model was away"}
    session_id = recorded(api, *events[:4_000])
    record(api, session_id, *events[4_000:])
    end(api, session_id, endedAt=at(EVENTS))
    return session_id


class Gate:
    """Lets the pages around the end of a session through, and keeps those before it until it is opened."""

    def __init__(self, page: Page) -> None:
        self.asked: list[int] = []
        self.waiting: list[Route] = []
        page.route("**/player?after=*", self.take)

    def take(self, route: Route) -> None:
        after = int(parse_qs(urlsplit(route.request.url).query)["after"][0])
        self.asked.append(after)
        if after < LAST_PAGES:
            self.waiting.append(route)
        else:
            route.continue_()

    def open(self) -> None:
        for route in self.waiting:
            route.continue_()


def test_an_event_far_in_is_there_before_what_lies_between(page: Page, session_id: str) -> None:
    gate = Gate(page)
    play_page(page, session_id, "?event=e6400")
    expect(inspector(page).get_by_text("event 6,401 of 6,500")).to_be_visible()
    expect(conversation(page).get_by_text("answer 6400")).to_be_visible()
    assert gate.asked[0] == LAST_PAGES
    expect(playhead(page)).to_have_attribute("data-extent", "afar")
    page.get_by_label("follow").uncheck()
    conversation(page).evaluate("log => (log.scrollTop = 0)")
    expect(conversation(page).get_by_text("Earlier events are not loaded yet.")).to_be_visible()
    expect(conversation(page).get_by_text("click 4001")).to_be_visible()
    gate.open()
    expect(playhead(page)).to_have_attribute("data-extent", "whole")
    expect(conversation(page).get_by_text("Earlier events are not loaded yet.")).to_have_count(0)
    expect(conversation(page).get_by_text("click 4001")).to_be_visible()
    assert page.url.endswith("?event=e6400")


def test_a_step_to_the_next_error_waits_for_what_lies_between(page: Page, session_id: str) -> None:
    gate = Gate(page)
    play_page(page, session_id, "?event=e6400")
    expect(inspector(page).get_by_text("event 6,401 of 6,500")).to_be_visible()
    page.keyboard.press("Home")
    expect(conversation(page).get_by_text("answer 0")).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_role("status", name="Loading this part of the recording")).to_be_visible()
    gate.open()
    expect(inspector(page).get_by_text("the model was away").first).to_be_visible()
    expect(inspector(page).get_by_text("event 3,001 of 6,500")).to_be_visible()
