"""Signed texts: short tokens that the server hands out and recognises again without keeping them.

Each purpose has its own key, made from the installation's secret, so that a text signed for one thing is worth
nothing for another. What is signed can be read by anyone: nothing secret goes in.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

MARK_BYTES = 16


class Signer:
    """Signs and recognises byte strings for one purpose. Safe between threads."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._key = hmac.digest(secret, b"playhead:" + purpose.encode(), hashlib.sha256)

    def sign(self, payload: bytes, context: bytes = b"") -> str:
        """Return base64url text of payload and signature; ``context`` must be the same when it comes back."""
        return urlsafe_b64encode(self._mark(payload, context) + payload).rstrip(b"=").decode()

    def open(self, text: str, context: bytes = b"") -> bytes | None:
        """Return the payload of a text signed here for this context, or None for anything else."""
        try:
            raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        except ValueError:
            return None
        mark, payload = raw[:MARK_BYTES], raw[MARK_BYTES:]
        # Signing again also refuses other spellings of the same bytes.
        known = hmac.compare_digest(mark, self._mark(payload, context))
        return payload if known and self.sign(payload, context) == text else None

    def _mark(self, payload: bytes, context: bytes) -> bytes:
        framed = len(context).to_bytes(4, "big") + context + payload
        return hmac.digest(self._key, framed, hashlib.sha256)[:MARK_BYTES]
