"""The statistics page: its numbers, and where they lead."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.conftest import Opener, sign_in
from tests.support.recordings import end, eventually, interaction, record, start


@pytest.fixture
def stats(api: httpx.Client, opened: Opener, key: str) -> Page:
    """Three sessions on two days, one with an error, and a window on their statistics."""
    for number, (day, model, cost) in enumerate(
        [(1, "gpt-4o", 0.25), (2, "gpt-4o", 0.5), (2, "claude-haiku-4-5", 0.001)]
    ):
        session = start(api, userId=f"user_{number}", startedAt=f"2026-03-0{day}T12:00:00Z", label=f"session {number}")
        failed = {"error": "boom"} if number == 2 else {}
        tokens = {"input": 1000, "output": 10}
        record(
            api,
            session,
            interaction(
                model=model, cost=cost, tokens=tokens, latency=100, timestamp=f"2026-03-0{day}T12:00:05Z", **failed
            ),
        )
        end(api, session, endedAt=f"2026-03-0{day}T12:01:00Z")
    page = sign_in(opened(), key)
    page.get_by_role("link", name="Stats").click()
    return page


def query_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_the_tiles_show_the_totals_and_lead_to_the_sessions(stats: Page) -> None:
    for name, value in (("Sessions", "3"), ("Cost", "$0.7510"), ("Tokens", "3,030"), ("With errors", "33 %")):
        expect(stats.get_by_role("main").get_by_role("link", name=re.compile(f"^{name}"))).to_contain_text(value)
    stats.get_by_role("link", name=re.compile("^With errors")).click()
    expect(stats.get_by_role("link", name="session 2")).to_be_visible()
    assert query_of(stats) == {"hasErrors": ["true"]}


def test_a_row_leads_to_the_sessions_behind_it(stats: Page) -> None:
    stats.get_by_role("rowheader", name="gpt-4o").get_by_role("link").click()
    expect(stats.get_by_role("table", name="Sessions")).to_have_attribute("aria-rowcount", "3")
    assert query_of(stats) == {"aiModel": ["gpt-4o"]}


def test_pointing_at_a_day_tells_it_and_a_click_leads_to_it(stats: Page) -> None:
    chart = stats.get_by_role("img", name=re.compile("^Cost: 2 days, at most"))
    over = chart.locator(".u-over")
    box = over.bounding_box()
    assert box is not None
    over.hover(position={"x": box["width"] * 0.75, "y": box["height"] / 2})
    expect(chart).to_contain_text("$0.5010")
    over.click(position={"x": box["width"] * 0.75, "y": box["height"] / 2})
    expect(stats.get_by_role("table", name="Sessions")).to_have_attribute("aria-rowcount", "3")
    query = query_of(stats)
    assert query["startDate"] == ["2026-03-02T00:00:00.000Z"]
    assert query["endDate"] == ["2026-03-02T23:59:59.999Z"]


def test_the_grouping_and_the_filters_stand_in_the_address(stats: Page) -> None:
    stats.get_by_role("button", name="User", exact=True).click()
    expect(stats.get_by_role("rowheader")).to_have_count(3)
    assert query_of(stats) == {"groupBy": ["user"]}
    stats.goto("/stats?groupBy=model&startDate=2026-03-02")
    expect(stats.get_by_role("rowheader")).to_have_count(2)
    expect(stats.get_by_role("main").get_by_role("link", name=re.compile("^Sessions 2"))).to_be_visible()


def test_a_range_without_sessions_says_so(stats: Page) -> None:
    stats.goto("/stats?endDate=2020-01-01")
    expect(stats.get_by_role("heading", name="No session matches these filters")).to_be_visible()
    stats.get_by_role("button", name="Clear the filters").click()
    expect(stats.get_by_role("rowheader", name="gpt-4o")).to_be_visible()


def test_a_day_of_hours_is_one_press_away(stats: Page, api: httpx.Client) -> None:
    record(api, start(api), interaction(cost=0.1))
    stats.get_by_role("button", name="24 h").click()
    expect(stats.get_by_role("img", name=re.compile("^Cost: 1 hour"))).to_be_visible()
    assert query_of(stats)["groupBy"] == ["hour"]
    expect(stats.get_by_role("button", name="24 h")).to_have_attribute("aria-pressed", "true")


def test_the_most_expensive_and_the_slowest_sessions_lead_to_their_players(stats: Page) -> None:
    dearest = stats.get_by_role("table").filter(has=stats.get_by_role("heading", name="Most expensive sessions"))
    expect(dearest.get_by_role("rowheader")).to_have_text(["session 1", "session 0", "session 2"])
    expect(stats.get_by_role("heading", name="Slowest sessions")).to_be_visible()
    for cell in dearest.get_by_role("row").nth(1).get_by_role("cell").all()[1:]:
        expect(cell.get_by_role("link")).to_have_attribute("href", re.compile("^/sessions/replay/"))
    dearest.get_by_role("link", name="session 1").click()
    stats.wait_for_url("**/sessions/replay/*")
    stats.go_back()
    stats.get_by_role("link", name="Most expensive sessions").click()
    expect(stats.get_by_role("table", name="Sessions")).to_have_attribute("aria-rowcount", "4")
    assert query_of(stats) == {"sortBy": ["cost"]}


def test_every_number_of_a_table_leads_to_the_sessions_behind_it(stats: Page) -> None:
    row = stats.get_by_role("row").filter(has=stats.get_by_role("rowheader", name="gpt-4o"))
    expect(row.get_by_role("cell")).to_have_count(7)
    numbers = [cell for cell in row.get_by_role("cell").all() if cell.inner_text()]
    assert [cell.get_by_role("link").count() for cell in numbers] == [1] * len(numbers)
    row.get_by_role("link", name="$0.7500").click()
    expect(stats.get_by_role("table", name="Sessions")).to_have_attribute("aria-rowcount", "3")
    assert query_of(stats) == {"aiModel": ["gpt-4o"], "sortBy": ["cost"]}


def test_a_chart_has_its_own_colours_also_without_motion(opened: Opener, api: httpx.Client, key: str) -> None:
    record(api, start(api), interaction(cost=0.1, latency=100))
    page = sign_in(opened(reduced_motion="reduce"), key)
    page.goto("/stats")
    canvas = page.get_by_role("img", name=re.compile("^Calls")).locator("canvas")
    expect(canvas).to_be_visible()
    reddish_and_bluish = """canvas => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let coloured = 0;
        for (let at = 0; at < data.length; at += 4) if (Math.abs(data[at] - data[at + 2]) > 60) coloured += 1;
        return coloured;
    }"""
    page.wait_for_function(f"() => ({reddish_and_bluish})(document.querySelector('[aria-label^=Calls] canvas')) > 100")


def test_the_charts_are_a_table_for_the_keyboard(stats: Page) -> None:
    stats.get_by_text("The same as a table").focus()
    stats.keyboard.press("Enter")
    days = stats.get_by_role("table").filter(has=stats.get_by_role("columnheader", name="Day (UTC)"))
    expect(days.get_by_role("rowheader")).to_have_text(["Mar 2, 2026", "Mar 1, 2026"])
    numbers = [cell for cell in days.get_by_role("row").nth(1).get_by_role("cell").all() if cell.inner_text() != "–"]
    assert [cell.get_by_role("link").count() for cell in numbers] == [1] * len(numbers)
    expect(days.get_by_role("row").nth(1).get_by_role("link", name="$0.5010")).to_have_attribute(
        "href", re.compile("startDate=.*&sortBy=cost$")
    )
    days.get_by_role("link", name="Mar 2, 2026").press("Enter")
    expect(stats.get_by_role("table", name="Sessions")).to_have_attribute("aria-rowcount", "3")
    assert query_of(stats)["startDate"] == ["2026-03-02T00:00:00.000Z"]


def test_a_single_day_stands_in_the_middle_of_its_chart(page: Page, api: httpx.Client) -> None:
    page.emulate_media(color_scheme="light")
    record(api, start(api), interaction(cost=0.1, latency=100))
    page.goto("/stats")
    expect(page.get_by_role("img", name=re.compile("^Calls: 1 day"))).to_be_visible()
    calls = """() => {
        const canvas = document.querySelector('[aria-label^=Calls] canvas');
        if (!canvas?.width) return null;
        const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const columns = [];
        const blue = (at) => data[at] === 29 && data[at + 2] === 198;
        for (let at = 0; at < data.length; at += 4) if (blue(at)) columns.push((at / 4) % width);
        return columns.length ? [Math.min(...columns) / width, Math.max(...columns) / width] : null;
    }"""
    left, right = eventually(lambda: page.evaluate(calls))
    assert 0.4 < left < right < 0.7


def test_an_unknown_cost_is_no_zero(page: Page, api: httpx.Client) -> None:
    end(api, session := start(api, label="At home"))
    record(api, session, interaction(model="a-model-of-our-own"))
    page.goto("/stats")
    tile = page.get_by_role("main").get_by_role("link", name=re.compile("^Cost"))
    expect(tile).to_contain_text("unknown")
    expect(tile).to_contain_text("1 call without a price")
    expect(page.get_by_role("img", name="Cost: unknown")).to_be_visible()
    slowest = page.get_by_role("table").filter(has=page.get_by_role("heading", name="Slowest sessions"))
    expect(slowest.get_by_role("row", name="At home")).to_contain_text("unknown")
    expect(page.get_by_role("heading", name="Most expensive sessions")).to_have_count(0)
    expect(page.get_by_role("main")).not_to_contain_text("$0")


def test_what_is_not_named_is_summed_up_so_that_costs_add_up(page: Page, api: httpx.Client) -> None:
    for number in range(12):
        record(api, start(api), interaction(model=f"model-{number}", cost=0.25, tokens={"input": 100, "output": 1}))
    page.goto("/stats?groupBy=model")
    others = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="all others"))
    expect(others.get_by_role("cell")).to_have_text(["", "2", "202", "$0.5000", "", "", ""])
    page.goto("/stats")
    page.get_by_role("link", name="Show all", exact=True).click()
    expect(others).to_be_visible()


def test_all_others_lead_to_the_next_by_name_and_these_to_their_sessions(page: Page, api: httpx.Client) -> None:
    for number in range(12):
        record(api, start(api), interaction(model=f"model-{number:02}", cost=0.25, tokens={"input": 100, "output": 1}))
    page.goto("/stats?groupBy=model")
    models = page.get_by_role("main").get_by_role("rowheader")
    expect(models).to_have_count(11)
    page.get_by_role("button", name="Name the next").press("Enter")
    expect(models.filter(has_text="all others")).to_have_count(0)
    expect(models.filter(has_text="model-")).to_have_count(12)
    last = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="model-11"))
    expect(last.get_by_role("cell")).to_have_text(["1", "1", "101", "$0.2500", "", "–", "–"])
    last.get_by_role("link", name="$0.2500").click()
    expect(page.get_by_role("table", name="Sessions")).to_have_attribute("aria-rowcount", "2")
    assert query_of(page)["aiModel"] == ["model-11"]


def test_sessions_have_a_chart_of_their_own(stats: Page) -> None:
    expect(stats.get_by_role("img", name="Sessions: 2 days, at most 2")).to_be_visible()
    expect(stats.locator("canvas")).to_have_count(6)


def test_what_nobody_knows_the_cost_of_is_no_zero_where_it_is_summed_up(page: Page, api: httpx.Client) -> None:
    for number in range(12):
        record(api, start(api), interaction(model=f"our-own-{number}", tokens={"input": 100, "output": 1}))
    page.goto("/stats?groupBy=model")
    others = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="all others"))
    expect(others.get_by_role("cell")).to_have_text(["", "2", "202", "–", "", "", ""])
