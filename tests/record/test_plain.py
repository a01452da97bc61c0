"""Values become JSON whole, or are refused by the name of the member that holds what JSON has not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import Invalid
from playhead.record.plain import milliseconds, moment, plain

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


class Colour(StrEnum):
    RED = "red"


class Level(Enum):
    HIGH = 3


@dataclass
class Place:
    town: str
    at: datetime


class Pair(NamedTuple):
    left: int
    right: int


class Model:
    def model_dump(self) -> dict[str, Any]:
        return {"role": "user", "deep": [Pair(1, 2)]}


class Struct(msgspec.Struct, rename="camel"):
    two_words: int


@given(JSON)
def test_what_is_json_already_stays_as_it_is(value: Any) -> None:
    assert plain(value, "x") == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Colour.RED, "red"),
        (Level.HIGH, 3),
        (Place("Oslo", datetime(2026, 1, 2, tzinfo=UTC)), {"town": "Oslo", "at": "2026-01-02T00:00:00.000Z"}),
        (Model(), {"role": "user", "deep": [[1, 2]]}),
        (Struct(1), {"twoWords": 1}),
        ({1: "one"}, {"1": "one"}),
        ((1, {2}), [1, [2]]),
        (Decimal("0.10"), "0.10"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (ValueError("bad"), {"type": "ValueError", "message": "bad"}),
        (10**40, 10**40),
    ],
)
def test_objects_become_what_they_hold(value: Any, expected: Any) -> None:
    assert plain(value, "x") == expected


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"a": [1, float("nan")]}, "prompt.a[1]"),
        ({"a": float("inf")}, "prompt.a"),
        (["\ud800"], "prompt[0]"),
        ({"\udfff": 1}, "prompt (key)"),
        ({("a",): 1}, "prompt"),
        ([object()], "prompt[0]"),
    ],
)
def test_what_json_has_not_is_refused_by_name(value: Any, named: str) -> None:
    with pytest.raises(Invalid) as failure:
        plain(value, "prompt")
    assert failure.value.details[0]["field"] == named


def test_a_list_that_contains_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(Invalid, match="contains itself"):
        plain(loop, "prompt")


def test_times_are_sent_in_utc() -> None:
    summer = datetime(2026, 7, 1, 12, 0, 0, 5000, tzinfo=timezone(timedelta(hours=2)))
    assert moment(summer, "t") == "2026-07-01T10:00:00.005Z"
    assert moment(date(2026, 7, 1), "t") == "2026-07-01"
    assert moment(1_700_000_000_000, "t") == 1_700_000_000_000
    assert moment("2026-07-01", "t") == "2026-07-01"


def test_a_time_without_a_zone_is_local_time() -> None:
    assert moment(datetime(2026, 7, 1, 12), "t") == moment(datetime(2026, 7, 1, 12).astimezone(), "t")  # noqa: DTZ001


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(Invalid, match="started_at"):
        moment([], "started_at")


def test_a_timedelta_is_milliseconds() -> None:
    assert milliseconds(timedelta(seconds=1.5), "latency") == 1500
    assert milliseconds(12, "latency") == 12
