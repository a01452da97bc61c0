"""What both drivers tell httpx, and what they understand of its failures."""

from __future__ import annotations

import ssl
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
    """Return the arguments of httpx's clients. A proxy is never asked for this machine itself.

    Reading whom to trust takes longer than a first batch: where nothing is encrypted, nobody is trusted instead.
    """
    headers = {"User-Agent": f"playhead/{__version__}", **settings.headers()}
    server = urlsplit(settings.url)
    trusted = True if server.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return {"headers": headers, "trust_env": server.hostname not in LOOPBACK, "verify": trusted}


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
