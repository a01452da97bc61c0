"""A plain event is what the careful way makes of it, and what the careful way refuses is never plain."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import PlayheadError
from playhead.model.event import DATA_OF, EVENT_TYPES, NewEvent, RawEvent, SentEvent
from playhead.replay.cost import PriceTable
from playhead.replay.events import check_event
from playhead.replay.plain import plain_event

PRICES = PriceTable()
ARRIVAL_US = 1_790_000_000_000_000
NAMES = sorted({name for kind in DATA_OF.values() for name in kind.__struct_encode_fields__} | {"id", "details", "x"})

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**20),
    st.floats(-1.0, 10.0),
    st.sampled_from([1.0, 2**53, "error", "failed", "500", "gpt-4o", "é\u2028", "", "a\x00b", "tool", "2026-01-01"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)
members = st.dictionaries(st.sampled_from(NAMES), values, max_size=5)
interactions = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["gpt-4o", "my-own", 7, "a\x00b"]),
        "prompt": st.sampled_from(["hello", "grüß", [], [{"role": "user", "content": "grüß"}], [1, [2]], 3]),
        "response": st.sampled_from(["yes", None, ["part"]]),
    },
    optional={
        "provider": st.sampled_from(["openai", None]),
        "tokens": st.sampled_from([{"input": 3, "output": 4, "cached": 9}, {"input": -1}, {"input": 1.0}, None]),
        "error": values,
        "pending": st.booleans() | st.none(),
        "latency": scalars,
        "responseMetadata": st.sampled_from([{"status": "failed"}, {"statusCode": 500}, {"error": "x"}, {}, None]),
        "timestamp": st.sampled_from([1_790_000_000_000, None, "never"]),
    },
)
gaps = st.fixed_dictionaries(
    {"count": st.integers(-1, 5)}, optional={"from": scalars, "until": st.sampled_from([1_790_000_000_000, "never"])}
)
steps = st.fixed_dictionaries({"name": st.just("look up")}, optional={"status": scalars, "error": values})
encodings = st.sampled_from([{"separators": (",", ":"), "ensure_ascii": False}, {"separators": (",", ":")}, {}])
envelopes = st.tuples(st.sampled_from([None, "own"]), st.sampled_from([None, 1_790_000_000_123.5, "never"]))


def both(kind: str, text: bytes, envelope: tuple[str | None, Any]) -> tuple[NewEvent | PlayheadError, SentEvent | None]:
    """Return what each way makes of an event."""
    own_id, timestamp = envelope
    event = RawEvent(type=kind, data=msgspec.Raw(text), id=own_id, timestamp=timestamp)
    plain = plain_event(event, text, event_id=own_id or "made", received_us=ARRIVAL_US, prices=PRICES)
    try:
        return check_event(event, event_id="made", received_us=ARRIVAL_US, prices=PRICES), plain
    except PlayheadError as error:
        return error, plain


def as_checked(event: SentEvent) -> NewEvent:
    """Return a plain event in the form that the careful way answers in."""
    return NewEvent(**{name: getattr(event, name) for name in NewEvent.__struct_fields__})


def assert_alike(kind: str, data: object, envelope: tuple[str | None, Any], encoding: dict[str, Any]) -> None:
    text = json.dumps(data, **encoding).encode()
    careful, plain = both(kind, text, envelope)
    assert plain is None or as_checked(plain) == careful


@given(kind=st.sampled_from(EVENT_TYPES), data=members, envelope=envelopes, encoding=encodings)
def test_any_data_is_plain_only_as_the_careful_way_has_it(
    kind: str, data: dict[str, Any], envelope: tuple[str | None, Any], encoding: dict[str, Any]
) -> None:
    assert_alike(kind, data, envelope, encoding)


@given(data=interactions, envelope=envelopes, encoding=encodings)
def test_an_interaction_is_plain_only_as_the_careful_way_has_it(
    data: dict[str, Any], envelope: tuple[str | None, Any], encoding: dict[str, Any]
) -> None:
    assert_alike("interaction", data, envelope, encoding)


@given(data=gaps, envelope=envelopes)
def test_a_gap_is_plain_only_as_the_careful_way_has_it(data: dict[str, Any], envelope: tuple[str | None, Any]) -> None:
    assert_alike("gap", data, envelope, {"separators": (",", ":")})


@given(data=steps, envelope=envelopes)
def test_a_step_is_plain_only_as_the_careful_way_has_it(data: dict[str, Any], envelope: tuple[str | None, Any]) -> None:
    assert_alike("step", data, envelope, {"separators": (",", ":")})


CALL = b'{"model":"gpt-4o","prompt":"hello","response":"yes"%s}'


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("interaction", CALL % b',"tokens":{"input":3,"output":4},"latency":12.5,"parameters":{"temperature":0.7}'),
        ("interaction", b'{"model":"gpt-4o","prompt":[{"role":"user","content":"hello"}],"response":"yes"}'),
        ("interaction", b'{"model":"gpt-4o","prompt":"hello","pending":true}'),
        ("interaction", '{"model":"gpt-4o","prompt":"grüß","response":"東京"}'.encode()),
        ("user_action", b'{"action":"click","target":"#go"}'),
        ("step", b'{"name":"look up","kind":"tool","output":[1,2]}'),
        ("gap", b'{"count":2}'),
    ],
)
def test_what_a_recorder_sends_is_plain(kind: str, text: bytes) -> None:
    careful, plain = both(kind, text, ("own", 1_790_000_000_000))
    assert plain is not None
    assert plain.text == text
    assert as_checked(plain) == careful


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("interaction", CALL % b',"unknown":1'),
        ("interaction", CALL % b',"timestamp":null'),
        ("interaction", CALL % b',"id":"mine"'),
        ("interaction", CALL % b',"error":1e999'),
        ("interaction", CALL % b',"error":"\\ud800"'),
        ("interaction", CALL % b',"error":"\xff"'),
        ("interaction", CALL % b',"error":NaN'),
        ("interaction", CALL % b',"tokens":{"input":3,"total":1e999}'),
        ("interaction", CALL % b',"tokens":{"\xff":3}'),
        ("interaction", b'{"model":"gpt-4o","prompt":"\xff","response":"yes"}'),
        ("interaction", b'{"model":"gpt-4o","prompt":"hello","response":["\xe6\x9d\xb1",1e999]}'),
        ("interaction", b'{"model":"gpt-4o","prompt":"hello","response":7}'),
        ("system_metrics", b'{"network":{"sent":1,"lost":1e999}}'),
        ("code_context", b'{"cursorPosition":{"line":1,"\xff":2}}'),
        ("interaction", b'{"model": "gpt-4o", "prompt": "hello", "response": "yes"}'),
        ("interaction", b'{"model":"gpt-4o","prompt":"gr\\u00fc\\u00df","response":"yes"}'),
        ("interaction", b"[]"),
        ("interaction", b""),
        ("user_action", b'{"action":"click","details":{}}'),
        ("nothing", b"{}"),
    ],
)
def test_what_must_be_looked_at_or_written_anew_is_not_plain(kind: str, text: bytes) -> None:
    assert both(kind, text, ("own", 1_790_000_000_000))[1] is None
