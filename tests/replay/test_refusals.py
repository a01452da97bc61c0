"""Refusals in words: what a person reads when a value is not taken."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from playhead.replay.refusals import refusal, unreadable


class Inner(Struct, rename="camel"):
    how_many: Annotated[int, Meta(ge=1)] = 1


class Shape(Struct, rename="camel"):
    name: Annotated[str, Meta(pattern=r"^[^\x00]*$(?!\n)", max_length=5)]
    slug: Annotated[str, Meta(pattern=r"^[a-z]+$(?!\n)")] = "a"
    colour: Literal["red", "blue"] = "red"
    flag: bool = True
    inner: list[Inner] = []


@pytest.mark.parametrize(
    ("value", "field", "message"),
    [
        ({}, "name", "is required"),
        ({"name": 7}, "name", "expected a text, got a whole number"),
        ({"name": "a\x00"}, "name", "must not hold NUL or other control characters"),
        ({"name": "abcdef"}, "name", "expected a text of length <= 5"),
        (
            {"name": "a", "slug": "A"},
            "slug",
            "holds characters that are not taken here; it must be of the form [a-z]+",
        ),
        ({"name": "a", "colour": "green"}, "colour", "'green' is none of the values that this takes"),
        ({"name": "a", "flag": "yes"}, "flag", "expected true or false, got a text"),
        ({"name": "a", "inner": [{"howMany": 0}]}, "inner[0].howMany", "expected a whole number >= 1"),
        ([], "body", "expected an object, got a list"),
    ],
)
def test_a_refusal_names_the_field_and_says_what_would_be_right(value: Any, field: str, message: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(value, Shape)
    assert refusal(refused.value).details == [{"field": field, "message": message}]


def test_a_prefix_stands_before_the_field() -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert({}, Shape)
    assert refusal(refused.value, "events[3].data").details[0]["field"] == "events[3].data.name"


@pytest.mark.parametrize(
    ("text", "reason"), [(b'"\\ud800"', "surrogate"), (b"[1,]", "trailing comma"), (b'"\xff"', "UTF-8")]
)
def test_text_that_is_no_json_says_why(text: bytes, reason: str) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)) as refused:
        msgspec.json.decode(text)
    assert reason in unreadable(refused.value)
