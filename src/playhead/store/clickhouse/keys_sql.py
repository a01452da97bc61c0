"""What statistics are grouped by, as SQL over rows of ``sessions``, and of ``events``, which repeat these columns."""

from __future__ import annotations

from typing import Final

from playhead.model.filters import GroupBy
from playhead.store.latencies import Key
from playhead.store.statistics import SPANS

EARLIER: Final = 20_000_000
"""Days or hours of series are counted from so many before 1970, so that none has a negative number."""
NO_KEY: Final = "0"
KEYS: Final[dict[GroupBy, str]] = {
    "feature": "feature",
    "user": "ifNull(user_id, '')",
    "model": NO_KEY,
    **{name: f"toUInt32(intDiv(started_us + {EARLIER * us}, {us}))" for name, us in SPANS.items()},
}


def key_of(found: Key, group_by: GroupBy) -> Key:
    """Return the key that a value of ``KEYS`` means: of a day or an hour, the moment at which it begins."""
    if group_by not in SPANS:
        return found
    return (int(found) - EARLIER) * SPANS[group_by]
