"""Makes the pictures of the README and of the walk-through, from the demo's sessions in a real browser.

`python -m docs.pictures` (`make pictures`) rewrites docs/images. It starts a demo of its own on a fresh directory, so
that two runs show the same; only dates differ. Each picture is at most 300 kB, or this fails.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import httpx
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

IMAGES: Final = Path(__file__).resolve().parent / "images"
MOST_BYTES: Final = 300_000
DESK: Final[ViewportSize] = {"width": 1280, "height": 760}
PHONE: Final[ViewportSize] = {"width": 380, "height": 760}
BASE: Final = "/api/session-replay"
AGENT: Final = "demo_agent-heat-pump"
SECOND: Final = "second-run"
# What the second run of the research says in other words, and with which model.
OTHERWISE: Final = (
    ("only just at today's prices", "by a hair, at the prices of this spring"),
    ("With wall", "With roof and wall"),
)


class Shot(NamedTuple):
    """One picture: where it is taken, and what happens on the page before."""

    name: str
    path: str
    steps: Callable[[Page], None]
    size: ViewportSize
    scheme: Literal["light", "dark"] = "light"


def main() -> None:
    """Take every picture; SystemExit names the ones that are too large."""
    with _demo() as (url, link), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        signed_in = _sign_in(browser, url, link)
        _record_second_run(url, signed_in)
        for shot in SHOTS:
            _take(browser, url, signed_in, shot)
        browser.close()
    large = [path.name for path in IMAGES.glob("*.png") if path.stat().st_size > MOST_BYTES]
    if large:
        raise SystemExit(f"larger than {MOST_BYTES} bytes: {', '.join(large)}")


@contextmanager
def _demo() -> Iterator[tuple[str, str]]:
    """Run a demo and yield its address and its sign-in link."""
    with tempfile.TemporaryDirectory() as data_dir:
        command = [sys.executable, "-m", "playhead", "demo", "--data-dir", data_dir, "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            said = dict(_said(running.stdout))
            try:
                yield said["Playhead listening on"], said["Open the dashboard:"]
            finally:
                running.send_signal(signal.SIGINT)


def _said(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Yield what the demo prints, up to its sign-in link, as words and what follows them."""
    for line in lines:
        words, _, value = line.strip().rpartition(" ")
        yield words, value
        if words == "Open the dashboard:":
            return


def _sign_in(browser: Browser, url: str, link: str) -> Any:
    context = browser.new_context(base_url=url)
    page = context.new_page()
    page.goto(link)
    expect(page.get_by_role("table", name="Sessions")).to_be_visible()
    state = context.storage_state()
    context.close()
    return state


def _record_second_run(url: str, signed_in: Any) -> None:
    """Record the research once more, with another model and other words, to have two runs to compare."""
    cookies = {cookie["name"]: cookie["value"] for cookie in signed_in["cookies"]}
    with httpx.Client(base_url=url, cookies=cookies, headers={"Origin": url}, trust_env=False) as client:
        first = client.get(f"{BASE}/{AGENT}/player").json()["data"]["session"]
        events = client.get(f"{BASE}/{AGENT}/events", params={"limit": 500}).json()["data"]
        session = {name: first[name] for name in ("appFeature", "userId", "tags", "startedAt")}
        session |= {"sessionId": SECOND, "label": f"{first['label']}, second run"}
        client.post(f"{BASE}/recording/start", json=session).raise_for_status()
        sent = [_otherwise(event) for event in events]
        client.post(f"{BASE}/{SECOND}/snapshot", json={"events": sent}).raise_for_status()
        client.post(f"{BASE}/{SECOND}/end", json={"endedAt": first["endedAt"]}).raise_for_status()


def _otherwise(event: dict[str, Any]) -> dict[str, Any]:
    data = {name: value for name, value in event.items() if name not in ENVELOPE}
    if event["type"] == "interaction" and isinstance(event.get("response"), str):
        for one, other in OTHERWISE:
            data["response"] = data["response"].replace(one, other)
        if data["response"] != event["response"]:
            data |= {"model": "gpt-5-mini", "latency": event["latency"] / 2}
    return {"type": event["type"], "timestamp": event["timestamp"], "data": data}


ENVELOPE: Final = {"id", "seq", "type", "timestamp", "receivedAt", "cost", "costSource"}


def _take(browser: Browser, url: str, signed_in: Any, shot: Shot) -> None:
    context = browser.new_context(
        base_url=url, storage_state=signed_in, viewport=shot.size, color_scheme=shot.scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(shot.path)
    shot.steps(page)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{shot.name}.png", animations="disabled")
    context.close()


def _list(page: Page) -> None:
    expect(page.get_by_role("link", name="Research: heat pump or gas for an old school", exact=True)).to_be_visible()
    expect(page.locator(".activity svg").nth(8)).to_be_visible()


def _player(page: Page) -> None:
    expect(page.get_by_text("Short answer").first).to_be_visible()


def _compare(page: Page) -> None:
    expect(page.get_by_role("button", name="Next difference")).to_be_visible()
    page.get_by_role("button", name="Only changes").click()
    expect(page.get_by_role("insertion").first).to_be_visible()


def _stats(page: Page) -> None:
    expect(page.locator("canvas")).to_have_count(6)
    expect(page.get_by_role("heading", name="Slowest sessions")).to_be_visible()


def _search(page: Page) -> None:
    expect(page.locator("mark").first).to_be_visible()


def _commands(page: Page) -> None:
    _list(page)
    page.keyboard.press("Control+k")
    page.keyboard.insert_text("heat")
    expect(page.get_by_role("option", name="Research: heat pump or gas for an old school").first).to_be_visible()


# 56.5 s is the moment at which the research's report streams in.
MOMENT: Final = f"/sessions/replay/{AGENT}?t=56500"
SHOTS: Final = (
    Shot("sessions", "/sessions", _list, DESK),
    Shot("player", MOMENT, _player, {"width": 1440, "height": 900}),
    Shot("player-phone", MOMENT, _player, PHONE, "dark"),
    Shot("compare", f"/compare?a={AGENT}&b={SECOND}", _compare, {"width": 1280, "height": 560}),
    Shot("stats", "/stats", _stats, DESK, "dark"),
    Shot("search", "/search?q=tariff", _search, {"width": 1280, "height": 400}),
    Shot("commands", "/sessions", _commands, DESK, "dark"),
)

if __name__ == "__main__":
    main()
