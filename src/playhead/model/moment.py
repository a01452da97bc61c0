"""Moments in time: what a request may send, and what an answer says.

Inside the program a moment is a whole number of microseconds since the Unix epoch (``…_us``); on the wire it is an
RFC 3339 string in UTC with ``Z``. Nothing here reads a clock.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from math import isnan
from typing import TypeAlias

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY_US = 86_400_000_000
EARLIEST_US = -62_135_596_800_000_000  # 0001-01-01T00:00:00Z
LATEST_US = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
RFC_3339 = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)(Z|z|[+-]\d{2}:?\d{2})?")

Moment: TypeAlias = str | int | float
"""A moment as a request may send it: RFC 3339 (any offset), a date alone, or epoch milliseconds."""


def to_us(moment: datetime) -> int:
    """Return an aware datetime as microseconds since the epoch."""
    return (moment - EPOCH) // MICROSECOND


def from_us(us: int) -> datetime:
    """Return microseconds since the epoch as an aware UTC datetime."""
    return EPOCH + us * MICROSECOND


def format_us(us: int) -> str:
    """Return RFC 3339 in UTC with ``Z``, to the millisecond, or to the microsecond where there are any."""
    text = from_us(us).isoformat(timespec="microseconds" if us % 1000 else "milliseconds")
    return text[:-6] + "Z"


def parse_us(moment: Moment) -> int:
    """Return a moment as microseconds since the epoch; a date alone is its first instant, no offset means UTC.

    Raises ValueError with a sentence when it is none of the forms, or outside the years 1 to 9999.
    """
    if type(moment) is int and EARLIEST_US <= moment * 1000 <= LATEST_US:
        return moment * 1000
    if isinstance(moment, str):
        return _parse_text(moment.strip())
    if isinstance(moment, bool) or isnan(moment):
        raise ValueError("expected an RFC 3339 time, a date, or epoch milliseconds")
    if not EARLIEST_US <= moment * 1000 <= LATEST_US:
        raise ValueError("epoch milliseconds outside the years 1 to 9999")
    return round(moment * 1000)


def is_date(moment: Moment) -> bool:
    """Say whether a moment is a date alone, which stands for its whole UTC day."""
    return isinstance(moment, str) and DATE.fullmatch(moment.strip()) is not None


def _parse_text(text: str) -> int:
    if text.lstrip("-").isdecimal() and text.isascii():
        return parse_us(int(text))
    if DATE.fullmatch(text):
        return _iso(text + "T00:00:00+00:00")
    parts = RFC_3339.fullmatch(text)
    if parts is None:
        raise ValueError("expected an RFC 3339 time, a date, or epoch milliseconds")
    day, time, offset = parts.groups()
    return _iso(f"{day}T{time.replace(',', '.')}{(offset or 'Z').upper()}")


def _iso(text: str) -> int:
    try:
        us = to_us(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"not a real time: {error}") from None
    if not EARLIEST_US <= us <= LATEST_US:
        raise ValueError("outside the years 1 to 9999")
    return us
