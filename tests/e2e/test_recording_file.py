"""A recording in a file: the same player from the disk, without a server or a network, and no text in it runs."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.conftest import visitors
from tests.e2e.test_quality import LOOKS, faults_of
from tests.support.recordings import BASE, end, interaction, record, start

HOSTILE = "</script><script>alert(1)</script><img src=https://evil.test/x onerror=alert(2)>\u2028<!--"


@pytest.fixture
def recorded(api: httpx.Client) -> str:
    """A chat with a hostile text everywhere, and an address that redaction takes away."""
    session = start(api, label=f"Refund {HOSTILE}", userId="eve@example.com", feature="agent")
    record(
        api,
        session,
        interaction(f"Where is my refund? {HOSTILE}", f"On its way. {HOSTILE}", latency=900, cost=0.01),
        {"type": "step", "name": "mail", "input": {"to": "eve@example.com", "text": HOSTILE}, "latency": 20},
        interaction("Go on", None, error="rate limited", id="failed-call"),
    )
    end(api, session)
    return session


def exported(api: httpx.Client, session: str, path: Path, **body: object) -> Path:
    """Save a session as a page."""
    response = api.post(f"{BASE}/{session}/export", json={"format": "html"} | body)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["content-disposition"].endswith('.html"')
    path.write_bytes(response.content)
    return path


@contextmanager
def offline(browser: Browser, **options: Any) -> Iterator[Page]:
    """A window without a network, in which nothing may go wrong and nothing be asked for."""
    wanted: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}} | options
    context = browser.new_context(**wanted)
    context.set_offline(offline=True)
    problems: list[str] = []
    context.on(
        "console", lambda message: problems.append(message.text) if message.type in {"error", "warning"} else None
    )
    context.on("weberror", lambda raised: problems.append(str(raised.error)))
    context.on("dialog", lambda dialog: problems.append(dialog.message))
    context.on("request", lambda request: None if request.is_navigation_request() else problems.append(request.url))
    yield context.new_page()
    context.close()
    assert [problem for problem in problems if not problem.startswith("data:")] == []


def test_the_file_plays_from_the_disk_and_asks_for_nothing(
    browser: Browser, api: httpx.Client, recorded: str, tmp_path: Path
) -> None:
    file = exported(api, recorded, tmp_path / "session.html")
    with offline(browser) as page:
        page.goto(file.as_uri())
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Refund {HOSTILE}")
        expect(page.get_by_text("Where is my refund?").first).to_be_visible()
        page.keyboard.press("e")
        expect(page.get_by_text("rate limited").first).to_be_visible()
        expect(page.get_by_role("button", name="Share")).to_have_count(0)
        expect(page).to_have_url(re.compile(r"\.html\?event=failed-call$"))
        page.reload()
        expect(page.get_by_text("rate limited").first).to_be_visible()


def test_a_query_asks_for_the_page_too_and_a_redacted_one_holds_no_address(
    browser: Browser, api: httpx.Client, recorded: str, tmp_path: Path
) -> None:
    plain = api.get(f"{BASE}/{recorded}/export", params={"format": "html"})
    assert "eve@example.com" in plain.text
    redacted = exported(api, recorded, tmp_path / "redacted.html", redact=True)
    assert "eve@example.com" not in redacted.read_text(encoding="utf-8")
    with offline(browser) as page:
        page.goto(redacted.as_uri())
        expect(page.get_by_text("[email]").first).to_be_visible()


def test_the_file_holds_what_the_lines_of_an_export_hold(api: httpx.Client, recorded: str) -> None:
    page = api.get(f"{BASE}/{recorded}/export", params={"format": "html"}).text
    found = re.search(r'<script type="application/x-ndjson" id="recording">\n(.*?)</script>', page, re.DOTALL)
    assert found is not None
    lines = api.get(f"{BASE}/{recorded}/export", params={"format": "ndjson"}).text
    assert [json.loads(line) for line in found[1].split("\n") if line] == [
        json.loads(line) for line in lines.split("\n") if line
    ]


def test_a_session_that_is_still_recorded_is_exported_as_it_stands(
    browser: Browser, api: httpx.Client, tmp_path: Path
) -> None:
    session = start(api, label="Unfinished")
    record(api, session, interaction())
    file = exported(api, session, tmp_path / "live.html")
    with offline(browser) as page:
        page.goto(file.as_uri())
        expect(page.get_by_text("exported while it was still being recorded")).to_be_visible()


def test_a_file_that_was_cut_short_says_so(browser: Browser, api: httpx.Client, recorded: str, tmp_path: Path) -> None:
    file = exported(api, recorded, tmp_path / "cut.html")
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"type":"session"', '"type":"', 1), encoding="utf-8")
    with offline(browser) as page:
        page.goto(file.as_uri())
        expect(page.get_by_role("heading", name="This file cannot be played")).to_be_visible()


def test_a_session_is_saved_as_a_page_from_its_menu_in_the_list(
    api: httpx.Client, page: Page, tmp_path: Path, browser: Browser
) -> None:
    session = start(api, label="Saved from the list")
    record(api, session, interaction("Hello there"))
    end(api, session)
    page.get_by_role("button", name="Menu of Saved from the list").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save as a page").click()
    saved.value.save_as(tmp_path / "saved.html")
    with offline(browser) as window:
        window.goto((tmp_path / "saved.html").as_uri())
        expect(window.get_by_text("Hello there").first).to_be_visible()


def test_a_selected_session_is_exported_as_a_redacted_page(api: httpx.Client, page: Page, recorded: str) -> None:
    start(api, label="Another one")
    page.get_by_label("Select Refund").check()
    page.get_by_role("button", name="Export").click()
    panel = page.get_by_role("dialog", name="Export")
    panel.get_by_label("Page").check()
    panel.get_by_label("Redact").check()
    with page.expect_download() as saved:
        panel.get_by_role("button", name="Export").click()
    assert saved.value.suggested_filename.endswith(".html")
    text = saved.value.path().read_text(encoding="utf-8")
    assert "[email]" in text
    assert "eve@example.com" not in text
    page.get_by_label("Select Another one").check()
    page.get_by_role("button", name="Export").click()
    expect(panel.get_by_label("Page")).to_have_count(0)


@contextmanager
def opening(file: Path) -> Iterator[str]:
    """Run the command on a file and yield the address that it prints; Ctrl-C must end it well."""
    command = [sys.executable, "-m", "playhead", "open", str(file), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        printed = running.stdout.readline()
        try:
            yield printed.rsplit(" ", 1)[1].strip()
        finally:
            running.send_signal(signal.SIGINT)
            assert running.wait(timeout=20) == 0


@pytest.mark.parametrize("kind", ["json", "ndjson", "html"])
def test_an_exported_file_is_opened_by_the_command(
    browser: Browser, api: httpx.Client, recorded: str, tmp_path: Path, kind: str
) -> None:
    file = tmp_path / f"session.{kind}"
    file.write_bytes(api.get(f"{BASE}/{recorded}/export", params={"format": kind, "download": "1"}).content)
    with opening(file) as url:
        origin = url.split("/", 3)
        with httpx.Client(trust_env=False) as client:
            assert client.get("/".join([*origin[:3], "guessed", ""])).status_code == 404
            assert client.get(url, headers={"Host": "evil.test"}).status_code == 404
        with visitors(browser, "/".join(origin[:3])) as (opened, _):
            page = opened()
            page.goto(url)
            expect(page.get_by_text("Where is my refund?").first).to_be_visible()
            expect(page.get_by_role("heading", level=1)).to_contain_text("</script><script>alert(1)</script>")


@pytest.mark.parametrize("look", LOOKS)
def test_the_file_has_no_serious_fault(
    browser: Browser, api: httpx.Client, recorded: str, tmp_path: Path, look: str
) -> None:
    file = exported(api, recorded, tmp_path / "session.html")
    # The page's own policy forbids axe, rightly; the other tests run under the policy.
    with offline(browser, **LOOKS[look], bypass_csp=True, reduced_motion="reduce") as page:
        page.goto(file.as_uri())
        expect(page.get_by_text("Where is my refund?").first).to_be_visible()
        assert not faults_of(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_people_wrote_is_in_the_file_to_be_read(
    browser: Browser, api: httpx.Client, recorded: str, tmp_path: Path
) -> None:
    for note in ({"at": 0, "text": f"Why so slow? {HOSTILE}"}, {"at": 0, "kind": "bookmark", "text": "begin here"}):
        assert api.post(f"{BASE}/{recorded}/notes", json=note).status_code == 201
    file = exported(api, recorded, tmp_path / "session.html")
    with offline(browser) as page:
        page.goto(file.as_uri())
        page.get_by_role("button", name="Notes 2").click()
        notes = page.get_by_role("region", name="Notes")
        expect(notes.get_by_text(f"Why so slow? {HOSTILE}")).to_be_visible()
        expect(notes.get_by_text("begin here")).to_be_visible()
        expect(notes.get_by_role("button", name=re.compile("Comment|Bookmark|Change|Remove"))).to_have_count(0)
        page.keyboard.press("c")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(notes.get_by_role("alert")).to_have_count(0)
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_contain_text("Next or previous error")
        expect(page.get_by_role("dialog")).not_to_contain_text("Comment at the playhead")
