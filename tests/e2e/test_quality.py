"""What holds for every page: accessible in both schemes and sizes, never wider than the screen, little to load."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.conftest import Opener, sign_in
from tests.support.recordings import BASE, end, eventually, interaction, record, start

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 380, "height": 800}
LOOKS: dict[str, dict[str, Any]] = {
    "desk, light": {"viewport": DESK, "color_scheme": "light"},
    "desk, dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone, light": {"viewport": PHONE, "color_scheme": "light"},
    "phone, dark": {"viewport": PHONE, "color_scheme": "dark"},
}
FIRST_LOAD_BYTES = 150_000


@pytest.fixture
def recorded(api: httpx.Client) -> str:
    """An agent's session with an error and one that runs, both in the index."""
    session = start(
        api, label="Compare three vendors, in a label that is rather long", tags=["eu", "vip"], userId="user_1"
    )
    record(
        api,
        session,
        interaction("Compare three vendors", "Vendor A offers **more**.", latency=900, cost=0.01),
        {"type": "step", "name": "search", "kind": "tool", "latency": 120},
        {"type": "user_action", "action": "click", "target": "send"},
        interaction("Go on", None, error="rate limited"),
    )
    end(api, session)
    start(api)
    eventually(lambda: api.get(f"{BASE}/search", params={"q": "vendors"}).json()["data"])
    return session


def addresses(session: str, share_url: str) -> list[tuple[str, str]]:
    """Every page, and a text that it shows once it is there."""
    return [
        ("/sessions?feature=chat&tag=eu", "Compare three vendors"),
        ("/search?q=vendors", "call"),
        ("/stats", "Mean duration"),
        ("/stats?groupBy=model", "gpt-4o"),
        ("/settings", "What is left of it"),
        ("/no/such/page", "There is no such page"),
        (f"/sessions/replay/{session}", "Compare three vendors"),
        (share_url, "Compare three vendors"),
    ]


def faults_of(page: Page) -> list[str]:
    """What axe calls serious or critical, and where."""
    page.add_script_tag(path=AXE)
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{fault['id']} at {node['target']}: {node['failureSummary']}"
        for fault in found["violations"]
        if fault["impact"] in {"serious", "critical"}
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.timeout(240)
def test_no_page_has_a_serious_fault(recorded: str, api: httpx.Client, opened: Opener, key: str, look: str) -> None:
    share_url = api.post(f"{BASE}/{recorded}/share").json()["data"]["shareUrl"]
    # axe is put in from outside, which the page's own policy rightly forbids; every other test runs under the policy.
    page = sign_in(opened(**LOOKS[look], bypass_csp=True, reduced_motion="reduce"), key)
    for address, shows in addresses(recorded, share_url):
        page.goto(address)
        expect(page.get_by_text(shows).first).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert not faults_of(page), address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
            f"{address} is wider than the screen"
        )


def test_the_first_load_is_small(opened: Opener, key: str) -> None:
    page = opened()
    loaded: list[bytes] = []
    page.on(
        "response",
        lambda answer: loaded.append(answer.body()) if "javascript" in answer.headers.get("content-type", "") else None,
    )
    sign_in(page, key)
    page.wait_for_load_state("networkidle")
    assert 0 < sum(len(gzip.compress(script)) for script in loaded) <= FIRST_LOAD_BYTES
