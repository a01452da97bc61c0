"""Which texts of an event can be searched for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.model.event import EVENT_TYPES, EventType
from playhead.replay.words import parse_query, tokens
from playhead.store.texts import BARRIER, Document, event_document, label_document

MEMBERS = st.sampled_from(
    [
        "type",
        "role",
        "content",
        "text",
        "parts",
        "tool_calls",
        "function",
        "name",
        "input",
        "error",
        "action",
        "metadata",
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | MEMBERS, inner, max_size=4),
    max_leaves=20,
)


@given(type_=st.sampled_from(EVENT_TYPES), data=st.dictionaries(MEMBERS, json_values), messages=st.lists(json_values))
def test_no_event_is_too_strange_to_read(type_: EventType, data: dict[str, Any], messages: list[Any]) -> None:
    document = event_document(type_, data, messages)
    assert bool(document.words()) == any(True for _ in document.pieces())


def test_an_event_without_texts_has_nothing_to_index() -> None:
    assert event_document("system_metrics", {"cpu": 3.5}).words() == ""
    assert event_document("user_action", {"action": " \n"}).words() == ""
    assert label_document(None, []).words() == ""


def test_each_text_stands_in_its_column() -> None:
    data = {"model": "m", "prompt": "asked", "response": "answered", "error": "failed"}
    assert event_document("interaction", data) == Document(
        prompt=("asked",), response=("answered",), other=("m", "failed")
    )
    assert event_document("code_context", {"file": "f", "snippet": "s"}) == Document(code=("f", "s"))
    assert label_document("l", ["t"]) == Document(label=("l", "t"))


def test_of_a_list_the_new_messages_alone_count() -> None:
    data = {"model": "m", "prompt": [{"content": "old"}, {"content": "new"}], "response": ""}
    assert event_document("interaction", data, [{"content": "new"}]).prompt == ("new",)


@pytest.mark.parametrize("number", [10**5000, -(10**5000)], ids=["long", "negative"])
def test_a_number_of_any_length_is_passed_over(number: int) -> None:
    assert event_document("user_action", {"action": "a", "metadata": {"n": number}}).action == ("a",)


def test_the_barrier_is_a_token_that_no_query_holds() -> None:
    assert BARRIER.strip()
    assert not BARRIER.strip().isascii()
    assert tokens(BARRIER) == []
    assert parse_query(BARRIER) == []
