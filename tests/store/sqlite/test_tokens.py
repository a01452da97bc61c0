"""The full-text index finds the texts that ``words`` says hold a query, whatever both hold; a count finds no others."""

from __future__ import annotations

from collections.abc import Iterator

import apsw
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playhead.replay.words import Finder, Term, is_indexed, paired, parse_query, searchable, tokens
from playhead.store.memory_query import _occurrences
from playhead.store.sqlite.asking import match_of
from playhead.store.sqlite.schema import TEXTS

SCRIPTS = "aZ09_-\"'*()^:{}+ \t\n\x00\x1fé京都タｶﾞ한ไทยกமשالنमस्ते🚀İßŁø\u0301\u3099\ufeff\u00ad\U0001e900¶"
PIECES = ["ab", "a", "b", "abab", "京", "都", " ", "-", "é", "🚀"]
texts = (
    st.text(st.characters(codec="utf-8"), max_size=40)
    | st.text(st.sampled_from(SCRIPTS), max_size=40)
    | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
)


@pytest.fixture(scope="module")
def index() -> Iterator[apsw.Connection]:
    db = apsw.Connection("")
    db.execute(TEXTS.format(table="texts_1"))
    yield db
    db.close()


def is_found(index: apsw.Connection, text: str, terms: list[Term]) -> bool:
    """Say whether the index finds a text that is the only one in it."""
    index.execute("INSERT OR REPLACE INTO texts_1 (rowid, words) VALUES (1, ?)", (paired(text),))
    return bool(index.execute("SELECT 1 FROM texts_1 WHERE texts_1 MATCH ?", (match_of(terms),)).get)


def holds(text: str, term: Term) -> bool:
    """Say by taking it apart whether a text holds a term."""
    return _occurrences(tokens(text), term) > 0


@given(text=texts, query=texts)
@example("mixed Case ÄÖÜ and plain", "case")
@example("\x00", "a")
@example("東京都", "京都")
@example("東京 京東", "東京東")
def test_the_index_finds_at_least_what_holds_all_terms(index: apsw.Connection, text: str, query: str) -> None:
    if terms := parse_query(query):
        expected = all(holds(text, term) for term in terms)
        found = is_found(index, text, terms)
        assert found or not expected
        if all(map(is_indexed, terms)):
            assert found == expected


@given(text=texts, query=texts, prefix=st.booleans(), length=st.integers(1, 4))
@example("xab ab ab", "ab ab", False, 2)
@example("東京都 都", "都", False, 1)
def test_a_term_is_counted_where_it_stands(text: str, query: str, prefix: bool, length: int) -> None:
    if words := tuple(tokens(query)[:length]):
        term = Term(words, prefix)
        assert bool(Finder(term).count(searchable(text))) == holds(text, term)


@given(text=texts)
def test_every_text_is_found_by_itself(index: apsw.Connection, text: str) -> None:
    for query in (text, f'"{text.replace(chr(34), " ")}"'):
        if terms := parse_query(query):
            assert is_found(index, text, terms)
        else:
            assert tokens(query) == []


@given(first=texts, second=texts, query=texts)
def test_two_characters_are_neighbours_within_one_text_alone(
    index: apsw.Connection, first: str, second: str, query: str
) -> None:
    index.execute("INSERT OR REPLACE INTO texts_1 (rowid, words) VALUES (1, ?)", (f"{paired(first)} {paired(second)}",))
    for term in parse_query(query):
        if is_indexed(term):
            found = index.execute("SELECT rowid FROM texts_1 WHERE texts_1 MATCH ?", (match_of([term]),)).get == 1
            assert found == (holds(first, term) or holds(second, term))


def test_the_index_knows_nothing_of_where_words_stand(index: apsw.Connection) -> None:
    assert is_found(index, "one two three", parse_query('"three one"'))
    assert not Finder(Term(("three", "one"))).count("one two three")
