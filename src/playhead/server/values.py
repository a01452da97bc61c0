"""Values: how many a body's JSON has, told from its bytes before an object is made of each.

Owns the limit alone. 32 MiB of JSON have room for eleven million empty lists, which are a gigabyte of memory and many
seconds; of text and numbers such a body is a tenth of that. Decodes nothing and knows no shapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from playhead.errors import TooLarge

WEIGHT: Final = 2
"""What a text, and about what a list, weighs; a number between commas weighs 1, for it takes half of the memory."""
PIECE_BYTES: Final = 262_144


def check_values(body: bytes, limit: int) -> None:
    """Refuse a body with more values than ``limit``, in one pass that stops there. Raises TooLarge.

    Each text, each list and each name with its value is about one; numbers, true, false and null are a half.
    """
    most = WEIGHT * limit
    if len(body) <= limit or _weight(body) + body.count(b'"') <= most:
        return
    weight = 0
    for outside, quotes in _outside_texts(body):
        weight += _weight(outside) + quotes
        if weight > most:
            raise TooLarge(
                f"The body has more than {limit} values (PLAYHEAD_MAX_VALUES)",
                details=[{"field": "body", "message": f"at most {limit} values", "limit": limit}],
            )


def _weight(text: bytes) -> int:
    return text.count(b",") + WEIGHT * (text.count(b"[") + text.count(b"{"))


def _outside_texts(body: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield what stands outside texts, a piece at a time, with how many quotes stand around them."""
    inside, rest = 0, b""
    for start in range(0, len(body), PIECE_BYTES):
        piece = (rest + body[start : start + PIECE_BYTES]).replace(b"\\\\", b"").replace(b'\\"', b"")
        rest = b"\\" if piece.endswith(b"\\") else b""
        parts = piece.split(b'"')
        yield b"".join(parts[inside::2]), len(parts) - 1
        inside = (inside + len(parts) - 1) % 2
