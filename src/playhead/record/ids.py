"""Ids made by the recorder: unguessable, and in the order of their making. It owns the room's randomness."""

from __future__ import annotations

import base64
import secrets
import time


def new_event_id() -> str:
    """Return 128 bits in hexadecimal: 48 of the time in milliseconds, then 80 random ones."""
    return f"{now_ms():012x}{secrets.token_hex(10)}"


def new_session_id(feature: str) -> str:
    """Return an id of the form ``inapp_<feature>_<epoch ms>_<128 random bits, base32>``."""
    random = base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()
    return f"inapp_{feature}_{now_ms()}_{random}"


def now_ms() -> int:
    """Return the present as whole milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
