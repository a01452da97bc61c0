"""Latency states: what is kept beside ``events``, so that percentiles of very many calls need not read them all.

A projection has, for each day, feature and model, how many calls fell into each of 1,024 buckets of latencies, in the
form of ClickHouse's ``quantilesTiming``, which counts numbers below 1,024 one by one. ClickHouse writes it with each
part and makes it anew with each merge, and reads rows where a part has none. Bucket 0 ends at ``LEAST_MS``, each other
at ``RATIO`` times the end of the one before; a bucket's value is off by less than one per cent.
"""

from __future__ import annotations

import math
from typing import Final

from playhead.store.clickhouse.keys_sql import KEYS

LEVELS: Final = "0.5, 0.9, 0.95, 0.99"
RATIO: Final = 1.02
LEAST_MS: Final = 0.01
LAST: Final = 1023
"""The last bucket begins at an hour and a half."""

_BUCKET: Final = (
    f"toUInt16(least({LAST}, greatest(0, 1 + ceil(log(greatest(assumeNotNull(latency_ms), {LEAST_MS / 100})"
    f" / {LEAST_MS}) * {1 / math.log(RATIO)!r}))))"
)
STATE: Final = f"quantilesTimingStateIf({LEVELS})({_BUCKET}, latency_ms IS NOT NULL)"
"""The state of some rows of ``events``; only states of this very form come out of the projection."""
MERGED: Final = f"quantilesTimingMerge({LEVELS})"
"""What makes the buckets of the median, p90, p95 and p99 of states; NaN where nothing was measured."""

_KEYS: Final = f"project_no, feature, model, {KEYS['day']}"
NAME: Final = "latencies"
PROJECTION: Final = f"PROJECTION {NAME} (SELECT {_KEYS}, {STATE} GROUP BY {_KEYS})"
SETTING: Final = "deduplicate_merge_projection_mode = 'rebuild'"
"""What a table with such a projection needs."""


def value_of(bucket: float) -> float | None:
    """Return the latency in milliseconds that stands for a bucket: off by the same share at both of its bounds."""
    if math.isnan(bucket):
        return None
    return LEAST_MS * math.pow(RATIO, bucket - 1) * 2 / (RATIO + 1) if bucket else 0.0
