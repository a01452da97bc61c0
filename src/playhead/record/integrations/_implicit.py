"""The session for calls that are made outside any: one for the process, if the application asked for it."""

from __future__ import annotations

import atexit
import os
import threading

from playhead.record import door
from playhead.record.current import current_session
from playhead.record.session import Session

_lock = threading.RLock()
_feature: str | None = None
_session: Session | None = None
_pid = 0


def _after_fork() -> None:
    """Let go of what another thread of the parent may have held when this child was forked."""
    global _lock  # noqa: PLW0603 - as below
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def use(feature: str) -> None:
    """Put calls outside any session into one of this feature, begun by the first of them."""
    global _feature  # noqa: PLW0603 - one for the process
    _feature = feature
    # Registered after the recorder's own, so that it runs before and the end is still sent.
    door.recorder()
    atexit.unregister(stop)
    atexit.register(stop)


def stop() -> None:
    """End that session, and record calls outside any session no more."""
    global _feature, _session
    with _lock:
        ended, _feature, _session = _session, None, None
    if ended is not None and _pid == os.getpid():
        ended.end()


def session_for_a_call() -> Session | None:
    """Return the current session, or the process's own if there is to be one, or None."""
    session = current_session()
    return session if session is not None or _feature is None else _own(_feature)


def _own(feature: str) -> Session:
    """Return the process's session; a forked child gets its own."""
    global _session, _pid
    with _lock:
        if _session is None or _pid != os.getpid() or _session.recorder is not door.recorder():
            _session, _pid = door.recorder().session(feature=feature), os.getpid()
        return _session
