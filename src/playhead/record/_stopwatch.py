"""The seconds that pass, for deadlines and pauses: also while an application's tests hold the clock."""

from __future__ import annotations

import time


class _Unpatched:
    """Keeps the function where libraries that stop the clock do not look for it: they replace modules' own members."""

    monotonic = staticmethod(time.monotonic)


def elapsed_s() -> float:
    """Return seconds since some moment; they never go back and never stand still."""
    return _Unpatched.monotonic()
