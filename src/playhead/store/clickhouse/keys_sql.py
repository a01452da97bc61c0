"""What statistics are grouped by, as SQL over rows of ``sessions``, and of ``events``, which repeat these columns."""

from __future__ import annotations

from typing import Final

from playhead.model.filters import GroupBy
from playhead.model.moment import DAY_US, format_us

EARLIER: Final = 20_000_000
"""Days or hours of series are counted from so many before 1970, so that none has a negative number."""
BUCKET_US: Final[dict[GroupBy, int]] = {"day": DAY_US, "hour": DAY_US // 24}
NO_KEY: Final = "0"
KEYS: Final[dict[GroupBy, str]] = {
    "feature": "feature",
    "user": "ifNull(user_id, '')",
    "model": NO_KEY,
    **{name: f"toUInt32(intDiv(started_us + {EARLIER * us}, {us}))" for name, us in BUCKET_US.items()},
}


def beginning(number: int, group_by: GroupBy) -> str:
    """Return the moment at which a day or an hour begins."""
    bucket_us = BUCKET_US[group_by]
    return format_us((number - EARLIER) * bucket_us)
