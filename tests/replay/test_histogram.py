"""Histograms: what was put in is counted, merged and taken away exactly, and percentiles are within one per cent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.replay.histogram import (
    BUCKETS,
    EMPTY,
    LEAST_MS,
    bucket_of,
    count_of,
    histogram_of,
    packed,
    percentiles_of,
    unpacked,
    value_of,
)
from playhead.replay.percentiles import percentile

PER_CENTS = (0.1, 25, 50, 90, 95, 99, 100)
latencies = st.floats(LEAST_MS, 1e12)


@given(st.lists(latencies, min_size=1))
def test_percentiles_are_within_one_per_cent(values: list[float]) -> None:
    exact = [percentile(sorted(values), per_cent) for per_cent in PER_CENTS]
    assert percentiles_of(histogram_of(values), PER_CENTS) == [pytest.approx(value, rel=0.01) for value in exact]


@given(st.lists(latencies), st.lists(latencies))
def test_histograms_are_merged_and_taken_away_exactly(some: list[float], others: list[float]) -> None:
    merged = histogram_of(some) + histogram_of(others)
    assert merged == histogram_of([*some, *others])
    assert merged - histogram_of(others) == histogram_of(some)
    assert count_of(merged) == len(some) + len(others)


@given(st.lists(st.floats(0, 1e300)))
def test_a_histogram_is_the_same_after_packing(values: list[float]) -> None:
    assert unpacked(packed(histogram_of(values))) == histogram_of(values)


def test_few_buckets_take_few_bytes() -> None:
    assert packed(EMPTY) == b""
    assert len(packed(histogram_of([900.0, 900.0]))) == 6


def test_the_ends_of_the_scale() -> None:
    assert bucket_of(0) == bucket_of(LEAST_MS / 2) == 0
    assert bucket_of(1e300) == BUCKETS - 1
    assert value_of(0) == 0
    assert percentiles_of(histogram_of([0.0]), (50,)) == [0.0]
    assert percentiles_of(EMPTY, (50, 95)) == [None, None]


@given(latencies)
def test_a_bucket_stands_for_what_falls_into_it(value: float) -> None:
    assert value_of(bucket_of(value)) == pytest.approx(value, rel=0.01)
