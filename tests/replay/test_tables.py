"""Tables: what a parser of CSV reads back is what was recorded, and no cell starts a formula."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.model.event import Call, StoredEvent
from playhead.replay.tables import COLUMNS, FORMULA, header, line, row

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def parsed(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode(), newline=""), strict=True))


def event(type_: Any, data: dict[str, Any], call: Call | None = None) -> StoredEvent:
    return StoredEvent(id="e", seq=7, type=type_, timestamp_us=0, received_us=1_500, data=data, call=call)


def cells(recorded: StoredEvent) -> dict[str, str]:
    names, values = parsed(header() + row("s", recorded))
    return dict(zip(names, values, strict=True))


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_every_text_comes_back_whole_and_starts_no_formula(texts: list[str]) -> None:
    (found,) = parsed(line(list(texts)))
    assert [cell for cell in found if cell.startswith(FORMULA)] == []
    assert [cell[1:] if text.startswith(FORMULA) else cell for cell, text in zip(found, texts, strict=True)] == texts


def test_an_interactions_numbers_have_columns_and_the_rest_is_kept() -> None:
    call = Call(model="m", input_tokens=3, output_tokens=4, cost_nanos=1_500, cost_source="computed")
    data = {"model": "m", "prompt": [{"role": "user"}], "response": "hi", "latency": 12.5, "own": {"x": 1}}
    found = cells(event("interaction", data, call))
    assert json.loads(found["prompt"]) == [{"role": "user"}]
    assert (found["response"], found["latency"], found["model"]) == ("hi", "12.5", "m")
    assert (found["inputTokens"], found["outputTokens"], found["cost"]) == ("3", "4", "0.0000015")
    assert json.loads(found["data"]) == {"own": {"x": 1}}
    assert found["timestamp"] == "1970-01-01T00:00:00.000Z"
    assert found["receivedAt"] == "1970-01-01T00:00:00.001500Z"


@pytest.mark.parametrize(
    ("type_", "data", "name", "text"),
    [
        ("user_action", {"action": "click"}, "click", ""),
        ("step", {"name": "look"}, "look", ""),
        ("code_context", {"file": "a.py", "snippet": "x = 1"}, "a.py", "x = 1"),
        ("feedback", {"comment": "good", "score": 1}, "", "good"),
    ],
)
def test_every_kind_has_its_name_and_text(type_: str, data: dict[str, Any], name: str, text: str) -> None:
    found = cells(event(type_, data))
    assert (found["name"], found["text"]) == (name, text)


def test_a_cost_that_is_not_known_is_no_zero() -> None:
    assert cells(event("interaction", {"model": "m"}, Call(model="m")))["cost"] == ""


def test_the_header_names_every_column_once() -> None:
    assert parsed(header()) == [list(COLUMNS)]
    assert len(set(COLUMNS)) == len(COLUMNS)
