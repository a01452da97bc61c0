"""The compare page: choosing two sessions, what differs and where, and every state without a comparison."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.conftest import Opener, Watch, sign_in
from tests.e2e.test_quality import LOOKS, faults_of
from tests.support.recordings import BASE, end, eventually, interaction, record, start

STARTED_MS = 1_772_323_200_000


def chat(client: httpx.Client, *turns: tuple[str, str], **session: Any) -> str:
    """Record a chat of prompts and responses, a second apart."""
    session_id = start(client, startedAt=STARTED_MS, **session)
    calls = [
        interaction(asked, answered, timestamp=STARTED_MS + 1000 * place, cost=0.01, latency=500)
        for place, (asked, answered) in enumerate(turns, 1)
    ]
    record(client, session_id, *calls)
    end(client, session_id)
    return session_id


@pytest.fixture
def pair(api: httpx.Client) -> tuple[str, str]:
    """Two runs of a chat: the second turn is answered in other words, and the second run has one turn more."""
    first = chat(
        api,
        ("Hello", "Hi."),
        ("Where is my parcel?", "It is late."),
        ("Thanks", "Welcome."),
        label="Parcel, first run",
    )
    second = chat(
        api,
        ("Hello", "Hi."),
        ("Where is my parcel?", "It is here."),
        ("Thanks", "Welcome."),
        ("One more thing", "Yes?"),
        label="Parcel, second run",
    )
    eventually(lambda: len(api.get(f"{BASE}/search", params={"q": "parcel"}).json()["data"]) >= 4)
    return first, second


def turns(page: Page) -> Locator:
    return page.get_by_role("article")


def test_two_sessions_selected_in_the_list_are_compared(pair: tuple[str, str], page: Page) -> None:
    page.get_by_label("Select Parcel, first run").check()
    expect(page.get_by_role("link", name="Compare with…")).to_be_visible()
    page.get_by_label("Select Parcel, second run").check()
    page.get_by_role("region", name="Selection").get_by_role("link", name="Compare").click()
    expect(page.get_by_role("region", name="The first session")).to_contain_text("Parcel, first run")
    expect(page.get_by_role("region", name="The second session")).to_contain_text("Parcel, second run")
    assert parse_qs(urlsplit(page.url).query) == {"a": [pair[0]], "b": [pair[1]]}


def test_a_sessions_menu_and_a_search_choose_the_two(pair: tuple[str, str], page: Page) -> None:
    page.get_by_role("button", name="Menu of Parcel, first run").click()
    page.get_by_role("link", name="Compare with…").click()
    expect(page.get_by_role("heading", name="Choose a session to compare it with")).to_be_visible()
    page.get_by_role("button", name="Choose the second").click()
    expect(page.get_by_role("searchbox", name="Find a session")).to_be_focused()
    page.keyboard.insert_text("second")
    found = page.get_by_role("dialog", name="Choose the second").get_by_role("listitem")
    expect(found).to_have_count(1)
    found.get_by_role("button").click()
    expect(turns(page)).to_have_count(4)
    page.get_by_role("button", name="Swap the two").click()
    expect(page.get_by_role("region", name="The first session")).to_contain_text("Parcel, second run")


def test_a_cost_that_nobody_knows_is_unknown_wherever_sessions_are_compared(page: Page, api: httpx.Client) -> None:
    for label, members in (("At home", {"model": "our-own"}), ("Elsewhere", {"cost": 0.02})):
        record(api, session := start(api, label=label), interaction("Hello", "Hi.", **members))
        end(api, session)
    page.goto("/compare")
    for place, label in (("first", "At home"), ("second", "Elsewhere")):
        page.get_by_role("button", name=f"Choose the {place}").click()
        found = page.get_by_role("dialog").get_by_role("button", name=label)
        expect(found).to_contain_text("unknown" if label == "At home" else "$0.0200")
        found.click()
    rows = page.get_by_role("table").get_by_role("row")
    expect(rows.nth(1).get_by_role("cell").first).to_have_text("unknown")
    expect(rows.nth(2).get_by_role("cell").first).to_have_text("$0.0200")
    expect(rows.nth(3).get_by_role("cell").first).to_have_text("–")
    expect(turns(page)).to_contain_text("cost unknown")
    expect(page.get_by_role("main")).not_to_contain_text("$0.00 ")


def test_words_that_differ_are_marked_as_deleted_and_inserted(pair: tuple[str, str], page: Page) -> None:
    page.goto(f"/compare?a={pair[0]}&b={pair[1]}")
    changed = page.get_by_role("article", name="Turn 2, call, changed")
    expect(changed.get_by_role("deletion")).to_have_text("late")
    expect(changed.get_by_role("insertion")).to_have_text("here")
    expect(page.get_by_role("article", name="Turn 4, call, only in the second")).to_contain_text("One more thing")
    expect(page.get_by_role("row", name="Difference")).to_contain_text("+$0.0100")


def test_a_sentence_that_changed_is_one_change_and_not_one_a_word(api: httpx.Client, page: Page) -> None:
    a = chat(api, ("Say it", "You are a careful researcher, always."))
    b = chat(api, ("Say it", "You plan business trips by rail."))
    page.goto(f"/compare?a={a}&b={b}")
    changed = page.get_by_role("article", name="Turn 1, call, changed")
    expect(changed.get_by_role("deletion")).to_have_text("are a careful researcher, always")
    expect(changed.get_by_role("insertion")).to_have_text("plan business trips by rail")


def test_answers_in_markdown_are_read_as_such_and_show_their_signs_on_demand(api: httpx.Client, page: Page) -> None:
    same = "\n\n".join(f"Paragraph {number}, which is the same in both." for number in range(12))
    a = chat(api, ("Say it", f"## Answer\n\nIt is **late**.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n{same}"))
    b = chat(api, ("Say it", f"## Answer\n\nIt is **here**.\n\n| a | b |\n|---|---|\n| 1 | 3 |\n\n{same}"))
    page.goto(f"/compare?a={a}&b={b}")
    changed = page.get_by_role("article", name="Turn 1, call, changed")
    expect(changed.get_by_role("deletion")).to_have_text(["late", "2"])
    expect(changed.locator("strong").get_by_role("insertion")).to_have_text("here")
    expect(changed.get_by_role("cell", name="3").get_by_role("insertion")).to_be_visible()
    expect(changed).not_to_contain_text("**")
    expect(changed).not_to_contain_text("Paragraph 11")
    changed.get_by_role("button", name="characters that are the same").last.click()
    expect(changed.get_by_text("Paragraph 11")).to_be_visible()
    page.get_by_role("button", name="As written").click()
    expect(changed).to_contain_text("**late**")
    page.reload()
    expect(changed).to_contain_text("## Answer")


def test_a_change_of_markdown_s_signs_alone_is_shown_as_written(api: httpx.Client, page: Page) -> None:
    a, b = chat(api, ("Say it", "It is late.")), chat(api, ("Say it", "It is **late**."))
    page.goto(f"/compare?a={a}&b={b}")
    changed = page.get_by_role("article", name="Turn 1, call, changed")
    expect(changed).to_contain_text("**late**")


def test_keys_go_from_difference_to_difference_and_a_link_to_that_moment(pair: tuple[str, str], page: Page) -> None:
    page.goto(f"/compare?a={pair[0]}&b={pair[1]}")
    expect(page.get_by_role("button", name="turn 2")).to_be_visible()
    for pressed, turn in (("n", 2), ("n", 4), ("n", 4), ("p", 2)):
        page.keyboard.press(pressed)
        expect(page.locator(f"article[aria-current][aria-label^='Turn {turn},']")).to_be_focused()
    page.get_by_role("article", name="Turn 2").get_by_role("link").last.click()
    page.wait_for_url(f"**/sessions/replay/{pair[1]}?event=*")
    expect(page.get_by_text("It is here.").first).to_be_visible()


def test_only_changes_leaves_out_what_is_the_same_and_stands_in_the_address(pair: tuple[str, str], page: Page) -> None:
    page.goto(f"/compare?a={pair[0]}&b={pair[1]}")
    expect(turns(page)).to_have_count(4)
    page.get_by_role("button", name="Only changes").click()
    expect(turns(page)).to_have_count(2)
    page.reload()
    expect(turns(page)).to_have_count(2)


def test_a_difference_far_down_is_loaded_when_it_is_gone_to(api: httpx.Client, page: Page) -> None:
    asked = [(f"Question {number}", f"Answer {number}") for number in range(130)]
    a = chat(api, *asked)
    b = chat(api, *asked[:-1], (asked[-1][0], "Another one"))
    page.goto(f"/compare?a={a}&b={b}")
    expect(turns(page)).to_have_count(50)
    page.keyboard.press("n")
    expect(page.get_by_role("article", name="Turn 130, call, changed")).to_be_focused()
    expect(page.get_by_role("article", name="Turn 130, call, changed")).to_be_in_viewport()


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        (("", ""), "Choose two sessions"),
        (("first", ""), "Choose a session to compare it with"),
        (("first", "first"), "Both are the same session"),
        (("nobody", "first"), "The first session is not there"),
        (("first", "nobody"), "The second session is not there"),
        (("nobody", "no-one"), "Neither session is there"),
    ],
)
def test_what_cannot_be_compared_says_why(
    pair: tuple[str, str], page: Page, watch: Watch, chosen: tuple[str, str], says: str
) -> None:
    watch.expected = lambda problem: "status of 404" in problem
    a, b = (each.replace("first", pair[0]) for each in chosen)
    page.goto(f"/compare?a={a}&b={b}")
    expect(page.get_by_role("heading", name=says)).to_be_visible()


def test_sessions_that_are_equal_empty_or_foreign_say_so(api: httpx.Client, page: Page) -> None:
    one, copy = chat(api, ("Hello", "Hi.")), chat(api, ("Hello", "Hi."))
    page.goto(f"/compare?a={one}&b={copy}")
    expect(page.get_by_text("Every turn is the same in both: 1 turn.")).to_be_visible()
    page.goto(f"/compare?a={one}&b={chat(api, ('Entirely other', 'Indeed.'))}")
    expect(page.get_by_text("They have nothing in common")).to_be_visible()
    page.goto(f"/compare?a={start(api)}&b={start(api)}")
    expect(page.get_by_text("Neither session has a model call or a step.")).to_be_visible()


def test_hostile_texts_are_compared_as_text(api: httpx.Client, page: Page) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    a = chat(api, ("Hello", hostile), label="<script>alert(2)</script>")
    b = chat(api, ("Hello", hostile + " again"))
    page.goto(f"/compare?a={a}&b={b}")
    expect(page.get_by_role("article", name="Turn 1")).to_contain_text(hostile)
    expect(page.get_by_role("link", name="<script>alert(2)</script>")).to_be_visible()


@pytest.mark.parametrize("look", LOOKS)
def test_the_comparison_has_no_serious_fault(pair: tuple[str, str], opened: Opener, key: str, look: str) -> None:
    page = sign_in(opened(**LOOKS[look], bypass_csp=True, reduced_motion="reduce"), key)
    page.goto(f"/compare?a={pair[0]}&b={pair[1]}")
    expect(turns(page)).to_have_count(4)
    assert not faults_of(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
