"""Writes the parts of docs/ that the code already says: between a `generated` mark and its end, never elsewhere.

`python -m docs.generate` rewrites them; with `--check` it changes nothing and fails when one is out of date.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from docs.reference import PARTS

DOCS = Path(__file__).resolve().parent
MARKED = re.compile(r"(<!-- generated: (?P<name>[\w-]+) -->\n).*?(\n<!-- end -->)", re.DOTALL)


def pages() -> Iterator[tuple[Path, str, str]]:
    """Yield each page with its text as it stands and as it should stand."""
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        yield path, text, MARKED.sub(_fresh, text)


def _fresh(found: re.Match[str]) -> str:
    return f"{found[1]}\n{PARTS[found['name']]()}\n{found[3]}"


def main(arguments: list[str]) -> int:
    """Rewrite what is out of date, or with --check name it; returns the exit status."""
    stale = [(path, fresh) for path, text, fresh in pages() if text != fresh]
    for path, fresh in stale:
        print(f"{path.relative_to(DOCS.parent)} is out of date")
        if "--check" not in arguments:
            path.write_text(fresh, encoding="utf-8")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
