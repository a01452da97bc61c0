"""What is taken out of an event's data is the same whether it comes as an object or as its text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.model.event import NewEvent, SentEvent
from playhead.store.conversations import encode_event, without_prompt
from playhead.store.payload import from_json, to_json

names = st.sampled_from(["prompt", "model", "a", 'pro"mpt', "\\u0070rompt"])
values = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from(["prompt", '"prompt":[1]', "é", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
prompts = st.lists(values, max_size=3)


@given(
    before=st.dictionaries(names, values, max_size=2), prompt=prompts, after=st.dictionaries(names, values, max_size=2)
)
def test_an_events_text_is_taken_apart_as_its_data_is(
    before: dict[str, Any], prompt: list[Any], after: dict[str, Any]
) -> None:
    data = {**before, **after, "prompt": prompt} if "prompt" in after else {**before, "prompt": prompt, **after}
    told = NewEvent("e", "interaction", 1, 1, data)
    sent = SentEvent("e", "interaction", 1, 1, {}, text=to_json(data), messages=prompt)
    assert sent.data == data
    expected, found = encode_event(told), encode_event(sent)
    assert found.links == expected.links
    assert from_json(found.text) == from_json(expected.text)


@pytest.mark.parametrize(
    "text",
    [
        b'{"model":"m","prompt":[1],"response":"yes"}',
        b'{"prompt":[1],"kind":"prompt"}',
        b'{"inner":{"prompt":[1]},"prompt":[1]}',
        b'{"inner":{"prompt":[1]},"\\u0070rompt":[1]}',
        b'{"inner":{"prompt":[2]},"\\u0070rompt":[1]}',
        b'{"prompt":[2],"prompt":[1]}',
        b'{"prompt" : [1] }',
    ],
)
def test_only_the_prompt_itself_is_cut_out(text: bytes) -> None:
    assert from_json(without_prompt(text)) == {**json.loads(text), "prompt": None}


def test_what_stands_around_a_prompt_stays_as_it_came() -> None:
    assert without_prompt(b'{"a":1e2,"prompt":[{"b":[]}],"c":null}') == b'{"a":1e2,"prompt":null,"c":null}'
