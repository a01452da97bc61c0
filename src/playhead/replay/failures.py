"""Which words and numbers say that something failed, for who stores events and for who decides about recording them."""

from __future__ import annotations

from typing import Any

FAILED = frozenset({"error", "failed", "failure"})


def says_failed(status: Any) -> bool:
    """Say whether a status is a failure: a word for it, or an HTTP status of 400 and above."""
    if isinstance(status, str):
        return status.lower() in FAILED or (status.isdecimal() and len(status) == 3 and int(status) >= 400)
    return isinstance(status, int) and not isinstance(status, bool) and status >= 400
