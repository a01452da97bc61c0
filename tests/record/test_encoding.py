"""What is seen at a glance is encoded like what is looked through: nothing that JSON cannot hold slips past."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.record._encoding import encode, encode_softly
from playhead.record._members import moment_ms

SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


def _numbers_of(value: Any) -> Any:
    return json.loads(value, parse_int=float)


@given(data=st.dictionaries(st.text(max_size=6), VALUES, max_size=6))
def test_both_ways_write_the_same_and_alter_the_same(data: dict[str, Any]) -> None:
    event = {"sessionId": "s", "id": "e", "type": "user_action", "timestamp": 1.5, "data": data}
    line, altered = encode(event)
    softly, said = encode_softly(event)
    assert _numbers_of(line) == _numbers_of(softly)
    assert altered == said


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_number_without_an_end_is_said_at_every_level(bad: float) -> None:
    for data in ({"x": bad}, {"a": {"x": bad}}, {"a": {"b": {"x": bad}}}, {"a": {"b": {"c": {"d": {"x": bad}}}}}):
        line, altered = encode({"data": data})
        assert altered == {"not_finite"}, data
        assert b'"x":null' in line


@pytest.mark.parametrize("bad", [math.nan, math.inf, True, object()])
def test_what_is_no_moment_leaves_the_present(bad: Any) -> None:
    assert moment_ms(bad) is None
