"""The process's own recorder, and the functions of the package that use it."""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from playhead.errors import Invalid
from playhead.record._accounts import RecorderStats
from playhead.record.recorder import Recorder
from playhead.record.session import Session
from playhead.record.settings import DEFAULT_URL

log = logging.getLogger("playhead")

_lock = threading.Lock()
_recorder: Recorder | None = None


def init(url: str | None = None, api_key: str | None = None, **settings: Any) -> Recorder:
    """Set up the process's recorder and return it; the settings are those of ``Recorder``.

    What an earlier one has not sent is left to its spool, from which this one takes it over.
    Raises Invalid for a setting that cannot be used.
    """
    global _recorder  # noqa: PLW0603 - one recorder for the process
    with _lock:
        before = _recorder
        if before is not None:
            before.shutdown(0.0)
        _recorder = Recorder(url, api_key, **settings)
        return _recorder


def recorder() -> Recorder:
    """Return the process's recorder; one by the environment's settings if ``init`` was not called.

    Where those cannot be used, it is said in the log and nothing is recorded: the application is at work already.
    """
    global _recorder  # noqa: PLW0603 - one recorder for the process
    if _recorder is None:
        with _lock:
            if _recorder is None:
                _recorder = _by_environment()
    return _recorder


def _by_environment() -> Recorder:
    try:
        return Recorder()
    except Invalid as failure:
        log.warning("playhead records nothing: %s", failure)
        return Recorder(DEFAULT_URL, "", enabled=False, spool_dir=False)


def _after_fork() -> None:
    """Let go of what another thread of the parent may have held when this child was forked."""
    global _lock  # noqa: PLW0603 - as above
    _lock = threading.Lock()


def session(*, feature: str = "app", **start: Any) -> Session:
    """Start a session, to be used as a block: current inside, ended with it. Arguments are those of
    ``Recorder.session``."""
    return recorder().session(feature=feature, **start)


def flush(timeout_s: float = 10.0) -> bool:
    """Wait until what was recorded is stored, ``timeout_s`` seconds at most; say whether it is."""
    return _recorder.flush(timeout_s) if _recorder is not None else True


def shutdown(timeout_s: float | None = None) -> bool:
    """Send what there is and stop recording; say whether everything was stored. The rest stays in the spool."""
    return _recorder.shutdown(timeout_s) if _recorder is not None else True


def stats() -> RecorderStats:
    """Return what became of everything that was recorded."""
    return _recorder.stats() if _recorder is not None else RecorderStats()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
