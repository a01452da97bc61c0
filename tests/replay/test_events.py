"""Checking events: what is kept, what is renamed, what is an error, and what is refused by name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import Invalid, InvalidJson, PlayheadError
from playhead.model.event import NewEvent, RawEvent
from playhead.replay.cost import PriceTable
from playhead.replay.events import check_event

PRICES = PriceTable()
CALL = {"model": "gpt-4o", "prompt": "What?", "response": "That."}
ARRIVAL_US = 1_790_000_000_000_000


def check(body: Any) -> NewEvent:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    event = msgspec.json.decode(raw, type=RawEvent)
    return check_event(event, event_id="generated", received_us=ARRIVAL_US, prices=PRICES)


def call(**members: Any) -> NewEvent:
    return check({"type": "interaction", "data": {**CALL, **members}})


def test_members_that_nobody_knows_are_kept() -> None:
    assert call(flavour={"x": [1, None, "\x00"]}).data["flavour"] == {"x": [1, None, "\x00"]}


def test_older_names_become_the_first_ones() -> None:
    code = check({"type": "code_context", "data": {"filePath": "a.py", "content": "x = 1"}})
    action = check({"type": "user_action", "data": {"action": "click", "details": {"x": 1}}})
    assert (code.data, action.data) == (
        {"file": "a.py", "snippet": "x = 1"},
        {"action": "click", "metadata": {"x": 1}},
    )


def test_both_names_together_lose_neither() -> None:
    data = check({"type": "user_action", "data": {"action": "a", "details": {"x": 1}, "metadata": {"y": 2}}}).data
    assert data == {"action": "a", "details": {"x": 1}, "metadata": {"y": 2}}


def test_the_arrival_stands_in_for_a_missing_timestamp() -> None:
    assert call().timestamp_us == ARRIVAL_US
    assert call(timestamp=1000).timestamp_us == 1_000_000
    assert check({"type": "interaction", "timestamp": 2000, "data": CALL}).timestamp_us == 2_000_000


def test_an_id_comes_from_the_envelope_or_the_data_or_is_generated() -> None:
    assert check({"type": "interaction", "id": "mine", "data": CALL}).id == "mine"
    assert call(id="inner").id == "inner"
    assert call().id == "generated"
    assert call(id=7).data["id"] == 7


@pytest.mark.parametrize(
    "members",
    [
        {"error": "boom"},
        {"error": {"message": "boom"}},
        {"responseMetadata": {"error": True}},
        {"responseMetadata": {"status": "failed"}},
        {"responseMetadata": {"status": 500}},
        {"responseMetadata": {"statusCode": 429}},
        {"responseMetadata": {"status_code": "503"}},
    ],
)
def test_an_interaction_that_failed_is_an_error(members: dict[str, Any]) -> None:
    assert call(**members).error


@pytest.mark.parametrize(
    "members", [{}, {"error": None}, {"error": ""}, {"responseMetadata": {"status": "ok", "statusCode": 200}}]
)
def test_an_interaction_that_went_well_is_none(members: dict[str, Any]) -> None:
    assert not call(**members).error


def test_a_failed_call_needs_no_response() -> None:
    event = check({"type": "interaction", "data": {"model": "m", "prompt": "p", "error": "time-out"}})
    assert event.error


def test_a_failed_step_is_an_error() -> None:
    assert check({"type": "step", "data": {"name": "search", "status": "error"}}).error
    assert not check({"type": "step", "data": {"name": "search", "status": "ok"}}).error


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "dream", "data": {}}, "type"),
        ({"type": "interaction"}, "data"),
        ({"type": "interaction", "data": [1]}, "data"),
        ({"type": "interaction", "data": {"model": "m", "prompt": "p"}}, "data.response"),
        ({"type": "interaction", "data": {"prompt": "p", "response": "r"}}, "data.model"),
        ({"type": "interaction", "data": {**CALL, "prompt": 7}}, "data.prompt"),
        ({"type": "interaction", "data": {**CALL, "tokens": {"input": -1}}}, "data.tokens.input"),
        ({"type": "interaction", "data": {**CALL, "tokens": {"output": 1.5}}}, "data.tokens.output"),
        ({"type": "interaction", "data": {**CALL, "cost": -0.1}}, "data.cost"),
        ({"type": "interaction", "data": {**CALL, "cost": "1"}}, "data.cost"),
        ({"type": "interaction", "data": {**CALL, "latency": -5}}, "data.latency"),
        ({"type": "interaction", "data": {**CALL, "timestamp": "soon"}}, "timestamp"),
        ({"type": "interaction", "data": {**CALL, "model": "a\x00b"}}, "data.model"),
        ({"type": "user_action", "data": {}}, "data.action"),
        ({"type": "step", "data": {"name": "x", "kind": "magic"}}, "data.kind"),
        ({"type": "code_context", "data": {"cursorPosition": {"line": "1"}}}, "data.cursorPosition.line"),
    ],
)
def test_what_is_wrong_is_named(body: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as failure:
        check(body)
    assert failure.value.details[0]["field"] == field
    assert field in failure.value.message


def test_a_number_out_of_range_is_refused() -> None:
    with pytest.raises(InvalidJson, match="out of range"):
        check(b'{"type":"interaction","data":{"model":"m","prompt":"p","response":"r","cost":1e400}}')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(["interaction", "user_action", "code_context", "step", "feedback", "x"]), JSON)
def test_any_json_is_taken_whole_or_refused_by_name(kind: str, data: Any) -> None:
    try:
        event = check({"type": kind, "data": data})
    except PlayheadError as failure:
        named = isinstance(failure, InvalidJson) or bool(failure.details)
    else:
        kept = len(event.data) + ("id" in data and "id" not in event.data)
        named = kept + ("timestamp" in data and "timestamp" not in event.data) >= len(data)
    assert named


def test_an_announced_call_needs_no_response_and_has_no_outcome_yet() -> None:
    event = check({"type": "interaction", "data": {"model": "gpt-4o", "prompt": "p", "pending": True, "error": "x"}})
    assert (event.pending, event.call, event.error, event.latency_ms) == (True, None, False, None)
    assert not call(pending=False).pending


def test_a_gap_counts_what_was_dropped_and_lasts_from_its_beginning() -> None:
    gap = check({"type": "gap", "data": {"count": 5, "from": 1000, "until": 4000}})
    assert (gap.dropped, gap.timestamp_us, gap.latency_ms) == (5, 4_000_000, 3000.0)
    assert gap.data == {"count": 5, "from": 1000, "until": 4000}
    assert check({"type": "gap", "timestamp": 500, "data": {"count": 1, "from": 1000}}).latency_ms == 0
