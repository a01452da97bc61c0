"""Ids that the server makes: of sessions and events that came without one."""

from __future__ import annotations

from collections.abc import Callable

from playhead.server.keyring import random_text

RandomBytes = Callable[[int], bytes]


def new_session_id(feature: str, now_us: int, random_bytes: RandomBytes) -> str:
    """Return ``inapp_<feature>_<epoch ms>_<128 random bits in base32>``."""
    return f"inapp_{feature}_{now_us // 1000}_{random_text(random_bytes, 16)}"


def new_event_id(now_us: int, random_bytes: RandomBytes) -> str:
    """Return an id that sorts by time: 48 bits of milliseconds and 80 random ones, as hexadecimal."""
    return f"{now_us // 1000:012x}{random_bytes(10).hex()}"
