"""Percentiles by nearest rank (the smallest value that at least p per cent of the values do not exceed)."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(ordered: Sequence[float], per_cent: float) -> float | None:
    """Return the nearest-rank percentile of values in ascending order, None of none."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(per_cent / 100 * len(ordered)) - 1)]
