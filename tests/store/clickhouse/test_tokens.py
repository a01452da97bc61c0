"""A word is found by the full-text index as it is found in the texts, whatever stands around it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.store.build import T0, Engine, action, record
from tests.support.clickhouse import shared_engine

from playhead.model.filters import PageRequest, SessionFilter
from playhead.replay.words import tokens
from playhead.store.clickhouse.connection import address_of, connect
from playhead.store.clickhouse.sqlite_book import SqliteBook
from playhead.store.clickhouse.store import ClickHouseStore
from playhead.store.memory import MemoryStore

TEXTS = (
    "stea, cipo and steam",
    "stea-m (cipo) c++ under_score",
    "steaж жstea ж 東京stea 東 京都",
    "Café cafe\N{COMBINING ACUTE ACCENT}s 5\N{EURO SIGN} \N{EURO SIGN}",
    "\N{ROCKET}stea x\N{ZERO WIDTH SPACE}y x\N{NO-BREAK SPACE}y xy",
    "hay\N{EM DASH}stack don\N{RIGHT SINGLE QUOTATION MARK}t ไทย ไ",
)
WORDS = sorted({token for text in TEXTS for token in tokens(text)} | {"none", "stea cipo", '"stea cipo"', "ste*"})


@pytest.fixture(scope="module")
def model() -> MemoryStore:
    store = MemoryStore()
    fill(store)
    return store


@pytest.fixture(scope="module", params=["as inserted", "merged"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseStore]:
    """A store whose texts are read, and one whose texts are in the index."""
    engine = shared_engine()
    url = engine.new_database()
    opened = ClickHouseStore(connect(address_of(url)), SqliteBook(tmp_path_factory.mktemp("book")), MemoryStore())
    fill(opened)
    if request.param == "merged":
        engine.query(f"OPTIMIZE TABLE {url.rpartition('/')[2]}.events FINAL")
        engine.query(f"OPTIMIZE TABLE {url.rpartition('/')[2]}.sessions FINAL")
    yield opened
    opened.close()


def fill(store: Engine) -> None:
    """Record a session with each text, and one with it as its label."""
    project = store.ensure_project("p", T0).no
    for number, text in enumerate(TEXTS):
        record(store, project, f"text-{number}", action("a", action=text))
        record(store, project, f"label-{number}", label=text)
    assert store.wait_for_index()


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_found_where_it_stands(store: ClickHouseStore, model: MemoryStore, word: str) -> None:
    where, page = SessionFilter(search=word), PageRequest(limit=100)
    found, expected = (engine.list_sessions(1, where, page) for engine in (store, model))
    assert {session.id for session in found.sessions} == {session.id for session in expected.sessions}
    assert found.total == expected.total
