"""Searches: which texts come first, and how phrases are found by an index that does not know where words stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.build import EVERY, SECOND, T0, action, found, interaction, ranked, record, step
from tests.store.strategies import Operation, filters, histories, queries
from tests.store.test_against_model import both, hits, listed

from playhead.model.filters import PageRequest, SessionFilter
from playhead.replay.words import parse_query
from playhead.store.sqlite import asking, phrases, searching
from playhead.store.sqlite.asking import match_of, narrowed_match_of, texts_table
from playhead.store.sqlite.connection import open_reader
from playhead.store.sqlite.store import SqliteStore, open_sqlite

PHRASE = '"quick fox"'
APART = "fox quick"
PAGE = PageRequest()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = open_sqlite(tmp_path)
    opened.ensure_project("p", T0)
    yield opened
    opened.close()


def fill(store: SqliteStore, count: int, every: int) -> None:
    """Record sessions of one text each with both words, of which every so-many-th holds the phrase."""
    for n in range(count):
        record(store, 1, f"s{n}", action("a", action="quick fox" if n % every == 0 else APART), started_us=T0 + n)
    assert store.wait_for_index()


sizes = st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
"""How many texts are counted, looked into first (and words asked for instead of all), then at once, and read at once:
patches, because no test records thousands of texts for each example."""


@given(size=sizes, history=histories(), questions=st.lists(st.tuples(queries, filters()), min_size=8, max_size=8))
@settings(max_examples=40)
@pytest.mark.timeout(300)
def test_searches_find_the_same_in_steps_of_any_size(
    size: tuple[int, int, int, int], history: list[Operation], questions: list[tuple[str, SessionFilter]]
) -> None:
    with both("sqlite", history) as (store, model, project), pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "COUNTED", size[0])
        patch.setattr(searching, "TEXTS_OF_SEEK", 300 if size[0] == 3 else size[0])
        patch.setattr(searching, "LOOKED_FIRST", size[1])
        patch.setattr(searching, "AT_ONCE", size[2])
        patch.setattr(phrases, "FIRST", 1)
        patch.setattr(phrases, "AT_ONCE", size[3])
        patch.setattr(asking, "TELLING", size[1])
        patch.setattr(asking, "STRAY", 10.0 ** size[2])
        for query, where in questions:
            assert hits(store, project, query, where) == hits(model, project, query, where)
            asked = SessionFilter(search=query)
            assert listed(store, project, asked, PAGE) == listed(model, project, asked, PAGE)


def test_what_stands_more_often_in_a_text_comes_first(store: SqliteStore) -> None:
    for n, often in enumerate((1, 5, 3)):
        record(store, 1, f"s{n}", action("a", action=" ".join([*["needle"] * often, *["hay"] * (9 - often)])))
    assert [hit.session.id for hit in ranked(store, 1, "needle")] == ["s1", "s2", "s0"]
    assert [hit.session.id for hit in ranked(store, 1, '"needle hay"')] == ["s2", "s1", "s0"]


def test_of_texts_that_are_not_counted_labels_come_first_then_short_ones(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "COUNTED", 0)
    record(store, 1, "label", label=f"needle {'hay ' * 30}")
    record(store, 1, "events", step("long", name=f"needle {'hay ' * 20}"), step("short", name="needle hay"))
    assert [hit.event.id if hit.event else "label" for hit in ranked(store, 1, "needle")] == ["label", "short", "long"]


def test_what_is_counted_comes_before_what_is_not(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "COUNTED", 3)
    monkeypatch.setattr(searching, "RANKED", 6)
    for n in range(9):
        record(store, 1, f"s{n}", action("a", action=f"needle needle {'hay ' * n}"), started_us=T0 + n)
    assert store.wait_for_index()
    page = store.search(1, "needle", EVERY)
    assert [hit.session.id for hit in page.hits] == ["s3", "s4", "s5", "s6", "s7", "s8", "s2", "s1", "s0"]
    scores = [hit.score for hit in page.hits]
    assert scores == sorted(scores, reverse=True)
    assert scores[2] > 1.2 * scores[3]
    assert page.ranked == 6
    assert not any(scores[6:])


def test_a_phrase_among_few_texts_is_counted_to_the_last(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "LOOKED_FIRST", 30)
    fill(store, 30, 5)
    page = store.search(1, PHRASE, EVERY)
    assert (page.total, page.total_is_estimate, page.ranked) == (6, False, None)
    assert {hit.session.id for hit in page.hits} == {f"s{n}" for n in range(0, 30, 5)}


def test_a_page_of_hits_is_filled_from_older_texts(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "LOOKED_FIRST", 4)
    monkeypatch.setattr(searching, "AT_ONCE", 3)
    fill(store, 20, 19)
    assert found(store, 1, PHRASE) == {("s0", 1), ("s19", 1)}


def test_the_total_of_a_phrase_of_many_texts_is_an_estimate_and_says_so(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "LOOKED_FIRST", 10)
    monkeypatch.setattr(searching, "RANKED", 2)
    fill(store, 40, 2)
    page = store.search(1, PHRASE, EVERY, limit=3)
    assert (page.total, page.total_is_estimate, page.ranked) == (20, True, 2)
    assert len(page.hits) == 3
    everything = [store.search(1, PHRASE, EVERY, limit=7, offset=offset) for offset in (0, 7, 14)]
    assert {hit.session.id for page in everything for hit in page.hits} == {f"s{n}" for n in range(0, 40, 2)}


def test_no_more_texts_are_looked_into_than_the_bound(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "LOOKED", 12)
    monkeypatch.setattr(searching, "LOOKED_FIRST", 8)
    monkeypatch.setattr(searching, "AT_ONCE", 4)
    fill(store, 40, 10)
    page = store.search(1, PHRASE, EVERY)
    assert [hit.session.id for hit in page.hits] == ["s30"]
    assert page.total_is_estimate
    narrowed = store.search(1, PHRASE, SessionFilter(started_until_us=T0 + 9))
    assert [hit.session.id for hit in narrowed.hits] == ["s0"]
    assert (narrowed.total, narrowed.total_is_estimate) == (1, False)


def test_a_list_by_a_phrase_of_too_many_texts_has_the_newest_and_an_estimate(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phrases, "LOOKED", 10)
    fill(store, 40, 2)
    page = store.list_sessions(1, SessionFilter(search=PHRASE), PAGE)
    assert [session.id for session in page.sessions] == [f"s{n}" for n in range(38, 29, -2)]
    assert (page.total, page.total_is_estimate) == (20, True)
    assert store.stats(1, SessionFilter(search=PHRASE)).sessions == 5


def test_texts_are_looked_into_up_to_so_many_characters(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrases, "LOOKED_CHARS", 100)
    monkeypatch.setattr(phrases, "FIRST", 1)
    monkeypatch.setattr(phrases, "CHARS_AT_ONCE", 1)
    for n in range(3):
        record(store, 1, f"s{n}", action("a", action=f"quick fox {'x' * 60}"), started_us=T0 + n * SECOND)
    assert store.wait_for_index()
    page = store.search(1, PHRASE, EVERY)
    assert [hit.session.id for hit in page.hits] == ["s2", "s1"]
    assert (page.total, page.total_is_estimate) == (3, True)


def test_what_was_looked_into_is_looked_into_again_when_it_changed(store: SqliteStore) -> None:
    asked = SessionFilter(search=PHRASE)
    record(store, 1, "s1", action("a", action=APART))
    assert store.wait_for_index()
    assert [store.list_sessions(1, asked, PAGE).total for _ in range(3)] == [0, 0, 0]
    store.append(1, "s1", [interaction("i", prompt="the quick fox")], T0).result()
    assert store.wait_for_index()
    assert [store.list_sessions(1, asked, PAGE).total for _ in range(3)] == [1, 1, 1]
    store.erase_session(1, "s1", T0).result()
    assert store.list_sessions(1, asked, PAGE).total == 0


def test_a_run_of_characters_longer_than_two_is_looked_for_in_the_text(store: SqliteStore) -> None:
    record(store, 1, "s1", action("a", action="東京と京都と都道"), action("b", action="東京都道"))
    assert found(store, 1, "東京都道") == {("s1", 2)}
    assert found(store, 1, "京都") == {("s1", 1), ("s1", 2)}
    assert found(store, 1, "道") == {("s1", 1), ("s1", 2)}
    assert found(store, 1, "都東") == set()


SENTENCE = '"the quick brown fox jumps"'


@pytest.fixture
def sentences(store: SqliteStore, tmp_path: Path) -> Iterator[apsw.Connection]:
    """Forty texts that have most words of a sentence, of which five hold it; some words came to be used late."""
    for n in range(40):
        text = "the quick brown fox jumps" if n % 8 == 0 else "jumps the quick fox" if n > 30 else "the quick fox"
        record(store, 1, f"s{n}", action("a", action=text), started_us=T0 + n)
    assert store.wait_for_index()
    db = open_reader(tmp_path)
    yield db
    db.close()


def narrowed(db: apsw.Connection, query: str = SENTENCE) -> str:
    return narrowed_match_of(db, texts_table(1), parse_query(query))


def test_of_a_sentence_the_words_that_few_texts_have_are_asked_for(
    sentences: apsw.Connection, store: SqliteStore
) -> None:
    assert narrowed(sentences).startswith('"brown" AND "jumps" AND ')
    assert found(store, 1, SENTENCE) == {(f"s{n}", 1) for n in range(0, 40, 8)}
    assert found(store, 1, f"{SENTENCE} nowhere") == set()


@pytest.mark.parametrize(("stray", "words"), [(1.0, 3), (2e-3, 3), (1e-3, 4), (1e-5, 5), (0.0, 5)])
@pytest.mark.parametrize("counted", [20_000, 3])
def test_so_many_words_are_asked_for_that_hardly_any_other_text_has_them(
    sentences: apsw.Connection, monkeypatch: pytest.MonkeyPatch, stray: float, words: int, counted: int
) -> None:
    monkeypatch.setattr(asking, "STRAY", stray)
    monkeypatch.setattr(asking, "MOST_COUNTED", counted)
    assert len(narrowed(sentences).split(" AND ")) == words


def test_all_words_are_asked_for_where_some_do_not_tell_enough(
    sentences: apsw.Connection, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "STRAY", 0.0)
    assert narrowed(sentences) == match_of(parse_query(SENTENCE))
    assert found(store, 1, SENTENCE) == {(f"s{n}", 1) for n in range(0, 40, 8)}


def test_the_beginning_of_a_word_is_not_asked_for_where_whole_words_tell_enough(sentences: apsw.Connection) -> None:
    assert "*" not in narrowed(sentences, '"the quick brown fox jum"*')
    assert narrowed(sentences, '"quick brown fox jum"*') == '"quick" AND "brown" AND "fox" AND "jum" *'


@pytest.mark.parametrize(("name", "value"), [("FEW_LISTED", 5_000), ("FEW_LISTED", 1), ("MOST_BLOCKS", 1)])
def test_texts_of_some_sessions_are_counted_alike_by_their_blocks_and_one_by_one(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, name: str, value: int
) -> None:
    # A patch, because exactly that many texts of a common word are not recorded here.
    monkeypatch.setattr(searching, "EXACT_UP_TO", 37)
    monkeypatch.setattr(searching, "FEW", 0)
    monkeypatch.setattr(searching, name, value)
    other = store.ensure_project("other", T0).no
    for n in range(40):
        tags = ["some"] if n % 10 == 3 else []
        events = [action(f"a{place}", action="needle" if place % 8 else "hay") for place in range(40 if n == 3 else 2)]
        record(store, other if n == 13 else 1, f"s{n}", *events, started_us=T0 + n, tags=tags)
    store.erase_session(1, "s23", T0).result()
    assert store.wait_for_index()
    page = store.search(1, "needle", SessionFilter(tags=["some"]), limit=100)
    assert {hit.session.id for hit in page.hits} == {"s3", "s33"}
    assert (page.total, page.total_is_estimate, len(page.hits)) == (36, False, 36)
    page = store.search(1, "needle", SessionFilter(tags=["some"], started_from_us=T0 + 4))
    assert (page.total, page.total_is_estimate, [hit.session.id for hit in page.hits]) == (1, False, ["s33"])
