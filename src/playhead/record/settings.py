"""How a client reaches its server: address, key and patience. Reads the environment, and nothing else."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from msgspec import Struct, structs

from playhead.errors import Invalid
from playhead.record.call import BASE

DEFAULT_URL = "http://127.0.0.1:4747"


class Settings(Struct, frozen=True, kw_only=True):
    """``timeout_s`` is for a whole operation with its repetitions, ``connect_timeout_s`` for one connection attempt."""

    url: str
    api_key: str | None
    timeout_s: float = 30.0
    connect_timeout_s: float = 5.0
    max_retries: int = 4

    def within(self, timeout_s: float | None) -> Settings:
        """Return the same settings with another time for an operation, or these."""
        return self if timeout_s is None else structs.replace(self, timeout_s=min(timeout_s, self.timeout_s))

    def headers(self) -> dict[str, str]:
        """Return the headers that every request carries."""
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}


def read_settings(url: str | None, api_key: str | None, timeout_s: float, max_retries: int) -> Settings:
    """Return settings from arguments, then PLAYHEAD_URL and PLAYHEAD_API_KEY, then defaults. Raises Invalid."""
    if not timeout_s > 0:
        raise Invalid.field("timeout_s", "expected a number of seconds above 0")
    if max_retries < 0:
        raise Invalid.field("max_retries", "expected 0 or more")
    return Settings(
        url=_url(url if url is not None else os.environ.get("PLAYHEAD_URL") or DEFAULT_URL),
        api_key=_key(api_key if api_key is not None else os.environ.get("PLAYHEAD_API_KEY")),
        timeout_s=timeout_s,
        max_retries=max_retries,
    )


def _url(text: str) -> str:
    url = text.strip().rstrip("/").removesuffix(BASE)
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment
        _ = parts.port
    except ValueError:
        usable = False
    if not usable:
        raise Invalid.field("url", f"expected http://HOST:PORT or https://HOST, not {text!r}")
    return url


def _key(text: str | None) -> str | None:
    key = (text or "").strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise Invalid.field("api_key", "holds characters that no key has")
    return key or None
