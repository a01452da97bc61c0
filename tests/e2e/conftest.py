"""A real browser on a real server. Every page is watched: an error on its console, or a request that leaves the origin,
fails the test that caused it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from tests.support.server import Server, own_server, server

__all__ = ["own_server", "server"]

PATIENCE_MS = 15_000
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
BUILT = Path(__file__).parents[2] / "src" / "playhead" / "server" / "_ui" / "index.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the tests of a file; its event loop ends with the file, so that other tests may have theirs."""
    assert BUILT.exists(), "the dashboard has not been built: make ui"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        try:
            launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        except PlaywrightError as reason:
            pytest.skip(f"no Chromium on this machine: {reason.message.splitlines()[0]}")
        yield launched
        launched.close()


@dataclass
class Watch:
    """What went wrong in a context's pages. ``expected`` says which messages a test provokes on purpose."""

    origin: str
    problems: list[str] = field(default_factory=list)
    expected: Callable[[str], bool] = lambda _: False

    def follow(self, context: BrowserContext) -> None:
        """Hear every page of a context, also those opened later."""
        context.on("console", self._console)
        context.on("weberror", lambda raised: self._note(f"uncaught: {raised.error}"))
        context.on("request", self._request)
        context.on("dialog", lambda dialog: self._note(f"dialog: {dialog.message}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._note(f"{message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.origin + "/", "data:", "blob:")):
            self._note(f"request to {request.url}")

    def _note(self, problem: str) -> None:
        if not self.expected(problem):
            self.problems.append(problem)


Opener = Callable[..., Page]


@contextmanager
def visitors(browser: Browser, origin: str) -> Iterator[tuple[Opener, Watch]]:
    """Yield what opens a fresh, signed-out browser window; at the end nothing may have gone wrong in any of them."""
    watch = Watch(origin)
    contexts: list[BrowserContext] = []

    def opened(**options: Any) -> Page:
        wanted: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "base_url": origin} | options
        context = browser.new_context(**wanted)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        watch.follow(context)
        return context.new_page()

    try:
        yield opened, watch
    finally:
        for context in contexts:
            context.close()
    assert not watch.problems


@pytest.fixture
def windows(browser: Browser, server: Server) -> Iterator[tuple[Opener, Watch]]:
    """What opens fresh windows on the shared server, and what watches them."""
    with visitors(browser, server.url) as pair:
        yield pair


@pytest.fixture
def opened(windows: tuple[Opener, Watch]) -> Opener:
    """Open a fresh, signed-out window."""
    return windows[0]


@pytest.fixture
def watch(windows: tuple[Opener, Watch]) -> Watch:
    """What watches the windows."""
    return windows[1]


@pytest.fixture
def key(server: Server) -> str:
    """An admin key of a project of this test's own."""
    return server.new_key()


@pytest.fixture
def api(server: Server, key: str) -> Iterator[httpx.Client]:
    """A client of that project, to record with."""
    with server.client(key) as client:
        yield client


@pytest.fixture
def page(opened: Opener, key: str) -> Page:
    """A window signed in to that project, on the session list."""
    return sign_in(opened(), key)


def sign_in(page: Page, key: str) -> Page:
    """Sign a window in as the printed link does."""
    page.goto(f"/?token={key}")
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    page.wait_for_url(lambda url: "token" not in url)
    # Only who is signed in has commands; a page that is left earlier may never be.
    expect(page.get_by_role("button", name="Commands")).to_be_visible()
    return page
