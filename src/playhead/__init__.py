"""Playhead: the flight recorder for AI applications.

    import playhead

    playhead.init()
    with playhead.session(user_id="user_123", feature="chat") as session:
        session.record_interaction(model="gpt-4o", prompt="Where is my order?", response="On its way.")

The recorder (``init``, ``session``, …) costs its caller microseconds, never raises and never waits; the clients
(``SessionReplayClient``) wait for each answer and raise what went wrong. Importing this package loads nothing else:
each comes with the first use of its names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playhead.errors import PlayheadError
    from playhead.record._accounts import RecorderStats
    from playhead.record.async_client import AsyncSessionRecording, AsyncSessionReplayClient
    from playhead.record.client import SessionRecording, SessionReplayClient
    from playhead.record.current import current_session
    from playhead.record.door import flush, init, session, shutdown, stats
    from playhead.record.integrations import instrument, uninstrument
    from playhead.record.notebook import load_ipython_extension, unload_ipython_extension
    from playhead.record.observe import observe
    from playhead.record.recorder import Recorder
    from playhead.record.sampling import Sampling
    from playhead.record.session import Session
    from playhead.record.web.asgi import PlayheadASGI
    from playhead.record.web.wsgi import PlayheadWSGI
    from playhead.replay.redaction import Redactor

__version__ = "0.1.0"

__all__ = [
    "AsyncSessionRecording",
    "AsyncSessionReplayClient",
    "PlayheadASGI",
    "PlayheadError",
    "PlayheadWSGI",
    "Recorder",
    "RecorderStats",
    "Redactor",
    "Sampling",
    "Session",
    "SessionRecording",
    "SessionReplayClient",
    "__version__",
    "current_session",
    "flush",
    "init",
    "instrument",
    "load_ipython_extension",
    "observe",
    "session",
    "shutdown",
    "stats",
    "uninstrument",
    "unload_ipython_extension",
]

_HOMES = {
    "AsyncSessionRecording": "playhead.record.async_client",
    "AsyncSessionReplayClient": "playhead.record.async_client",
    "PlayheadASGI": "playhead.record.web.asgi",
    "PlayheadError": "playhead.errors",
    "PlayheadWSGI": "playhead.record.web.wsgi",
    "Recorder": "playhead.record.recorder",
    "RecorderStats": "playhead.record._accounts",
    "Redactor": "playhead.replay.redaction",
    "Sampling": "playhead.record.sampling",
    "Session": "playhead.record.session",
    "SessionRecording": "playhead.record.client",
    "SessionReplayClient": "playhead.record.client",
    "current_session": "playhead.record.current",
    "flush": "playhead.record.door",
    "init": "playhead.record.door",
    "instrument": "playhead.record.integrations",
    "load_ipython_extension": "playhead.record.notebook",
    "observe": "playhead.record.observe",
    "session": "playhead.record.door",
    "shutdown": "playhead.record.door",
    "stats": "playhead.record.door",
    "uninstrument": "playhead.record.integrations",
    "unload_ipython_extension": "playhead.record.notebook",
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
