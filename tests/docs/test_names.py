"""What the documents tell a reader to type exists: make targets, playhead commands, environment variables."""

from __future__ import annotations

import re
from pathlib import Path

from docs.reference import leaves
from msgspec.structs import fields
from typer.main import get_command

from playhead.cli.app import app
from playhead.model.event import EVENT_TYPES
from playhead.server.routes import ROUTES
from playhead.server.settings import Settings, variable

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").rglob("*.md"))]


def mentioned(pattern: str) -> set[str]:
    """Return what a pattern's first group matches in code blocks and code spans of the documents."""
    found: set[str] = set()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for code in re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL):
            found.update(re.findall(pattern, code))
    return found


def test_every_make_target_that_is_mentioned_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    wanted = mentioned(r"(?:^|[`\n])make ([a-z-]+)")
    assert {"demo", "test", "check"} <= wanted
    assert wanted - targets == set()


def test_every_make_target_is_described() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())  # type: ignore[index]  # it is there
    assert phony == set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))


def test_every_command_that_is_mentioned_exists_and_every_command_is_mentioned() -> None:
    commands = {name.removeprefix("playhead ") for name, _ in leaves("playhead", get_command(app))}
    groups = {name.split()[0] for name in commands}
    wanted = mentioned(r"(?:^|[`\n]|&& )playhead ([a-z]+)")
    assert wanted - groups == set()
    reference = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert [name for name in commands if f"`playhead {name}" not in reference] == []


def test_every_variable_that_is_mentioned_exists_and_every_setting_is_mentioned() -> None:
    settings = {variable(each.name) for each in fields(Settings)}
    recorder = {"PLAYHEAD_URL", "PLAYHEAD_API_KEY", "PLAYHEAD_ENABLED", "PLAYHEAD_SPOOL_DIR"}
    wanted = mentioned(r"\b(PLAYHEAD_[A-Z_]+)")
    assert wanted - settings - recorder == set()
    assert settings | recorder <= wanted


def test_every_route_is_in_the_reference() -> None:
    reference = (ROOT / "docs" / "http-api.md").read_text(encoding="utf-8")
    shown = [route for route in ROUTES if not route.hidden]
    assert len(shown) > 20
    assert [route.path for route in shown if f"| `{route.method} {route.path}` |" not in reference] == []


def test_every_kind_of_event_is_described() -> None:
    reference = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    assert [name for name in EVENT_TYPES if f"\n### `{name}`\n" not in reference] == []
