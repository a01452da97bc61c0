"""The dashboard in a real Chromium: what the first page loads, how soon a session can be played, how smoothly it is
scrubbed and a long list scrolled, whether memory stays flat from session to session, and how soon a recorded event is
on a live page."""

from __future__ import annotations

import gzip
import shutil
import statistics
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Response, ViewportSize, sync_playwright

from benchmarks.harness import BASE, HEADERS, KEY, Figure, Server, interaction, request, server, starts

SIZES = {2_000: 700, 10_000: 1_000, 100_000: 2_000}
SMALL, LISTED, BATCH, MANY = 20, 200, 1_000, 50_000
STARTED_MS, STEP_MS = 1_760_000_000_000, 250
OPENINGS, FAR, CHANGES, ARRIVALS = 5, 3, 20, 40
# What the browser compiles and caches grows at first.
WARM_UP = 10
SCRUBS, ROUNDS = 240, 3
VIEW: ViewportSize = {"width": 1440, "height": 900}
BUILT = Path(__file__).parents[1] / "src" / "playhead" / "server" / "_ui" / "index.html"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-precise-memory-info"]

NOTICE = """
(selector) => {
  const found = () => {
    const element = document.querySelector(selector);
    if (!element || !element.clientHeight) return false;
    requestAnimationFrame(() => requestAnimationFrame(() => (window.thereAt ??= performance.now())));
    return true;
  };
  const watch = new MutationObserver(() => found() && watch.disconnect());
  watch.observe(document, { childList: true, subtree: true, attributes: true });
}
"""
PLAYABLE = "[role=slider] canvas"
ROW = "[role=row] a, .table a, main a[href^='/sessions/replay/']"
EXTENT = "(extents) => extents.includes(document.querySelector('[role=slider]')?.dataset.extent)"
# The last row on the screen shows what was said at the moment that the address names.
THERE = """(words) => document.querySelector('[role=log]')?.textContent.includes(words)
  && !document.querySelector('.settling')"""
FRAMES = """
(frames) => new Promise((resolve) => {
  const gaps = [];
  let last = performance.now();
  const next = (now) => {
    gaps.push(now - last);
    last = now;
    if (gaps.length < frames) requestAnimationFrame(next);
    else resolve(gaps.slice(2));
  };
  requestAnimationFrame(next);
})
"""
SCROLL = """
(frames) => new Promise((resolve) => {
  const gaps = [];
  let last = performance.now();
  const next = (now) => {
    gaps.push(now - last);
    last = now;
    window.scrollBy(0, 120);
    if (gaps.length < frames) requestAnimationFrame(next);
    else resolve(gaps.slice(2));
  };
  requestAnimationFrame(next);
})
"""
SCRUB = """
(frames) => new Promise((resolve) => {
  const track = document.querySelector('[role=slider]');
  const box = track.getBoundingClientRect();
  const send = (kind, share) => track.dispatchEvent(new PointerEvent(kind, {
    bubbles: true, button: 0, buttons: 1, pointerId: 1, isPrimary: true,
    clientX: box.left + 4 + share * (box.width - 16), clientY: box.top + 10,
  }));
  track.setPointerCapture = () => {};
  send('pointerdown', 0);
  const gaps = [];
  let last = performance.now();
  const next = (now) => {
    gaps.push(now - last);
    last = now;
    send('pointermove', gaps.length / frames);
    if (gaps.length < frames) requestAnimationFrame(next);
    else { send('pointerup', 1); resolve(gaps.slice(2)); }
  };
  requestAnimationFrame(next);
})
"""


def run() -> Iterator[Figure]:
    """Measure all of it on one server, the small session of the same run as reference."""
    if not BUILT.exists():
        raise SystemExit("the dashboard has not been built: make ui")
    with server() as running, sync_playwright() as playwright:
        prepare(running)
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        try:
            yield from first_load(browser, running)
            yield from openings(browser, running)
            yield from scrubbing(browser, running)
            yield memory(browser, running)
            yield live(browser, running)
            yield from list_scrolling(browser, running)
        finally:
            browser.close()


def chromium() -> str | None:
    """Return the system's Chromium, or None for Playwright's own."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def prepare(running: Server) -> None:
    """Record a listful of small sessions and one of each size."""
    names = [f"small-{number:03d}" for number in range(LISTED)]
    begin(running, names)
    for name in names:
        record(running, name, SMALL)
    for size in SIZES:
        begin(running, [name_of(size)])
        record(running, name_of(size), size)
    for name, size in [*((name, SMALL) for name in names), *((name_of(size), size) for size in SIZES)]:
        ended = {"endedAt": STARTED_MS + size * STEP_MS}
        running.send("POST", f"{BASE}/{name}/end", msgspec.json.encode(ended))


def begin(running: Server, names: list[str]) -> None:
    """Start sessions at the moment of their first event."""
    data = {"feature": "chat", "startedAt": STARTED_MS}
    started = [{"sessionId": name, "type": "session.start", "data": data} for name in names]
    running.send("POST", f"{BASE}/events", msgspec.json.encode({"events": started}))


def name_of(size: int) -> str:
    """Return the id of the session of a size."""
    return f"events-{size}"


def record(running: Server, session: str, count: int) -> None:
    """Record events of every kind that a player draws, a quarter of a second apart."""
    connection = running.connect()
    for first in range(0, count, BATCH):
        some = [event(session, number) for number in range(first, min(first + BATCH, count))]
        request(connection, "POST", f"{BASE}/events", msgspec.json.encode({"events": some}))
    connection.close()


def event(session: str, number: int) -> dict[str, Any]:
    """Return one event; calls, steps, clicks, code and samples take turns."""
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("interaction", interaction(number, size=900)),
        ("system_metrics", {"cpu": number % 100, "memory": 40 + number % 20}),
        ("user_action", {"action": "click", "target": f"button-{number % 40}"}),
        ("step", {"name": f"tool-{number % 7}", "kind": "tool", "latency": number % 900, "input": {"n": number}}),
        ("code_context", {"file": f"src/part_{number % 9}.py", "snippet": f"n = {number}\n" * 8, "language": "python"}),
    ]
    kind, data = kinds[number % len(kinds)]
    moment = STARTED_MS + number * STEP_MS
    return {"sessionId": session, "id": f"{session}-{number:09d}", "type": kind, "timestamp": moment, "data": data}


def signed_in(browser: Browser, running: Server) -> BrowserContext:
    """Return a fresh window with nothing in its cache, signed in."""
    context = browser.new_context(viewport=VIEW, base_url=f"http://127.0.0.1:{running.port}")
    page = context.new_page()
    page.request.post("/api/sign-in", data={"token": KEY}, headers={"Origin": f"http://127.0.0.1:{running.port}"})
    page.close()
    return context


def appears(page: Page, address: str, selector: str) -> float:
    """Open an address; return after how many milliseconds the selected element had been drawn."""
    page.add_init_script(f"({NOTICE})({msgspec.json.encode(selector).decode()})")
    page.goto(address)
    page.wait_for_function("() => window.thereAt !== undefined", timeout=60_000)
    return float(page.evaluate("window.thereAt"))


def first_load(browser: Browser, running: Server) -> Iterator[Figure]:
    """Measure what the list loads and when its first row is there."""
    times, sizes = [], []
    for _ in range(OPENINGS):
        context = signed_in(browser, running)
        page = context.new_page()
        scripts: list[bytes] = []
        page.on("response", partial(keep_script, scripts))
        times.append(appears(page, "/sessions", ROW))
        page.wait_for_load_state("networkidle")
        sizes.append(sum(len(gzip.compress(script)) for script in scripts) / 1000)
        context.close()
    yield Figure("list: script of the first load, compressed", statistics.median(sizes), "kB", "≤ 150")
    yield Figure("list: first row after", statistics.median(times), "ms", "≤ 1,000")


def keep_script(scripts: list[bytes], answer: Response) -> None:
    """Keep the body of an answer that is a script."""
    if "javascript" in answer.headers.get("content-type", ""):
        scripts.append(answer.body())


def openings(browser: Browser, running: Server) -> Iterator[Figure]:
    """Measure how soon a timeline is there to be played, each time in a fresh window."""
    reference = opening(browser, running, "small-000")
    for size, goal in SIZES.items():
        took = opening(browser, running, name_of(size))
        yield Figure(f"player: {size:,} events, playable after", took, "ms", f"≤ {goal:,}", reference, "20 events")
    address = f"/sessions/replay/{name_of(100_000)}"
    far, number = "player: 100,000 events,", 80_000
    words = interaction(number, size=900)["prompt"][:40]
    for name, path, condition, wanted in (
        ("drawn over its whole length after", address, EXTENT, ["afar", "whole"]),
        ("every mark there after", address, EXTENT, ["whole"]),
        ("opened at the 80,000th, that is there after", f"{address}?t={number * STEP_MS}", THERE, words),
    ):
        took = holds_after(browser, running, path, condition, wanted)
        yield Figure(f"{far} {name}", took, "ms", "", reference, "20 events")


def opening(browser: Browser, running: Server, session: str) -> float:
    """Return the median time to a session's timeline."""
    times = []
    for _ in range(OPENINGS):
        context = signed_in(browser, running)
        times.append(appears(context.new_page(), f"/sessions/replay/{session}", PLAYABLE))
        context.close()
    return statistics.median(times)


def holds_after(browser: Browser, running: Server, path: str, condition: str, wanted: Any) -> float:
    """Return the median time until something holds on a page that is opened in a fresh window."""
    times = []
    for _ in range(FAR):
        context = signed_in(browser, running)
        page = context.new_page()
        page.goto(path)
        page.wait_for_function(condition, arg=wanted, timeout=120_000)
        times.append(float(page.evaluate("performance.now()")))
        context.close()
    return statistics.median(times)


def scrubbing(browser: Browser, running: Server) -> Iterator[Figure]:
    """Measure the time between frames while the playhead is dragged across a session, and while nothing moves."""
    context = signed_in(browser, running)
    page = context.new_page()
    appears(page, f"/sessions/replay/{name_of(10_000)}", PLAYABLE)
    page.wait_for_load_state("networkidle")
    still = percentile(page.evaluate(FRAMES, SCRUBS))
    devtools = context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = main_thread_ms(devtools)
    moving = [percentile(page.evaluate(SCRUB, SCRUBS)) for _ in range(ROUNDS)]
    work = (main_thread_ms(devtools) - before) / (SCRUBS * ROUNDS)
    context.close()
    yield Figure(
        "player: scrubbing 10,000 events, 95% of frames within",
        statistics.median(moving),
        "ms",
        "≤ 20",
        still,
        "at rest",
    )
    yield Figure("player: scrubbing 10,000 events, the page's CPU a frame", work, "ms", "≤ 16.7")


def main_thread_ms(devtools: CDPSession) -> float:
    """Return the processor time that the page's own thread has worked, which others on the machine do not change."""
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration")) * 1000


def list_scrolling(browser: Browser, running: Server) -> Iterator[Figure]:
    """Measure the time between frames while a very long list of sessions is scrolled, and while it rests."""
    names = [f"many-{number:05d}" for number in range(MANY)]
    for first in range(0, MANY, BATCH):
        begin(running, names[first : first + BATCH])
    context = signed_in(browser, running)
    page = context.new_page()
    appears(page, "/sessions", ROW)
    page.wait_for_load_state("networkidle")
    still = percentile(page.evaluate(FRAMES, SCRUBS))
    devtools = context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = main_thread_ms(devtools)
    moving = [percentile(page.evaluate(SCROLL, SCRUBS)) for _ in range(ROUNDS)]
    work = (main_thread_ms(devtools) - before) / (SCRUBS * ROUNDS)
    context.close()
    name = f"list: scrolling {MANY:,} sessions"
    yield Figure(f"{name}, 95% of frames within", statistics.median(moving), "ms", "≤ 20", still, "at rest")
    yield Figure(f"{name}, the page's CPU a frame", work, "ms", "≤ 16.7")


def percentile(values: list[float], share: float = 0.95) -> float:
    """Return the value that a share of them does not exceed."""
    return sorted(values)[int(len(values) * share)]


def memory(browser: Browser, running: Server) -> Figure:
    """Measure the page's heap after many changes of session against that after some."""
    context = signed_in(browser, running)
    page = context.new_page()
    page.goto("/sessions")
    heaps = []
    for number in range(WARM_UP + CHANGES):
        change(page, name_of(2_000) if number % 2 else name_of(10_000))
        heaps.append(heap_mb(page))
    context.close()
    return Figure(
        f"player: heap after {CHANGES} changes of session",
        heaps[-1],
        "MB",
        "ratio ≤ 1.1",
        heaps[WARM_UP - 1],
        f"after {WARM_UP} before",
    )


def change(page: Page, session: str) -> None:
    """Go to a session and back to the list without loading the page again."""
    go = "(to) => { history.pushState(null, '', to); dispatchEvent(new PopStateEvent('popstate')); }"
    page.evaluate(go, f"/sessions/replay/{session}")
    there(page, PLAYABLE)
    page.wait_for_load_state("networkidle")
    page.evaluate(go, "/sessions")
    there(page, ROW)


def there(page: Page, selector: str) -> None:
    """Wait for an element, without a handle that would keep it and all that it belongs to alive."""
    page.wait_for_function("(selector) => document.querySelector(selector) !== null", arg=selector)


def heap_mb(page: Page) -> float:
    """Return what the page's heap holds after garbage has been collected."""
    devtools = page.context.new_cdp_session(page)
    for _ in range(2):
        devtools.send("HeapProfiler.collectGarbage")
    used = float(devtools.send("Runtime.getHeapUsage")["usedSize"])
    devtools.detach()
    return used / 1e6


def live(browser: Browser, running: Server) -> Figure:
    """Measure how long after its request an event's text is in the conversation of a page that follows."""
    running.send("POST", f"{BASE}/events", starts(["live"]))
    context = signed_in(browser, running)
    page = context.new_page()
    page.goto("/sessions/replay/live")
    page.wait_for_selector("text=Nothing recorded yet")
    connection = running.connect()
    delays = [arrival(page, connection, number) for number in range(ARRIVALS)]
    connection.close()
    context.close()
    return Figure("live: a recorded event is on the page, p95", percentile(delays), "ms", "≤ 500")


def arrival(page: Page, connection: Any, number: int) -> float:
    """Record one call; return the milliseconds from its request until its answer is shown."""
    words = f"answer number {number} of many"
    data = {"model": "gpt-4o", "prompt": f"question {number}", "response": words, "latency": 1}
    began = time.perf_counter()
    connection.request("POST", f"{BASE}/events", call_body(data), HEADERS)
    connection.getresponse().read()
    page.wait_for_function("(words) => document.querySelector('[role=log]')?.textContent.includes(words)", arg=words)
    return (time.perf_counter() - began) * 1000


def call_body(data: dict[str, Any]) -> bytes:
    """Return the body that records one call of the live session, complete now."""
    return msgspec.json.encode({"events": [{"sessionId": "live", "type": "interaction", "data": data}]})
