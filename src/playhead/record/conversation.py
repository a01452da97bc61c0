"""How a call becomes a result: attempts, pauses between them, when to give up. A generator; drivers do what it asks.

It yields an ``Attempt`` (send this, and hand me the ``Reply`` or how it ``Broke``) or a ``Pause`` (sleep so long), and
returns the result or raises. No network, no sleeping: the clock and the dice are passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, TypeAlias, TypeVar

from msgspec import Struct

from playhead.errors import PlayheadError, Unreachable
from playhead.record.call import Broken, Call, Reply, failure_of
from playhead.record.settings import Settings

T = TypeVar("T")

REFUSED = frozenset({429, 503, 507})
"""Statuses that say: not done. Any call may be sent again."""
LOST = frozenset({502, 504})
"""Statuses of something in between, which knows not what became of it: only repeatable calls are sent again."""
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0


class Attempt(Struct, frozen=True):
    """Send the call; be done with it ``within_s`` seconds."""

    call: Call[Any]
    within_s: float


class Pause(Struct, frozen=True):
    """Let ``seconds`` pass."""

    seconds: float


Conversation: TypeAlias = Generator[Attempt | Pause, Reply | Broken | None, T]


def converse(
    call: Call[T], settings: Settings, clock: Callable[[], float], dice: Callable[[], float]
) -> Conversation[T]:
    """Send a call, and again where that is harmless, until it has a result or time or attempts are used up.

    ``clock`` is monotonic seconds, ``dice`` a number from 0 to 1. The same bytes go out each time, with the same ids.
    """
    deadline = clock() + settings.timeout_s
    for attempt in range(settings.max_retries + 1):
        outcome = yield Attempt(call, max(deadline - clock(), 0.001))
        assert outcome is not None  # noqa: S101 - a driver answers each attempt
        if isinstance(outcome, Reply) and 200 <= outcome.status < 300:
            return call.parse(outcome.body)
        pause_s = _pause_s(outcome, attempt, dice())
        if attempt == settings.max_retries or not _again(call, outcome) or clock() + pause_s >= deadline:
            raise _failure(outcome, settings, attempt + 1)
        yield Pause(pause_s)
    raise Unreachable


def _again(call: Call[Any], outcome: Reply | Broken) -> bool:
    if isinstance(outcome, Broken):
        return call.repeatable or not outcome.sent
    return outcome.status in REFUSED or (call.repeatable and outcome.status in LOST)


def _failure(outcome: Reply | Broken, settings: Settings, attempts: int) -> PlayheadError:
    if isinstance(outcome, Reply):
        return failure_of(outcome)
    times = f" ({attempts} attempts)" if attempts > 1 else ""
    return Unreachable(f"No answer from {settings.url}{times}: {outcome.reason}")


def _pause_s(outcome: Reply | Broken, attempt: int, dice: float) -> float:
    asked = retry_after_s(outcome.headers.get("retry-after", "")) if isinstance(outcome, Reply) else 0.0
    own = min(FIRST_PAUSE_S * 2.0**attempt, LONGEST_PAUSE_S) * (0.5 + dice / 2)
    return max(asked, own)


def retry_after_s(value: str) -> float:
    """Read a Retry-After: seconds, or the date of RFC 9110; 0 for what is neither."""
    try:
        return float(value) if value.replace(".", "", 1).isdecimal() else _seconds_until(value)
    except ValueError:
        return 0.0


def _seconds_until(date: str) -> float:
    return parsedate_to_datetime(date).timestamp() - time()
