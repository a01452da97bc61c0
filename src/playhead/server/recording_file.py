"""Recording files: the player and one recording as a single page, which plays without a server and asks for nothing.

The page is built with the dashboard (``ui/recording.html``); its policy names the digests of its own script and style
and allows nothing else. The recording stands in it as the lines of an NDJSON export, in an element that is data and
never runs. Owns how a line becomes harmless inside a page, and how much one file may hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from playhead.errors import NotBuilt, TooLarge
from playhead.server.page import UI

MOST_EVENTS: Final = 100_000
MOST_BYTES: Final = 64 << 20
PAGE: Final = "recording.html"
PLACE: Final = b"<!--recording-->"
OPENING: Final = b'<script type="application/x-ndjson" id="recording">\n'
CLOSING: Final = b"</script>"
# None of these characters stands outside the strings of a JSON text, and inside one the escape is the same character.
HARMFUL: Final = ((b"<", b"\\u003c"), (b"\xe2\x80\xa8", b"\\u2028"), (b"\xe2\x80\xa9", b"\\u2029"))


def page_chunks(lines: Iterable[bytes], root: Path = UI) -> Iterator[bytes]:
    """Yield the page that plays a recording, of its export's JSON lines. Raises NotBuilt, before the first of them."""
    before, behind = _halves(root)
    yield before + OPENING
    yield from map(harmless, lines)
    yield CLOSING + behind


def harmless(line: bytes) -> bytes:
    """Return a JSON text that says the same and cannot end, or begin, an element of a page."""
    for character, escape in HARMFUL:
        line = line.replace(character, escape)
    return line


def check_size(events: int, size_bytes: int) -> None:
    """Raise TooLarge where so many events, or bytes of them, are too much for one page."""
    if events > MOST_EVENTS or size_bytes > MOST_BYTES:
        raise TooLarge(
            f"an html file holds at most {MOST_EVENTS:,} events and {MOST_BYTES >> 20} MiB of them, this session has "
            f"{events:,} and {size_bytes / (1 << 20):.1f} MiB; ndjson and json have no limit",
            details={"maxEvents": MOST_EVENTS, "maxBytes": MOST_BYTES, "events": events, "bytes": size_bytes},
        )


def _halves(root: Path) -> tuple[bytes, bytes]:
    try:
        before, behind = (root / PAGE).read_bytes().split(PLACE)
    except FileNotFoundError:
        raise NotBuilt from None
    return before, behind
