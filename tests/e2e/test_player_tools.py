"""What one does with a recording in the player: ranges, finding, notes, the tree of steps, changed code, skipping;
at the desk and on a phone, in both schemes, and with the keyboard alone."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.conftest import Opener, Watch, sign_in
from tests.e2e.test_player import conversation, inspector, now, play_page, playhead, stands_at
from tests.e2e.test_quality import DESK, PHONE, faults_of
from tests.support.players import call, moment, recorded, step, support_chat
from tests.support.server import Server

from playhead import SessionReplayClient
from playhead.cli.demo import record_samples


@pytest.fixture
def session_id(api: httpx.Client) -> str:
    return support_chat(api)


@pytest.fixture
def player(page: Page, session_id: str) -> Page:
    return play_page(page, session_id)


def agent_run(client: httpx.Client) -> str:
    """Record an agent of ten seconds: two tools at once, of which the slower was waited for, and code that changed."""
    before = "import json\n\ndef find(order):\n    return json.loads(order)\n"
    return recorded(
        client,
        moment(1, "code_context", id="before", file="src/orders.py", snippet=before, language="python"),
        step(4, "quick search", id="quick", latency=1000, parentId="agent"),
        step(8, "slow search", id="slow", latency=5000, parentId="agent", input={"word": "Zahlungsart"}),
        call(9, "Sum up", "Nothing but air.", id="inside", latency=900, parentId="agent"),
        moment(
            9.5,
            "code_context",
            id="after",
            file="src/orders.py",
            snippet=before.replace("json.loads(order)", "orders[order]"),
            language="python",
            cursorPosition={"line": 4, "column": 11},
        ),
        step(10, "agent", id="agent", kind="agent", latency=8000),
        until=12,
    )


def range_bar(page: Page) -> Locator:
    return page.get_by_role("region", name="Range")


def finder(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Find in this session")


def notes(page: Page) -> Locator:
    return page.get_by_role("region", name="Notes")


def drag(page: Page, first: float, last: float) -> None:
    """Drag over the timeline with Shift, by shares of its width."""
    box = playhead(page).bounding_box()
    assert box is not None
    width = box["width"] - 8
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + first * width, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + last * width, box["y"] + 12, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")


# --- ranges -----------------------------------------------------------------------------------------------------------


def test_a_range_says_what_happened_in_it(player: Page) -> None:
    player.keyboard.press("ArrowRight")
    player.keyboard.press("[")
    expect(range_bar(player)).to_contain_text("00:05.000 – 00:30.000")
    expect(range_bar(player)).to_contain_text("5 events")
    expect(range_bar(player)).to_contain_text("1 call")
    expect(range_bar(player)).to_contain_text("$0.0123")
    expect(range_bar(player)).to_contain_text("1 error")
    player.keyboard.press("ArrowRight")
    player.keyboard.press("]")
    expect(range_bar(player)).to_contain_text("00:05.000 – 00:10.000")
    expect(range_bar(player)).to_contain_text("3 events")
    expect(range_bar(player)).to_contain_text("0 calls")
    player.keyboard.press("Escape")
    expect(range_bar(player)).to_have_count(0)


def test_a_range_is_played_in_a_loop_and_is_in_the_address(page: Page, session_id: str) -> None:
    play_page(page, session_id, "?from=2000&to=2400")
    expect(range_bar(page)).to_contain_text("00:02.000 – 00:02.400")
    page.keyboard.press("Space")
    page.evaluate(
        """() => new Promise((resolve) => {
          let [rounds, last] = [0, 0];
          const look = () => {
            const now = +document.querySelector('[role=slider]').getAttribute('aria-valuenow');
            if (now < last) rounds += 1;
            last = now;
            rounds < 2 ? requestAnimationFrame(look) : resolve();
          };
          look();
        })"""
    )
    assert 2_000 <= now(page) <= 2_400
    page.get_by_role("button", name="Play in a loop").click()
    stands_at(page, 2_400)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.get_by_role("button", name="Let go of the range").click()
    page.wait_for_url(lambda url: "from=" not in url)


def test_a_drag_with_shift_chooses_a_range_and_leaves_the_playhead(player: Page) -> None:
    player.keyboard.press("ArrowRight")
    drag(player, 0.6, 0.2)
    expect(range_bar(player)).to_contain_text(re.compile(r"00:0[56]\.\d{3} – 00:1[78]\.\d{3}"))
    stands_at(player, 5_000)
    player.get_by_role("button", name="Zoom to the range").click()
    expect(player.get_by_role("button", name="Whole session")).to_be_enabled()


def test_the_timeline_says_what_is_under_the_pointer(player: Page) -> None:
    said = {"calls": "gpt-4o", "cost": "$0.0063 so far", "cpu, mem": "CPU 43 %", "errors": "nothing happened, 19.0 s"}
    track = playhead(player).bounding_box()
    assert track is not None
    for name, words in said.items():
        label = player.locator(".labels").get_by_text(name, exact=True).bounding_box()
        assert label is not None
        share = 0.1 if name == "calls" else 0.5
        player.mouse.move(track["x"] + share * track["width"], label["y"] + label["height"] / 2)
        expect(player.locator(".timeline .hint")).to_contain_text(words)


def test_the_timeline_says_no_zero_where_no_price_is_known(page: Page, api: httpx.Client) -> None:
    calls = call(2, "Hello", "Well", model="nobody-prices-this"), call(20, "And now?", "Well", cost=0.5)
    play_page(page, recorded(api, *calls, until=30))
    track, label = playhead(page).bounding_box(), page.locator(".labels").get_by_text("cost", exact=True).bounding_box()
    assert track is not None
    assert label is not None
    for share, words in ((0.4, "cost unknown so far"), (0.9, "≥ $0.5000 so far")):
        page.mouse.move(track["x"] + share * track["width"], label["y"] + label["height"] / 2)
        expect(page.locator(".timeline .hint")).to_contain_text(words)


def test_the_player_fills_the_screen_and_leaves_it_again(player: Page) -> None:
    player.keyboard.press("f")
    player.wait_for_function("() => document.fullscreenElement?.classList.contains('stage')")
    expect(playhead(player)).to_be_visible()
    player.keyboard.press("f")
    player.wait_for_function("() => document.fullscreenElement === null")


# --- skipping ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("skip", "quick"),
    [("skip idle", False), ("skip waits", True), ("skip idle and waits", True), ("skip nothing", False)],
)
def test_waits_for_a_model_are_skipped_apart_from_idle_time(
    page: Page, api: httpx.Client, skip: str, quick: bool
) -> None:
    long_wait = call(60, "Think", "Done thinking.", id="c", latency=60_000, timeToFirstToken=59_000)
    play_page(page, recorded(api, long_wait, until=60), "?t=1")
    page.get_by_label("Skip").select_option(skip)
    page.get_by_label("Speed").select_option("4×")
    page.keyboard.press("Space")
    page.wait_for_function("() => +document.querySelector('[role=slider]').getAttribute('aria-valuenow') > 1500")
    if quick:
        stands_at(page, 60_000)
    else:
        page.keyboard.press("Space")
        assert now(page) < 30_000


# --- finding ----------------------------------------------------------------------------------------------------------


def test_a_text_is_found_wherever_it_was_said_and_marked(page: Page, api: httpx.Client) -> None:
    long_answer = "It left on Monday. " * 30 + "The Zahlungsart was invoice."
    events = [
        call(2, "Where is it?", long_answer, id="first", latency=500),
        step(5, "look up", id="lookup", latency=100, output={"state": "sent", "by": "zahlungsart"}),
        moment(8, "user_action", id="click", action="choose", target={"label": "ZAHLUNGSART"}),
        call(9, "Thanks", "Bye", id="bye", latency=100),
    ]
    play_page(page, recorded(api, *events, until=12))
    page.keyboard.press("/")
    page.keyboard.type("zahlungsart")
    expect(page.get_by_role("search")).to_contain_text("3")
    for place, seconds in enumerate((2, 5, 8, 2), 1):
        page.keyboard.press("Enter")
        expect(page.get_by_role("search")).to_contain_text(f"{(place - 1) % 3 + 1} of 3")
        stands_at(page, seconds * 1000)
    page.keyboard.press("Shift+Enter")
    stands_at(page, 8_000)
    expect(finder(page)).to_have_value("zahlungsart")
    assert page.evaluate("() => CSS.highlights.get('found-inspector').size") > 0
    expect(page.locator(".labels")).to_contain_text("found")
    page.keyboard.press("Escape")
    expect(finder(page)).to_have_value("")
    expect(page.locator(".labels")).not_to_contain_text("found")


def test_what_is_not_there_is_not_found_and_patterns_are_plain_text(player: Page) -> None:
    finder(player).fill(".*")
    expect(player.get_by_role("search")).to_contain_text("none")
    finder(player).fill("card REFUSED")
    expect(player.get_by_role("search")).to_contain_text("1")


# --- steps and code ---------------------------------------------------------------------------------------------------


def test_the_tree_says_what_had_to_be_waited_for(page: Page, api: httpx.Client) -> None:
    play_page(page, agent_run(api), "?event=slow")
    pane = inspector(page)
    expect(pane).to_contain_text("3 on the critical path")
    lines = pane.get_by_role("listitem")
    expect(lines).to_have_count(4)
    expect(lines.filter(has_text="slow search")).to_contain_text("on the critical path")
    expect(lines.filter(has_text="quick search")).not_to_contain_text("on the critical path")
    expect(lines.filter(has_text="agent").first).to_contain_text("2,100 ms")
    lines.filter(has_text="gpt-4o").get_by_role("button").last.click()
    expect(pane).to_contain_text("Nothing but air.")
    expect(page.get_by_role("navigation", name="Where this step stands")).to_contain_text("agent")
    pane.get_by_role("button", name="What agent called").click()
    expect(lines).to_have_count(1)


def test_code_shows_what_changed_since_it_was_seen_last(page: Page, api: httpx.Client) -> None:
    play_page(page, agent_run(api), "?event=after")
    pane = inspector(page)
    expect(pane).to_contain_text("line 4, column 11")
    pane.get_by_role("button", name="Changes +1 −1").click()
    difference = pane.get_by_role("group", name="Snippet: changes")
    expect(difference).to_contain_text("removed: ")
    expect(difference).to_contain_text("return json.loads(order)")
    expect(difference).to_contain_text("return orders[order]")
    pane.get_by_role("button", name="since 00:01").click()
    stands_at(page, 1_000)
    expect(pane.get_by_role("button", name="Changes")).to_have_count(0)


# --- notes ------------------------------------------------------------------------------------------------------------


def test_comments_and_bookmarks_are_written_changed_and_removed(player: Page, session_id: str) -> None:
    player.keyboard.press("ArrowRight")
    player.keyboard.press("c")
    dialog = player.get_by_role("dialog", name="Comment at 00:05.000")
    player.keyboard.type("Why does it ask twice? b")
    player.keyboard.press("Control+Enter")
    expect(dialog).to_have_count(0)
    player.keyboard.press("ArrowRight")
    player.keyboard.press("b")
    player.get_by_role("button", name="Notes 2").click()
    written = notes(player).get_by_role("article")
    expect(written.nth(0)).to_contain_text("Why does it ask twice? b")
    expect(written.nth(1).get_by_role("button", name="Go to 00:10.000")).to_be_visible()
    player.reload()
    player.get_by_role("button", name="Notes 2").click()
    written.nth(1).get_by_role("button", name="Name the bookmark").click()
    player.get_by_label("Name", exact=True).fill("Long pause")
    player.keyboard.press("Enter")
    expect(written.nth(1)).to_contain_text("Long pause")
    written.nth(0).get_by_role("button", name="Go to 00:05.000").click()
    stands_at(player, 5_000)
    written.nth(0).get_by_role("button", name="Remove the comment").click()
    written.nth(0).get_by_role("button", name="Remove it for good").click()
    expect(written).to_have_count(1)
    written.nth(0).get_by_role("button", name="Go to 00:10.000").click()
    player.keyboard.press("b")
    expect(notes(player)).to_contain_text("Nobody has written anything")
    expect(player.locator(".labels")).not_to_contain_text("notes")


def test_a_note_is_a_tick_on_the_timeline_that_says_itself(player: Page, api: httpx.Client, session_id: str) -> None:
    path = f"/api/session-replay/{session_id}/notes"
    api.post(path, json={"at": 15_000, "text": "Half of it"}).raise_for_status()
    player.reload()
    expect(player.locator(".labels")).to_contain_text("notes")
    box = playhead(player).bounding_box()
    assert box is not None
    x, y = box["x"] + (box["width"] - 8) / 2 + 3, box["y"] + 29
    player.mouse.move(x, y)
    expect(player.locator(".timeline .hint")).to_contain_text("Half of it")
    player.mouse.click(x, y)
    stands_at(player, 15_000)


def test_a_key_that_may_only_read_sees_notes_and_is_told_that_it_writes_none(
    opened: Opener, server: Server, watch: Watch
) -> None:
    admin = server.new_key(project="noted")
    with server.client(admin) as client:
        session_id = support_chat(client)
        path = f"/api/session-replay/{session_id}/notes"
        client.post(path, json={"at": 1000, "text": "Seen by all"}).raise_for_status()
    page = sign_in(opened(), server.new_key("read", project="noted"))
    play_page(page, session_id)
    page.keyboard.press("c")
    expect(notes(page).get_by_role("alert")).to_contain_text("not write beside it")
    expect(notes(page)).to_contain_text("Seen by all")
    expect(notes(page).get_by_role("button", name="Remove the comment")).to_have_count(0)


def test_a_key_pressed_the_moment_a_dialog_closes_is_not_lost(player: Page) -> None:
    for _ in range(10):
        player.keyboard.press("c")
        expect(player.get_by_role("dialog", name="Comment at")).to_be_visible()
        player.keyboard.press("Escape")
        player.keyboard.press("?")
        expect(player.get_by_role("dialog", name="Keys")).to_be_visible()
        player.keyboard.press("Escape")


def test_a_shared_page_has_ranges_and_finding_and_no_notes(api: httpx.Client, opened: Opener, session_id: str) -> None:
    path = f"/api/session-replay/{session_id}"
    api.post(f"{path}/notes", json={"at": 1000, "text": "Between us"}).raise_for_status()
    visitor = opened()
    visitor.goto(api.post(f"{path}/share", json={}).json()["data"]["shareUrl"] + "?from=5000&to=9000")
    expect(range_bar(visitor)).to_contain_text("00:05.000 – 00:09.000")
    finder(visitor).fill("refused")
    expect(visitor.get_by_role("search")).to_contain_text("1")
    visitor.keyboard.press("Tab")
    visitor.keyboard.press("c")
    visitor.keyboard.press("b")
    expect(visitor.get_by_role("dialog")).to_have_count(0)
    expect(visitor.get_by_role("button", name="Notes")).to_have_count(0)
    assert "Between us" not in visitor.content()


# --- every size, scheme and hand --------------------------------------------------------------------------------------


def test_on_a_phone_the_commands_fit_over_the_player_and_lead_from_it(
    opened: Opener, key: str, session_id: str
) -> None:
    page = sign_in(opened(viewport=PHONE), key)
    play_page(page, session_id)
    for by_key in (True, False):
        if by_key:
            page.keyboard.press("Control+k")
        else:
            page.get_by_role("button", name="Commands").click()
        commands = page.get_by_role("dialog", name="Commands")
        expect(commands.get_by_role("combobox")).to_be_focused()
        box = commands.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
        page.keyboard.press("Escape")
        expect(commands).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("stats")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Stats")).to_be_attached()


def test_on_a_phone_every_control_is_within_reach(opened: Opener, key: str, session_id: str) -> None:
    page = sign_in(opened(viewport=PHONE), key)
    play_page(page, session_id, "?t=5000")
    expect(page.get_by_label("Pace")).to_be_hidden()
    page.get_by_role("button", name="More controls").click()
    page.get_by_role("button", name="Bookmark this session").click()
    expect(page.get_by_role("button", name="Bookmark this session")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Full screen").click()
    page.wait_for_function("document.fullscreenElement !== null")
    page.get_by_role("button", name="Full screen").click()
    page.wait_for_function("document.fullscreenElement === null")
    page.get_by_label("Pace").select_option("event by event")
    page.get_by_role("button", name="Next error").click()
    stands_at(page, 5_500)
    page.get_by_role("button", name="Begin a range here").click()
    expect(range_bar(page)).to_contain_text("00:05.500 – 00:30.000")
    page.get_by_role("tab", name="notes").click()
    notes(page).get_by_role("button", name="Bookmark").click()
    expect(page.get_by_role("tab", name="notes 1")).to_be_visible()
    page.keyboard.press("/")
    expect(finder(page)).to_be_focused()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_no_tool_of_the_player_has_a_serious_fault(
    api: httpx.Client, opened: Opener, key: str, size: dict[str, int], scheme: str
) -> None:
    session_id = agent_run(api)
    api.post(f"/api/session-replay/{session_id}/notes", json={"at": 1000, "text": "A comment"}).raise_for_status()
    looks: dict[str, Any] = {"viewport": size, "color_scheme": scheme}
    page = sign_in(opened(**looks, bypass_csp=True, reduced_motion="reduce"), key)
    play_page(page, session_id, "?event=after&from=2000&to=9000")
    finder(page).fill("order")
    if size is PHONE:
        page.get_by_role("button", name="More controls").click()
        page.get_by_role("tab", name="inspector").click()
    page.get_by_role("button", name="Changes +1 −1").click()
    assert not faults_of(page)
    page.keyboard.press("Shift+ArrowRight")
    expect(inspector(page)).to_contain_text("on the critical path")
    assert not faults_of(page)
    page.get_by_role("button", name="Notes 1").or_(page.get_by_role("tab", name="notes 1")).click()
    expect(notes(page)).to_contain_text("A comment")
    assert not faults_of(page)
    page.keyboard.press("c")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert not faults_of(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert not faults_of(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


FOCUSED = (
    "() => { const at = document.activeElement; return at.ariaLabel || at.labels?.[0]?.innerText || at.innerText; }"
)


def tab_to(page: Page, name: str, most: int = 150) -> None:
    """Press Tab until what is called so has the focus, as one does who knows no other key."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if str(page.evaluate(FOCUSED)).strip().startswith(name):
            return
    raise AssertionError(f"no {name!r} within {most} presses of Tab")


def test_a_person_who_has_never_seen_the_page_finds_the_first_error_and_shares_that_moment(
    opened: Opener, server: Server, key: str
) -> None:
    """The demo's agent session: its first error, its cost so far, a link to that moment; by Tab and Enter alone."""
    with SessionReplayClient(server.url, key) as client:
        record_samples(client)
    page = sign_in(opened(permissions=["clipboard-read", "clipboard-write"]), key)
    tab_to(page, "Research: heat pump or gas for an old school")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("heat pump")
    tab_to(page, "1 error: go to the next")
    page.keyboard.press("Enter")
    expect(inspector(page)).to_contain_text("no answer from tariffs.example within 20 s")
    expect(page.get_by_label("So far")).to_contain_text("$0.0086")
    tab_to(page, "Share")
    page.keyboard.press("Enter")
    tab_to(page, "Make a link")
    page.keyboard.press("Enter")
    link = page.get_by_label("Link", exact=True)
    expect(link).to_have_value(re.compile(r"/shared/session/.+\?event=.+"))
    tab_to(page, "Copy the link")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Copied")).to_have_count(1)
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == link.input_value()

    visitor = opened()
    visitor.goto(copied)
    expect(inspector(visitor)).to_contain_text("no answer from tariffs.example within 20 s")
    expect(visitor.get_by_label("So far")).to_contain_text("$0.0086")
    expect(conversation(visitor)).to_contain_text("fetch_page")
