"""What a recorder can be told: from arguments, then the environment, then defaults. Reads the environment alone, and
who is at home here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from msgspec import Struct

from playhead.errors import Invalid

NO = frozenset({"0", "false", "no", "off"})
DEFAULT_DIR = object()


class Options(Struct, frozen=True, kw_only=True):
    """Limits and times of a recorder.

    Args:
        enabled: False records nothing at all.
        queue_bytes: Memory for events that are not in the spool yet, or that it cannot take.
        spool_dir: Where events wait for the server on disk; None keeps them in memory alone.
        spool_bytes: The spool's size, above which new events are dropped.
        event_bytes: The largest event; a larger one is dropped.
        batch_events: Events in one request, at most.
        batch_bytes: Bytes in one request before compression, at most (one event may be larger).
        batch_s: How long an event waits for others before it is sent.
        spool_s: How long an event waits in memory before it is in the spool.
        request_timeout_s: Seconds for one request.
        exit_timeout_s: How long the end of the process may be held up by what is not sent yet.
    """

    enabled: bool = True
    queue_bytes: int = 16 << 20
    spool_dir: Path | None = None
    spool_bytes: int = 1 << 30
    event_bytes: int = 8 << 20
    batch_events: int = 1_000
    batch_bytes: int = 1 << 19
    batch_s: float = 0.25
    spool_s: float = 0.025
    request_timeout_s: float = 15.0
    exit_timeout_s: float = 2.0


def read_options(**given: Any) -> Options:
    """Return options from arguments (None: not given) and PLAYHEAD_ENABLED, PLAYHEAD_SPOOL_DIR. Raises Invalid."""
    values = {name: value for name, value in given.items() if value is not None}
    values.setdefault("enabled", os.environ.get("PLAYHEAD_ENABLED", "1").strip().lower() not in NO)
    spool_dir = values.pop("spool_dir", os.environ.get("PLAYHEAD_SPOOL_DIR", "").strip() or DEFAULT_DIR)
    for name, value in values.items():
        if not isinstance(value, int | float) or value < 0:
            raise Invalid.field(name, f"expected a number that is not negative, not {value!r}")
    return Options(**values, spool_dir=None if spool_dir is False else _directory(spool_dir))


def _directory(given: Any) -> Path | None:
    """Return the spool's directory. None for the default one of a user who has no home, as in many containers."""
    state = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state) if state else Path("~/.local/state")
    try:
        return (base / "playhead" / "spool" if given is DEFAULT_DIR else Path(given)).expanduser()
    except RuntimeError as error:
        if given is DEFAULT_DIR:
            return None
        raise Invalid.field("spool_dir", str(error)) from None
