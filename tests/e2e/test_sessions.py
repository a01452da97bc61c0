"""The session list: filters and order in the address, keys, long lists, export and deletion."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.conftest import Opener, Watch, sign_in, visitors
from tests.support.recordings import BASE, end, interaction, record, start
from tests.support.server import Server

Enter = Callable[[Locator], None]


@pytest.fixture
def three(api: httpx.Client) -> dict[str, str]:
    """A support chat, an agent that failed, and a chat in Japanese that still runs, by their labels."""
    support = start(api, label="Refund for order 8812", userId="user_1", tags=["vip", "eu"], metadata={"plan": "pro"})
    record(api, support, interaction("Where is my refund?", "On its way.", cost=0.5, latency=800))
    end(api, support)
    agent = start(api, label="Market analysis", feature="agent", source="manual", workspaceId="w1", tags=["eu"])
    record(
        api,
        agent,
        interaction("Compare three vendors", "Vendor A", model="claude-sonnet-4-5", provider="anthropic", cost=0.02),
        interaction("Go on", None, model="claude-sonnet-4-5", error="rate limited"),
    )
    end(api, agent, status="error")
    running = start(api, label="返品のお問い合わせ")
    record(api, running, interaction("返品できますか", "はい", tokens={"input": 10, "output": 5}, cost=0.000002))
    return {"support": support, "agent": agent, "running": running}


def query_of(page: Page) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(page.url).query)


def rows(page: Page) -> Locator:
    return page.get_by_role("table", name="Sessions").get_by_role("row").filter(has=page.get_by_role("link"))


def fill_and_apply(**values: str) -> Enter:
    def enter(panel: Locator) -> None:
        for label, value in values.items():
            panel.get_by_label(label.replace("_", " ")).fill(value)
        panel.get_by_role("button", name="Apply").click()

    return enter


def choose(name: str) -> Enter:
    return lambda panel: panel.get_by_role("button", name=re.compile(f"^{re.escape(name)}")).click()


# What is chosen and entered, what then stands in the address, and which session is left.
FILTERS: list[tuple[str, Enter, list[tuple[str, str]], str]] = [
    ("Status", choose("error"), [("status", "error")], "agent"),
    ("Feature", choose("agent"), [("appFeature", "agent")], "agent"),
    ("Model", choose("claude-sonnet-4-5"), [("aiModel", "claude-sonnet-4-5")], "agent"),
    ("Provider", fill_and_apply(Provider="anthropic"), [("provider", "anthropic")], "agent"),
    ("User", choose("user_1"), [("userId", "user_1")], "support"),
    ("Tag", choose("vip"), [("tag", "vip")], "support"),
    ("Source", choose("manual"), [("source", "manual")], "agent"),
    ("Errors", choose("with errors"), [("hasErrors", "true")], "agent"),
    ("Cost", fill_and_apply(**{"from": "0.1", "to": "2"}), [("minCost", "0.1"), ("maxCost", "2")], "support"),
    ("Tokens", fill_and_apply(**{"from": "15"}), [("minTokens", "15")], "running"),
    ("Calls", fill_and_apply(**{"from": "2"}), [("minInteractions", "2")], "agent"),
    ("Label", fill_and_apply(Label="Market analysis"), [("label", "Market analysis")], "agent"),
    ("Workspace", fill_and_apply(Workspace="w1"), [("workspaceId", "w1")], "agent"),
    ("Metadata", fill_and_apply(name="plan", value="pro"), [("metadata.plan", "pro")], "support"),
]


@pytest.mark.parametrize("case", FILTERS, ids=[each[0] for each in FILTERS])
def test_a_filter_is_a_chip_and_stands_in_the_address(
    three: dict[str, str], page: Page, case: tuple[str, Enter, list[tuple[str, str]], str]
) -> None:
    field, enter, query, left = case
    expect(rows(page)).to_have_count(3)
    page.get_by_role("button", name="Add a filter").click()
    panel = page.get_by_role("dialog", name="Add a filter")
    panel.get_by_role("button", name=field, exact=True).click()
    enter(panel)
    expect(rows(page)).to_have_count(1)
    assert query_of(page) == query
    expect(rows(page).get_by_role("link")).to_have_attribute("href", f"/sessions/replay/{three[left]}")
    page.reload()
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name=f"Remove filter {field}").click()
    expect(rows(page)).to_have_count(3)
    assert query_of(page) == []
    page.go_back()
    expect(rows(page)).to_have_count(1)


def test_filters_come_together_and_go_together(three: dict[str, str], page: Page) -> None:
    page.goto("/sessions?tag=eu&tag=vip&from=2020-01-01&sortBy=cost&q=refund")
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_have_value("refund")
    for chip in ("Tag: eu", "Tag: vip", "Started: since 2020-01-01"):
        expect(page.get_by_role("button", name=f"Remove filter {chip}")).to_be_visible()
    page.get_by_role("button", name="Clear all").click()
    expect(rows(page)).to_have_count(3)
    assert query_of(page) == [("sortBy", "cost")]


def test_a_range_of_days_reaches_back_from_now(three: dict[str, str], page: Page) -> None:
    page.get_by_role("button", name="Add a filter").click()
    page.get_by_role("dialog", name="Add a filter").get_by_role("button", name="Started", exact=True).click()
    page.get_by_role("button", name="Last hour").click()
    expect(page.get_by_role("button", name=re.compile("Remove filter Started"))).to_be_visible()
    expect(rows(page)).to_have_count(3)
    assert [name for name, _ in query_of(page)] == ["startDate"]


def test_typing_searches_in_any_script_and_enter_is_not_needed(three: dict[str, str], page: Page) -> None:
    expect(rows(page)).to_have_count(3)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.insert_text("返品")
    expect(rows(page)).to_have_count(1)
    assert query_of(page) == [("search", "返品")]


def test_a_facet_counts_and_filters(three: dict[str, str], page: Page) -> None:
    page.get_by_role("button", name="Facets").click()
    facets = page.get_by_role("complementary", name="Facets")
    chat = facets.get_by_role("button", name="chat")
    expect(chat).to_contain_text("2")
    chat.click()
    expect(rows(page)).to_have_count(2)
    expect(chat).to_have_attribute("aria-pressed", "true")
    chat.click()
    expect(rows(page)).to_have_count(3)


def test_a_press_on_a_head_sorts_and_a_second_one_turns_round(three: dict[str, str], page: Page) -> None:
    def labels() -> list[str]:
        return [text.strip() for text in rows(page).get_by_role("link").all_inner_texts()]

    page.get_by_role("button", name="Cost").click()
    expect(page.get_by_role("columnheader", name="Cost")).to_have_attribute("aria-sort", "descending")
    expect(rows(page).first).to_contain_text("Refund for order 8812")
    assert labels() == ["Refund for order 8812", "Market analysis", "返品のお問い合わせ"]
    assert query_of(page) == [("sortBy", "cost")]
    page.get_by_role("button", name="Cost").click()
    expect(rows(page).first).to_contain_text("返品のお問い合わせ")
    assert query_of(page) == [("sortBy", "cost"), ("sortOrder", "asc")]


def test_a_row_says_what_happened_and_rounds_no_cost_to_zero(three: dict[str, str], page: Page) -> None:
    running = rows(page).filter(has_text="返品のお問い合わせ")
    expect(running).to_contain_text("$0.0000020")
    expect(running.get_by_text("recording")).to_be_attached()
    failed = rows(page).filter(has_text="Market analysis")
    expect(failed).to_contain_text("claude-sonnet-4-5")
    expect(failed.get_by_role("img", name="2 calls, 1 error")).to_be_visible()


def test_a_row_draws_what_happened_over_the_sessions_time(page: Page, api: httpx.Client) -> None:
    started = 1_772_323_200_000
    session = start(api, label="Half a call", startedAt=started)
    record(api, session, interaction(latency=24_000, timestamp=started + 24_000))
    record(api, session, {"type": "step", "name": "search", "error": "down", "timestamp": started + 48_000})
    end(api, session, endedAt=started + 48_000)
    picture = rows(page).get_by_role("img", name="1 call, 1 step, 1 error").locator("svg")
    expect(picture.locator(".interactions")).to_have_attribute("d", "M0 0h25v5h-25z")
    expect(picture.locator(".errors")).to_have_attribute("d", "M47 0h1v12h-1z")


def test_j_k_and_enter_open_a_session_and_back_returns(three: dict[str, str], page: Page) -> None:
    expect(rows(page)).to_have_count(3)
    for pressed in ("j", "j", "j", "k"):
        page.keyboard.press(pressed)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/sessions/replay/{three['agent']}*")
    page.go_back()
    expect(rows(page)).to_have_count(3)


def test_a_search_leads_to_its_session_by_keys_alone(three: dict[str, str], page: Page) -> None:
    expect(rows(page)).to_have_count(3)
    page.keyboard.press("/")
    page.keyboard.insert_text("vendors")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(1)
    page.keyboard.press("j")
    expect(rows(page).get_by_role("link")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/sessions/replay/{three['agent']}*")


def test_a_new_session_and_a_growing_one_appear_by_themselves(page: Page, api: httpx.Client) -> None:
    expect(page.get_by_role("heading", name="Nothing has been recorded yet")).to_be_visible()
    growing = start(api, label="Growing")
    expect(rows(page)).to_have_count(1)
    expect(rows(page).get_by_role("img", name="0 calls")).to_be_attached()
    record(api, growing, interaction())
    expect(rows(page).get_by_role("img", name="1 call")).to_be_attached()


def test_the_lines_on_the_empty_page_record_a_first_session(page: Page, key: str) -> None:
    lines = page.locator("pre").inner_text().replace("ph_…", key)
    environment = os.environ | {"NO_PROXY": "127.0.0.1"}
    subprocess.run([sys.executable, "-c", lines], check=True, timeout=60, env=environment)
    expect(rows(page)).to_have_count(1)
    expect(rows(page).get_by_role("img", name="1 call")).to_be_attached()


def test_filters_that_leave_nothing_say_so_and_can_be_cleared(three: dict[str, str], page: Page) -> None:
    page.goto("/sessions?aiModel=nobody")
    expect(page.get_by_role("heading", name="No session matches these filters")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(rows(page)).to_have_count(3)


def test_a_filter_that_the_server_refuses_is_explained(three: dict[str, str], page: Page, watch: Watch) -> None:
    watch.expected = lambda problem: "status of 422" in problem
    page.goto("/sessions?minCost=cheap")
    expect(page.get_by_role("heading", name="The server does not take these filters")).to_be_visible()
    expect(page.get_by_text("minCost")).to_be_visible()
    expect(page.get_by_text("≥ cheap")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(rows(page)).to_have_count(3)


def test_selected_sessions_are_exported_as_one_file(three: dict[str, str], page: Page) -> None:
    for name in ("Refund for order 8812", "Market analysis"):
        page.get_by_label(f"Select {name}").check()
    page.get_by_role("button", name="Export").click()
    panel = page.get_by_role("dialog", name="Export")
    expect(panel).to_contain_text("2 selected sessions")
    with page.expect_download() as saved:
        panel.get_by_role("button", name="Export").click()
    lines = saved.value.path().read_text(encoding="utf-8").splitlines()
    text = "\n".join(lines)
    assert all(json.loads(line) for line in lines)
    assert "Where is my refund?" in text
    assert "rate limited" in text
    assert "返品できますか" not in text


def test_all_that_the_filters_match_is_exported_as_csv(three: dict[str, str], page: Page) -> None:
    page.goto("/sessions?hasErrors=false")
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Export").click()
    panel = page.get_by_role("dialog", name="Export")
    expect(panel).to_contain_text("all 2 sessions")
    panel.get_by_label("CSV").check()
    with page.expect_download() as saved:
        panel.get_by_role("button", name="Export").click()
    assert saved.value.suggested_filename.endswith(".csv")
    text = saved.value.path().read_text(encoding="utf-8")
    assert "返品できますか" in text
    assert "rate limited" not in text


def test_deletion_asks_first_and_then_erases(three: dict[str, str], page: Page, api: httpx.Client) -> None:
    page.get_by_label("Select Market analysis").check()
    page.get_by_role("region", name="Selection").get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete 1 session?")
    dialog.get_by_role("button", name="Cancel").click()
    assert api.get(f"{BASE}/{three['agent']}").status_code == 200
    page.get_by_role("region", name="Selection").get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(rows(page)).to_have_count(2)
    assert api.get(f"{BASE}/{three['agent']}").status_code == 404


def test_a_long_list_draws_only_what_is_on_the_screen_and_reaches_its_end(page: Page, api: httpx.Client) -> None:
    many = 1500
    starts = [
        {"sessionId": f"n{number}", "type": "session.start", "data": {"feature": "chat", "label": f"number {number}"}}
        | {"timestamp": 1_700_000_000_000 + number}
        for number in range(many)
    ]
    assert api.post(f"{BASE}/events", json={"events": starts}).json()["data"]["accepted"] == many
    page.goto("/sessions")
    expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", str(many + 1))
    expect(rows(page).first).to_contain_text(f"number {many - 1}")
    page.keyboard.press("End")
    expect(page.get_by_role("link", name="number 0", exact=True)).to_be_in_viewport()
    assert page.get_by_role("row").count() < 100
    page.keyboard.press("Home")
    expect(page.get_by_role("link", name=f"number {many - 1}", exact=True)).to_be_in_viewport()


def test_hostile_labels_are_text(opened: Opener, key: str, api: httpx.Client) -> None:
    label = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    start(api, label=label, userId="<svg onload=alert(3)>", tags=["javascript:alert(4)"])
    page = sign_in(opened(), key)
    expect(page.get_by_role("link", name=label)).to_be_visible()


def test_a_server_that_went_away_is_said_and_found_again(browser: object, own_server: Server) -> None:
    with visitors(browser, own_server.url) as (opened, watch):  # type: ignore[arg-type]
        watch.expected = lambda problem: "net::ERR_INTERNET_DISCONNECTED" in problem
        page = sign_in(opened(), own_server.admin_key)
        expect(page.get_by_role("heading", name="Nothing has been recorded yet")).to_be_visible()
        page.get_by_role("link", name="Search").click()
        expect(page.get_by_role("heading", name="Search in everything recorded")).to_be_visible()
        page.context.set_offline(offline=True)
        page.get_by_role("searchbox").fill("words")
        expect(page.get_by_role("heading", name="The server did not answer")).to_be_visible()
        page.context.set_offline(offline=False)
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("heading", name="Nothing was recorded with these words")).to_be_visible()


def test_a_list_whose_server_went_away_says_so_and_follows_again(
    opened: Opener, watch: Watch, key: str, api: httpx.Client
) -> None:
    watch.expected = lambda problem: "net::ERR_INTERNET_DISCONNECTED" in problem
    start(api, label="Before")
    page = opened()
    page.clock.install()
    sign_in(page, key)
    expect(rows(page)).to_have_count(1)
    page.context.set_offline(offline=True)
    page.clock.fast_forward(6_000)
    expect(page.get_by_text("The server does not answer: this is what it said last.")).to_be_visible()
    expect(rows(page)).to_have_count(1)
    start(api, label="Meanwhile")
    page.context.set_offline(offline=False)
    page.clock.fast_forward(6_000)
    expect(rows(page)).to_have_count(2)
    expect(page.get_by_text("The server does not answer")).to_have_count(0)


def test_a_filter_is_set_and_taken_away_by_keys_alone(three: dict[str, str], page: Page) -> None:
    expect(rows(page)).to_have_count(3)
    page.get_by_role("button", name="Add a filter").focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog", name="Add a filter")
    expect(panel.get_by_role("button", name="Status", exact=True)).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="User", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("searchbox")).to_be_focused()
    page.keyboard.insert_text("user_1")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="Remove filter User: user_1").focus()
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(3)
    expect(page.get_by_role("button", name="Add a filter")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(page.get_by_role("button", name="Add a filter")).to_be_focused()


def test_a_phone_sorts_the_list_and_shows_the_first_lines(opened: Opener, key: str, api: httpx.Client) -> None:
    page = sign_in(opened(viewport={"width": 380, "height": 800}), key)
    expect(page.locator("pre")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for label, cost in (("Dear", 2), ("Cheap", 0.5)):
        record(api, start(api, label=label), interaction(cost=cost))
    expect(rows(page)).to_have_count(2)
    expect(rows(page).first).to_contain_text("Cheap")
    page.get_by_role("button", name="Sort").click()
    page.get_by_role("dialog", name="Sort").get_by_role("button", name="Cost").click()
    expect(rows(page).first).to_contain_text("Dear")
    page.get_by_role("button", name="Sort").click()
    page.get_by_role("group", name="Direction").get_by_role("button", name="Least or oldest first").click()
    expect(rows(page).first).to_contain_text("Cheap")
    assert query_of(page) == [("sortBy", "cost"), ("sortOrder", "asc")]
    page.get_by_label("Select Dear").check()
    bar = page.get_by_role("region", name="Selection")
    expect(bar.get_by_role("button", name="Clear")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", [380, 768])
def test_a_narrow_row_has_all_that_a_wide_one_has(opened: Opener, key: str, api: httpx.Client, width: int) -> None:
    session = start(api, label="Vendors", userId="user_1")
    record(api, session, interaction(model="gpt-4o", cost=0.5, tokens={"input": 1200, "output": 34}, error="boom"))
    page = sign_in(opened(viewport={"width": width, "height": 800}), key)
    row = rows(page).first
    says = ["Vendors", "$0.5000", "chat", "user_1", "1,234 tokens", "gpt-4o"]
    for text in says + (["recording", "1 call", "1 failed"] if width < 640 else []):
        expect(row.get_by_text(text, exact=True)).to_be_in_viewport(ratio=1)
    expect(row.locator("time")).to_be_in_viewport(ratio=1)
    expect(row.get_by_role("img", name="1 call, 1 error")).to_be_in_viewport(ratio=1)
    place = page.locator(".place").first
    assert place.evaluate("place => place.firstElementChild.scrollHeight <= place.clientHeight")


def test_an_unknown_page_says_so(opened: Opener, key: str) -> None:
    page = sign_in(opened(), key)
    page.goto("/no/such/page")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
