"""The section of the settings that says what is redacted: switched on, tried on a text, refused in words."""

from __future__ import annotations

import httpx
from playwright.sync_api import Page, expect
from tests.e2e.conftest import Opener, Watch, sign_in
from tests.support.recordings import BASE, start
from tests.support.server import Server

MAIL = "ann@example.com"


def test_redaction_is_switched_on_with_what_is_looked_for(page: Page, api: httpx.Client) -> None:
    page.goto("/settings")
    redaction = page.get_by_role("region", name="Redaction")
    expect(redaction).to_contain_text("for what comes from now on")
    save = redaction.get_by_role("button", name="Save")
    expect(save).to_be_disabled()
    redaction.get_by_role("switch", name="Redact what comes in").check()
    redaction.get_by_label("Phone numbers").uncheck()
    redaction.get_by_label("Names of secrets").fill("patient_name, dob")
    redaction.get_by_label("What stays", exact=True).fill("help@example.com")
    save.click()
    expect(redaction.get_by_text("Saved. It counts from now on.")).to_be_visible()
    rules = api.get(f"{BASE}/settings").json()["data"]["redaction"]
    assert (rules["enabled"], rules["secretNames"], rules["allow"]) == (
        True,
        ["patient_name", "dob"],
        ["help@example.com"],
    )
    assert "phone" not in rules["kinds"]
    session = start(api, label=f"{MAIL}, help@example.com", metadata={"dob": "1980"})
    stored = api.get(f"{BASE}/{session}").json()["data"]
    assert (stored["label"], stored["metadata"]) == ("[email], help@example.com", {"dob": "[secret]"})
    page.reload()
    expect(redaction.get_by_role("switch")).to_be_checked()
    expect(redaction.get_by_label("Phone numbers")).not_to_be_checked()


def test_rules_are_tried_on_a_text_before_they_are_saved(page: Page, api: httpx.Client) -> None:
    page.goto("/settings")
    redaction = page.get_by_role("region", name="Redaction")
    left = redaction.get_by_role("status", name="What is left of it")
    expect(left).to_contain_text("Write to [email] or call [phone].")
    redaction.get_by_label("Try a text").fill(f"{MAIL} from 10.0.0.1")
    expect(left).to_contain_text("[email] from [ip]")
    redaction.get_by_label("IP addresses").uncheck()
    expect(left).to_contain_text("[email] from 10.0.0.1")
    redaction.get_by_role("button", name="Undo").click()
    expect(left).to_contain_text("[email] from [ip]")
    assert api.get(f"{BASE}/settings").json()["data"]["redaction"]["enabled"] is False


def test_a_pattern_that_cannot_be_is_named_by_its_row(page: Page, watch: Watch) -> None:
    watch.expected = lambda problem: "422" in problem
    page.goto("/settings")
    redaction = page.get_by_role("region", name="Redaction")
    redaction.get_by_role("button", name="Pattern", exact=True).click()
    redaction.get_by_label("Name of pattern 1").fill("Not a name")
    redaction.get_by_label("Pattern 1", exact=True).fill("x")
    left = redaction.get_by_role("status", name="What is left of it")
    expect(left).to_contain_text("Pattern 1: holds characters that are not taken here")
    redaction.get_by_role("button", name="Save").click()
    expect(left).to_contain_text("Pattern 1:")
    redaction.get_by_role("button", name="Remove pattern 1").click()
    expect(left).to_contain_text("Write to [email]")


def test_others_are_told_that_an_admin_key_is_wanted(opened: Opener, server: Server) -> None:
    page = sign_in(opened(), server.new_key("read"))
    page.goto("/settings")
    redaction = page.get_by_role("region", name="Redaction")
    expect(redaction).to_contain_text("Sign in with one to see it")
    expect(redaction.get_by_role("switch")).to_have_count(0)
