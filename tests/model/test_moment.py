"""Moments: every form that a request may send, and the one form that answers carry."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.model.moment import EARLIEST_US, LATEST_US, format_us, from_us, is_date, parse_us, to_us

NOON_US = to_us(datetime(2025, 10, 1, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    "moment",
    [
        "2025-10-01T12:00:00Z",
        "2025-10-01T12:00:00.000Z",
        "2025-10-01t12:00:00z",
        "2025-10-01 12:00:00Z",
        "2025-10-01T12:00Z",
        "2025-10-01T14:00:00+02:00",
        "2025-10-01T06:30:00-05:30",
        "2025-10-01T12:00:00",
        "1759320000000",
        1759320000000,
        1759320000000.0,
    ],
)
def test_every_form_names_the_same_moment(moment: str | float) -> None:
    assert parse_us(moment) == NOON_US


def test_a_date_alone_is_its_first_instant() -> None:
    assert format_us(parse_us("2025-10-01")) == "2025-10-01T00:00:00.000Z"
    assert is_date("2025-10-01")
    assert not is_date("2025-10-01T00:00:00Z")


@pytest.mark.parametrize(
    "moment",
    [
        "",
        "yesterday",
        "2025-02-30",
        "2025-10-01T25:00:00Z",
        "2025-10-01T12:00:00+99:00",
        "2025-W01-1",
        "1e3",
        10**18,
        -(10**18),
        float("nan"),
        float("inf"),
        True,
        "٢٠٢٥-١٠-٠١",
    ],
)
def test_what_is_no_moment_is_refused(moment: str | float) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_us(moment)


def test_microseconds_are_kept() -> None:
    assert format_us(parse_us("2025-10-01T12:00:00.123456Z")) == "2025-10-01T12:00:00.123456Z"
    assert format_us(parse_us("2025-10-01T12:00:00.120Z")) == "2025-10-01T12:00:00.120Z"


@given(st.integers(EARLIEST_US, LATEST_US))
def test_what_is_written_is_read_again(us: int) -> None:
    assert parse_us(format_us(us)) == us
    assert to_us(from_us(us)) == us
