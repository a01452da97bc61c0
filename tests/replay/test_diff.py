from __future__ import annotations

import difflib
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.model.answers.comparison import TextPiece
from playhead.replay.diff import MOST_EDITS, UNITS, diff

WORDS = st.lists(st.sampled_from(["the", "order", "is", "late", " ", "\n", ".", "注", "文"]), max_size=30).map("".join)


def sides(pieces: list[TextPiece]) -> tuple[str, str]:
    first = "".join(piece.text for piece in pieces if piece.op != "insert")
    return first, "".join(piece.text for piece in pieces if piece.op != "delete")


@given(first=WORDS | st.text(max_size=40), second=WORDS | st.text(max_size=40))
def test_the_pieces_are_both_texts(first: str, second: str) -> None:
    assert sides(diff(first, second)) == (first, second)


@given(first=WORDS, second=WORDS)
def test_nothing_shorter_is_found_by_another_algorithm(first: str, second: str) -> None:
    changed = sum(len(UNITS.findall(piece.text)) for piece in diff(first, second) if piece.op != "equal")
    one, other = UNITS.findall(first), UNITS.findall(second)
    common = sum(
        block.size for block in difflib.SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    )
    assert changed <= len(one) + len(other) - 2 * common + 4  # units that join when put together


@given(first=WORDS, second=WORDS)
def test_neighbours_are_of_different_kinds_and_none_is_empty(first: str, second: str) -> None:
    pieces = diff(first, second)
    assert all(piece.text for piece in pieces)
    assert all(one.op != other.op for one, other in pairwise(pieces))


def test_a_changed_word_is_marked_and_no_more() -> None:
    assert diff("Your order is late.", "Your order is here.") == [
        TextPiece("equal", "Your order is "),
        TextPiece("delete", "late"),
        TextPiece("insert", "here"),
        TextPiece("equal", "."),
    ]


@pytest.mark.parametrize(("first", "second"), [("", ""), ("", "a b"), ("a b", ""), ("a", "a")])
def test_nothing_is_compared_with_nothing(first: str, second: str) -> None:
    assert sides(diff(first, second)) == (first, second)


def test_texts_that_have_little_in_common_count_as_replaced() -> None:
    draw = random.Random(1)
    first, second = (" ".join(f"{name}{draw.randrange(10**9)}" for _ in range(5_000)) for name in "ab")
    pieces = diff(f"begin {first} end", f"begin {second} end")
    assert [piece.op for piece in pieces] == ["equal", "delete", "insert", "equal"]
    assert len(UNITS.findall(pieces[1].text)) > MOST_EDITS
