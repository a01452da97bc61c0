"""Playhead: the flight recorder for AI applications.

    from playhead import SessionReplayClient

    client = SessionReplayClient()
    with client.session(user_id="user_123", feature="chat") as session:
        session.record_interaction(model="gpt-4o", prompt="Where is my order?", response="On its way.")

Importing this package loads nothing else: the client and its HTTP library come with the first use of their names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playhead.errors import PlayheadError
    from playhead.record.async_client import AsyncSessionRecording, AsyncSessionReplayClient
    from playhead.record.client import SessionRecording, SessionReplayClient

__version__ = "0.1.0"

__all__ = [
    "AsyncSessionRecording",
    "AsyncSessionReplayClient",
    "PlayheadError",
    "SessionRecording",
    "SessionReplayClient",
    "__version__",
]

_HOMES = {
    "AsyncSessionRecording": "playhead.record.async_client",
    "AsyncSessionReplayClient": "playhead.record.async_client",
    "PlayheadError": "playhead.errors",
    "SessionRecording": "playhead.record.client",
    "SessionReplayClient": "playhead.record.client",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'playhead' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - as lazy as what it imports

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
