"""Snippets: the piece around a match, whole and marked, in any script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.replay.snippets import _spans, find, snippet
from playhead.replay.words import Finder, parse_query, searchable


def marked(text: str, query: str) -> str:
    return "".join(f"<{part}>" if match else part for part, match in snippet([text], parse_query(query)))


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("Where is my Refund?", "refund", "Where is my <Refund>?"),
        ("refunded, refunds", "refun*", "<refunded>, <refunds>"),
        ('a "quick brown" fox', '"quick brown"', 'a "<quick brown>" fox'),
        ("quick, slow brown", '"quick brown"', "quick, slow brown"),
        ("Crème brûlée", "brulee", "Crème <brûlée>"),
        ("東京の店舗", "京の", "東<京の>店舗"),
        ("hello दुनिया", "दुनिया", "hello <दुनिया>"),
        ("أين طلبي الآن", "طلبي", "أين <طلبي> الآن"),
        ("call get_user()", "get_user", "call <get_user>()"),
        ("two\n\n  lines", "lines", "two <lines>"),
    ],
)
def test_what_was_searched_for_is_marked(text: str, query: str, expected: str) -> None:
    assert marked(text, query) == expected


def test_a_long_text_is_cut_around_its_first_match() -> None:
    parts = snippet(["word " * 500 + "needle" + " word" * 500], parse_query("needle"))
    assert ("needle", True) in parts
    assert len("".join(text for text, _ in parts)) < 200
    assert parts[0] == ("…", False)
    assert parts[-1][0].endswith("…")


def test_the_text_that_holds_a_match_is_chosen() -> None:
    assert snippet(["nothing here", "the needle"], parse_query("needle"))[-1] == ("needle", True)


def test_without_a_match_the_first_text_begins() -> None:
    assert snippet(["nothing here"], parse_query("needle")) == [("nothing here", False)]
    assert snippet([], parse_query("needle")) == []


@given(st.text(), st.text(min_size=1, max_size=3))
def test_the_parts_together_are_the_text(text: str, query: str) -> None:
    whole = "".join(part for part, _ in snippet([text], parse_query(query), width=10_000))
    assert whole.split() == text.split() or whole.startswith("…")


ascii_texts = st.lists(st.sampled_from(["ab", "AB", "a", "b", "ba", " ", "-", "\x00", "_"]), max_size=12).map("".join)


@given(text=ascii_texts, queries=st.lists(ascii_texts | ascii_texts.map(lambda word: f'"{word}"*'), max_size=3))
def test_a_text_in_ascii_is_marked_as_any_other(text: str, queries: list[str]) -> None:
    terms = parse_query(" ".join(queries))
    assert list(_spans(searchable(text), [Finder(term) for term in terms])) == list(find(text, terms))
