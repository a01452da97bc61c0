"""Ids made by the recorder: unguessable, and in the order of their making. It owns the room's randomness."""

from __future__ import annotations

import base64
import itertools
import os
import secrets
import time
from collections.abc import Callable


def new_event_id() -> str:
    """Return 128 bits in hexadecimal: 48 of the time in milliseconds, then 80 random ones."""
    return f"{now_ms():012x}{secrets.token_hex(10)}"


class IdSource:
    """Event ids of one process, quickly: 48 bits of the time in milliseconds, 48 random ones, a number.

    The random ones are drawn once, and again in a forked child, so that no two processes make the same id.
    """

    def __init__(self, draw: Callable[[int], str] = secrets.token_hex) -> None:
        self._draw = draw
        self.renew()

    def renew(self) -> None:
        """Draw the random part again and count from 0."""
        self._random = self._draw(6)
        self._number = itertools.count()
        self._beginning = (0, "")

    def __call__(self) -> str:
        """Return the next id, 128 bits in hexadecimal."""
        moment_ms, beginning = time.time_ns() // 1_000_000, self._beginning
        if beginning[0] != moment_ms:
            self._beginning = beginning = (moment_ms, f"{moment_ms:012x}{self._random}")
        return f"{beginning[1]}{next(self._number) & 0xFFFFFFFF:08x}"


quick_event_id = IdSource()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=quick_event_id.renew)


def new_session_id(feature: str) -> str:
    """Return an id of the form ``inapp_<feature>_<epoch ms>_<128 random bits, base32>``."""
    random = base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()
    return f"inapp_{feature}_{now_ms()}_{random}"


def now_ms() -> int:
    """Return the present as whole milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
