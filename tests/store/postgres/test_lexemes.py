"""Texts beyond what a tsvector can hold are found as exactly as all others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.build import T0, found, interaction, record

from playhead.replay.words import parse_query
from playhead.store.postgres.lexemes import indexed, matching_texts
from playhead.store.postgres.store import PostgresStore
from playhead.store.texts import Document

LONG = " ".join(f"w{number}" for number in range(20_000))
FREQUENT = "the cat and the dog " * 300
ENORMOUS = " ".join(f"token{number:07d}" for number in range(120_000))
UNBROKEN = "ж" * 1_500


@pytest.fixture
def project(store: PostgresStore) -> int:
    return store.ensure_project("mine", T0).no


def kept(text: str) -> tuple[bool, bool]:
    """Say whether a text has a vector, and whether it has words beside it."""
    found = indexed(1, Document(prompt=(text,)))
    assert found is not None
    return found.tsv is not None, found.words is not None


def test_each_text_is_kept_in_the_narrowest_way_that_is_exact() -> None:
    assert kept("a short one") == (True, False)
    assert kept(LONG) == kept(FREQUENT) == (True, True)
    assert kept(ENORMOUS) == kept(UNBROKEN) == (False, True)
    assert indexed(1, Document(prompt=("…",))) is None


@pytest.mark.parametrize(
    ("text", "query", "matches"),
    [
        (LONG, "w19999", True),
        (LONG, '"w19998 w19999"', True),
        (LONG, '"w19999 w19998"', False),
        (LONG, '"w17000 w1700*"', False),
        (LONG, "w1999*", True),
        (FREQUENT + "needle in the hay", '"the hay"', True),
        (FREQUENT + "needle in the hay", '"hay the"', False),
        (FREQUENT + "needle in the hay", '"in the ha"*', True),
        (ENORMOUS, "token0119999", True),
        (ENORMOUS, '"token0119998 token0119999"', True),
        (ENORMOUS, '"token0119999 token0119998"', False),
        (ENORMOUS, "token01199*", True),
        (ENORMOUS, "nothing", False),
        (UNBROKEN, UNBROKEN, True),
        (UNBROKEN, UNBROKEN[:-1], False),
        (UNBROKEN, UNBROKEN[:-1] + "*", True),
        (UNBROKEN + " end", f'"{UNBROKEN} end"', True),
        ("short", UNBROKEN, False),
    ],
)
def test_words_phrases_and_prefixes_of_long_texts(
    store: PostgresStore, project: int, text: str, query: str, matches: bool
) -> None:
    record(store, project, "s1", interaction("i", prompt=text, response=""))
    assert bool(found(store, project, query)) == matches


def test_no_phrase_spans_two_long_texts(store: PostgresStore, project: int) -> None:
    prompt = [{"role": "user", "content": FREQUENT + "left"}, {"role": "user", "content": "right " + FREQUENT}]
    record(store, project, "s1", interaction("i", prompt=prompt, response=""))
    assert found(store, project, "left right") == {("s1", 1)}
    assert found(store, project, '"left right"') == set()


@given(text=st.text(max_size=200), query=st.text(max_size=60))
@settings(max_examples=200)
def test_nothing_that_people_write_reaches_the_database_as_syntax(text: str, query: str) -> None:
    found = indexed(1, Document(other=(text,)))
    terms = parse_query(query)
    _, values = matching_texts(1, terms) if terms else ("", [])
    for value in [*(found or ()), *(value for value in values if isinstance(value, str))]:
        assert not set("\\()|!\x00") & set((value or "").replace(" <-> ", " ").replace("(", "").replace(")", ""))
