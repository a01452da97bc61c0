"""Redaction: each kind is found, its neighbours are left alone, and nothing makes it slow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.replay.redaction import redact, redact_text
from playhead.replay.redaction_rules import RULES, digits_in


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("write to ann.o'neil+x@mail.example.co.uk now", "write to ann.o'[email] now"),
        ("card 4111 1111 1111 1111.", "card [card]."),
        ("card 4111-1111-1111-1111", "card [card]"),
        ("iban DE89 3704 0044 0532 0130 00", "iban [iban]"),
        ("call +1 (415) 555-2671", "call [phone]"),
        ("call 030 1234 5678", "call [phone]"),
        ("ssn 078-05-1120", "ssn [ssn]"),
        ("from 192.168.1.20:80", "from [ip]:80"),
        ("key sk-proj-abcDEF1234567890abcd", "key [api_key]"),
        ("Authorization: Bearer abc123def456ghi789", "Authorization: Bearer [api_key]"),
        ("t eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefgh", "t [jwt]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "[private_key]"),
    ],
)
def test_personal_data_and_secrets_are_replaced_by_their_kind(text: str, redacted: str) -> None:
    assert redact_text(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "order 1234567890123 of 2025-10-01 12:00",
        "version 1.2.3.4.5",
        "4111 1111 1111 1112",
        "pi is 3.14159265358979",
        "a@b",
        "sk-learn is a library",
        "",
    ],
)
def test_what_only_looks_alike_is_left(text: str) -> None:
    assert redact_text(text) == text


def test_the_value_of_a_key_that_names_a_secret_is_replaced() -> None:
    data = {"apiKey": "x", "db": [{"password": "y", "maxTokens": 5}], "token": "word"}
    assert redact(data) == {"apiKey": "[secret]", "db": [{"password": "[secret]", "maxTokens": 5}], "token": "word"}


def test_a_value_that_cannot_be_walked_is_dropped_and_not_passed() -> None:
    deep: list[object] = ["ann@example.com"]
    for _ in range(100_000):
        deep = [deep]
    assert redact(deep) == "[redaction failed]"


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_redacting_twice_changes_nothing_more(value: object) -> None:
    once = redact(value)
    assert redact(once) == once


@given(st.text(alphabet="0123456789 .-()+aZ@\u0663", max_size=40))
def test_what_is_skipped_for_speed_would_have_found_nothing(text: str) -> None:
    each = text
    for rule in RULES:
        each = rule.apply(each)
    assert redact_text(text) == each


@pytest.mark.parametrize("piece", ["1 ", "1-", "a.", "a@", "b.", "AB12 ", "(1)", "-----BEGIN PRIVATE KEY-----", "sk-"])
def test_a_long_hostile_text_comes_to_an_end(piece: str) -> None:
    text = piece * 200_000
    assert redact_text(redact_text(text)) == redact_text(text)


@given(
    text=st.lists(st.sampled_from([*"0129aZ. -@_+", "sk-", "Bearer ", "GB82", "WEST", "abcdefghijklmnop"]), max_size=30)
)
def test_what_is_let_go_without_a_look_holds_nothing(text: list[str]) -> None:
    said = "".join(text)
    for rule in RULES:
        if digits_in(said) < rule.digits:
            assert rule.apply(said) == said, rule.kind
