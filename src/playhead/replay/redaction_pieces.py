"""Where a long text is cut before rules look at it, so that no search goes over megabytes at once.

A cut stands where nothing that a built-in rule finds can reach over it, and where a rule sees the same beside it as at
the beginning or the end of a text. Where a text has no such place for long, a piece is as long as that takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PIECE = 32_768
CUT = re.compile(r"[^\w.~+/=@() -]|(?<=[a-qs-z]) |(?=/)")
"""Behind what no rule takes; behind a blank after a small letter, unless ``Bearer`` may be the word; before a slash."""
BEARER = "Bearer"


def pieces(text: str, size: int = PIECE) -> Iterator[str]:
    """Yield a text in pieces of ``size`` characters or somewhat more."""
    start = 0
    while start < len(text):
        end = _cut(text, start, min(start + size, len(text)), size)
        yield text[start:end]
        start = end


def _cut(text: str, start: int, least: int, size: int) -> int:
    """Return the first place behind ``least`` where the piece from ``start`` may end."""
    while least < len(text):
        found = CUT.search(text, least, least + size)
        if found is None:
            least += size
        elif not found.group() and _is_in_token(text, start, found.start()):
            least = found.start() + 1
        else:
            return found.end()
    return len(text)


def _is_in_token(text: str, start: int, place: int) -> bool:
    """Say whether a place stands in what follows ``Bearer``: of all that rules find, slashes are in that alone."""
    blank = text.rfind(" ", start, place)
    return blank >= 0 and text.endswith(BEARER, 0, blank)
