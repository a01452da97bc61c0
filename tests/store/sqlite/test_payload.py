from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.sqlite.parts import NOW_US, action, begin

from playhead.store.payload import decode, encode
from playhead.store.sqlite.store import SqliteStore

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=30,
)


def same(left: Any, right: Any) -> bool:
    """Compare as JSON tells values apart: 1 is not 1.0 and not true, and -0.0 is not 0.0."""
    return repr(left) == repr(right)


@given(value=VALUE)
def test_any_json_value_comes_back_as_it_was(value: Any) -> None:
    assert same(decode(encode(value)), value)


@pytest.mark.parametrize(
    "value",
    [
        "\x00",
        "a\x00b" * 100,
        "\U0001f600\U0010ffff" * 60,
        2**63,
        -(2**200),
        10**400,
        5e-324,
        -0.0,
        math.pi,
        1.7976931348623157e308,
        {"": {"": [[], {}, None, False]}},
        {"\x00": 1, "ключ": "値"},
        "\u2028\u2029\ufeff\uffff",
    ],
)
def test_awkward_values_come_back_from_the_store_as_they_were(sqlite: SqliteStore, value: Any) -> None:
    project = begin(sqlite, metadata={"value": value})
    sqlite.append(project, "s", [action("a", {"action": "x", "value": value, "more": [value]})], NOW_US).result()
    event = sqlite.get_events(project, "s").events[0]
    assert same(event.data, {"action": "x", "value": value, "more": [value]})
    assert same(sqlite.get_session(project, "s").metadata, {"value": value})


def test_nesting_to_the_depth_that_is_allowed_comes_back(sqlite: SqliteStore) -> None:
    project = begin(sqlite)
    value: Any = "deep"
    for _ in range(64):
        value = {"in": [value]}
    sqlite.append(project, "s", [action("a", {"action": "x", "value": value})], NOW_US).result()
    assert sqlite.get_events(project, "s").events[0].data["value"] == value


def test_texts_that_repeat_are_stored_shorter_and_short_ones_as_they_are() -> None:
    assert len(encode("again and " * 100)) < 100
    assert encode({"a": 1}) == b'{"a":1}'
