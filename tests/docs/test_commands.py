"""What the documents tell a reader to type exists: make targets, playhead commands, environment variables."""

from __future__ import annotations

import re
from pathlib import Path

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
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    wanted = mentioned(r"(?:^|[`\n])make ([a-z]+)")
    assert {"demo", "test", "check"} <= wanted
    assert wanted - targets == set()


def test_every_make_target_is_described() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())  # type: ignore[index]  # it is there
    assert phony == set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
