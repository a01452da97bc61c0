"""Histograms of latencies: what percentiles of very many calls are estimated from, within one per cent.

A histogram is a whole number of many digits, each a count (``LANE_BITS`` wide) of the latencies in one bucket; so
histograms are merged by ``+`` and taken away again by ``-``, all buckets at once. Bucket 0 holds what is below a
microsecond, bucket n what is at most ``RATIO`` times the bound of the one before. A bucket's value is off by at most
(RATIO - 1) / (RATIO + 1), below one per cent. Pure.
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate
from typing import Final

RATIO: Final = 1.02
LEAST_MS: Final = 0.001
BUCKETS: Final = 2_100
"""The last ends beyond 10,000 years."""
LANE_BITS: Final = 32
EMPTY: Final = 0

_LANE_BYTES: Final = LANE_BITS // 8
_PER_LOG: Final = 1 / math.log(RATIO)
_OFFSET: Final = struct.Struct("<H")


def histogram_of(latencies_ms: Iterable[float]) -> int:
    """Return the histogram of latencies in milliseconds."""
    buckets = [bucket_of(latency_ms) for latency_ms in latencies_ms]
    if not buckets:
        return EMPTY
    first, last = min(buckets), max(buckets)
    lanes = [0] * (last - first + 1)
    for bucket in buckets:
        lanes[bucket - first] += 1
    return int.from_bytes(struct.pack(f"<{len(lanes)}I", *lanes), "little") << first * LANE_BITS


def bucket_of(latency_ms: float) -> int:
    """Return the number of the bucket that a latency falls into."""
    if latency_ms < LEAST_MS:
        return 0
    return min(BUCKETS - 1, 1 + math.ceil(math.log(latency_ms / LEAST_MS) * _PER_LOG))


def value_of(bucket: int) -> float:
    """Return the latency in milliseconds that stands for a bucket: off by the same share at both of its bounds."""
    return 0.0 if bucket == 0 else LEAST_MS * math.pow(RATIO, bucket - 1) * 2 / (RATIO + 1)


def percentiles_of(histogram: int, per_cents: Iterable[float]) -> list[float | None]:
    """Return nearest-rank percentiles as near as buckets tell them, None of an empty histogram."""
    first = _first_bucket(histogram)
    totals = list(accumulate(_lanes(histogram >> first * LANE_BITS)))
    if not totals:
        return [None for _ in per_cents]
    ranks = (max(1, math.ceil(per_cent / 100 * totals[-1])) for per_cent in per_cents)
    return [value_of(first + bisect_left(totals, rank)) for rank in ranks]


def count_of(histogram: int) -> int:
    """Return how many latencies are in a histogram."""
    return sum(_lanes(histogram >> _first_bucket(histogram) * LANE_BITS))


def packed(histogram: int) -> bytes:
    """Return a histogram as bytes: the first bucket that is not empty, and the counts from there to the last."""
    if not histogram:
        return b""
    first = _first_bucket(histogram)
    return _OFFSET.pack(first) + _bytes(histogram >> first * LANE_BITS)


def unpacked(data: bytes) -> int:
    """Return the histogram that ``packed`` made bytes of."""
    if not data:
        return EMPTY
    first = int.from_bytes(data[: _OFFSET.size], "little")
    return int.from_bytes(data[_OFFSET.size :], "little") << first * LANE_BITS


def _first_bucket(histogram: int) -> int:
    return ((histogram & -histogram).bit_length() - 1) // LANE_BITS if histogram else 0


def _lanes(histogram: int) -> tuple[int, ...]:
    data = _bytes(histogram)
    return struct.unpack(f"<{len(data) // _LANE_BYTES}I", data)


def _bytes(histogram: int) -> bytes:
    lanes = -(-histogram.bit_length() // LANE_BITS)
    return histogram.to_bytes(lanes * _LANE_BYTES, "little")
