"""The full-text index splits texts exactly where ``words`` does, whatever they hold."""

from __future__ import annotations

from collections.abc import Iterator

import apsw
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playhead.replay.words import parse_query, spaced, tokens
from playhead.store.sqlite.filters_sql import match_of
from playhead.store.sqlite.schema import TEXTS
from playhead.store.texts import BARRIER

SCRIPTS = "aZ09_-\"'*()^:{}+ \t\n\x00é京都タｶﾞ한ไทยកမשالنमस्ते🚀İßŁø\u0301\u3099\ufeff\u00ad\U0001e900¶"
texts = st.text(st.characters(codec="utf-8"), max_size=40) | st.text(st.sampled_from(SCRIPTS), max_size=40)


@pytest.fixture(scope="module")
def index() -> Iterator[apsw.Connection]:
    db = apsw.Connection("")
    db.execute(TEXTS.format(table="texts_1"))
    db.execute("CREATE VIRTUAL TABLE terms USING fts5vocab(texts_1, instance)")
    yield db
    db.close()


def put(index: apsw.Connection, text: str) -> None:
    index.execute("INSERT OR REPLACE INTO texts_1 (rowid, prompt) VALUES (1, ?)", (text,))


@given(text=texts)
@example("mixed Case ÄÖÜ and plain")
@example("\x00")
def test_the_index_holds_the_tokens_in_order(index: apsw.Connection, text: str) -> None:
    put(index, spaced(text))
    assert [term for (term,) in index.execute("SELECT term FROM terms ORDER BY offset")] == tokens(text)


@given(first=texts, second=texts)
def test_a_column_of_two_texts_holds_both_and_a_barrier(index: apsw.Connection, first: str, second: str) -> None:
    put(index, BARRIER.join((spaced(first), spaced(second))))
    terms = [term for (term,) in index.execute("SELECT term FROM terms ORDER BY offset")]
    assert terms == [*tokens(first), BARRIER.strip(), *tokens(second)]


@given(text=texts)
def test_every_text_is_found_by_itself(index: apsw.Connection, text: str) -> None:
    put(index, spaced(text))
    for query in (text, f'"{text.replace(chr(34), " ")}"'):
        terms = parse_query(query)
        if terms:
            assert index.execute("SELECT rowid FROM texts_1 WHERE texts_1 MATCH ?", (match_of(terms),)).get == 1
        else:
            assert tokens(query) == []


@given(text=texts, query=texts)
def test_no_query_is_bad_syntax(index: apsw.Connection, text: str, query: str) -> None:
    put(index, spaced(text))
    if terms := parse_query(query):
        index.execute("SELECT count(*) FROM texts_1 WHERE texts_1 MATCH ?", (match_of(terms),)).fetchall()
