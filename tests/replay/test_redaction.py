"""Redaction: each kind is found, its neighbours are left alone, and nothing makes it slow."""

from __future__ import annotations

import base64
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.replay.redaction import redact, redact_text
from playhead.replay.redaction_hints import DIGITS_ELSEWHERE, hints
from playhead.replay.redaction_pieces import PIECE, pieces
from playhead.replay.redaction_rules import RULES


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
    assert redact_text(text) == by_every_rule(text)


@pytest.mark.parametrize("piece", ["1 ", "1-", "a.", "a@", "b.", "AB12 ", "(1)", "-----BEGIN PRIVATE KEY-----", "sk-"])
def test_a_long_hostile_text_comes_to_an_end(piece: str) -> None:
    text = piece * 200_000
    assert redact_text(redact_text(text)) == redact_text(text)


PARTS = st.lists(
    st.sampled_from([*"0129aZrs. -@_+/=(),\n\u0663é漢", "sk-", "Bearer ", "GB82", "WEST", "abcdefghijklmnop", "eyJ"])
    | st.sampled_from(["4111 1111 1111 1111", "ann@example.com", "10.0.0.1", "078-05-1120", "030 1234 5678"])
    | st.sampled_from(["DE89 3704 0044 0532 0130 00", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"]),
    max_size=40,
).map("".join)


def by_every_rule(text: str) -> str:
    for rule in RULES:
        text = rule.apply(text)
    return text


@given(PARTS)
def test_what_is_let_go_without_a_look_holds_nothing(text: str) -> None:
    found = hints(text.encode())
    assert [rule.kind for rule in RULES if rule.kind not in found and rule.apply(text) != text] == []
    assert redact_text(text) == by_every_rule(text)


@given(PARTS)
def test_json_that_holds_a_text_gives_every_hint_that_the_text_gives(text: str) -> None:
    escaped = msgspec.json.encode({"text": [text]})
    if b"\\u" not in escaped:
        found = hints(escaped)
        assert [rule.kind for rule in RULES if rule.kind not in found and rule.apply(text) != text] == []


@given(PARTS, st.integers(1, 12))
def test_a_text_in_pieces_is_redacted_as_it_is_whole(text: str, size: int) -> None:
    cut = list(pieces(text, size))
    assert "".join(cut) == text
    for rule in RULES:
        if rule.local:
            assert "".join(map(rule.apply, cut)) == rule.apply(text), rule.kind


def test_a_long_text_is_looked_at_in_pieces_and_none_of_it_is_left_out() -> None:
    line = "The quick brown fox wrote to ann@example.com, /sk-abcdefgh12345678/ and called 030 1234 5678 twice.\n"
    key = "-----BEGIN PRIVATE KEY-----\n" + line * 1_000 + "-----END PRIVATE KEY-----"
    text = line * 2_000 + key + line
    assert max(map(len, pieces(text))) < 2 * PIECE
    told = "The quick brown fox wrote to [email], /[api_key]/ and called [phone] twice.\n"
    assert redact_text(text) == told * 2_000 + "[private_key]" + told


@pytest.mark.parametrize("seed", range(5))
def test_a_picture_in_base64_is_left_as_it_is(seed: int) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + Random(seed).randbytes(300_000)
    url = "data:image/png;base64," + base64.b64encode(picture).decode()
    assert redact_text(url) == url


def test_every_script_with_digits_of_its_own_is_looked_at_closely() -> None:
    firsts = {chr(code).encode()[0] for code in range(0x80, 0x110000) if chr(code).isdecimal()}
    assert firsts == set(DIGITS_ELSEWHERE)
