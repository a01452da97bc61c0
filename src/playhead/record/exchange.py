"""What both drivers tell httpx, and what they understand of its failures."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx

from playhead import __version__
from playhead.record.call import Broken
from playhead.record.conversation import Attempt
from playhead.record.settings import Settings

LOOPBACK = ("localhost", "127.0.0.1", "::1")
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def client_options(settings: Settings) -> dict[str, Any]:
    """Return the arguments of httpx's clients. A proxy is never asked for this machine itself."""
    headers = {"User-Agent": f"playhead/{__version__}", **settings.headers()}
    return {"headers": headers, "trust_env": urlsplit(settings.url).hostname not in LOOPBACK}


def request_of(attempt: Attempt, settings: Settings) -> dict[str, Any]:
    """Return the arguments of ``stream`` for an attempt."""
    call = attempt.call
    connect_s = min(settings.connect_timeout_s, attempt.within_s)
    return {
        "method": call.method,
        "url": settings.url + call.path,
        "params": call.query or None,
        "content": call.body,
        "headers": call.headers,
        "timeout": httpx.Timeout(attempt.within_s, connect=connect_s),
    }


def broken(error: httpx.RequestError) -> Broken:
    """Return what a failed exchange means."""
    reason = str(error) or type(error).__name__
    return Broken(reason=reason, sent=not isinstance(error, NOT_SENT))
