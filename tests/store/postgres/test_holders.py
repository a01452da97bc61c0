"""The sessions that a search leaves are the same, whether all are listed or some are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import psycopg
import pytest
from tests.store.build import T0, action, record
from tests.store.postgres.ways import BOTH_INDEXES, NOT_LISTED, ONE_BY_ONE, Sizes, patched
from tests.store.sqlite.test_holders import HOLDING, WORDS, record_mixed
from tests.support.postgres import shared_server

from playhead.store.postgres.connection import Db
from playhead.store.postgres.holders import Asked, Holders
from playhead.store.postgres.lexemes import LONGEST_LEXEME, MOST_POSITIONS
from playhead.store.postgres.store import open_postgres

MONTH_US = 31 * 86_400_000_000
LONG_WORD = "\N{CYRILLIC SMALL LETTER ZHE}" * (LONGEST_LEXEME // 2 + 1)
OFTEN = " ".join(["often"] * (MOST_POSITIONS + 1))
UNHELD = {LONG_WORD: {100}, f"early {LONG_WORD}": {100}, f'"{LONG_WORD} often"': {100}, '"often hay"': {101}}
"""What is asked of texts that no tsvector holds exactly."""


@pytest.fixture(scope="module")
def database() -> Iterator[Db]:
    """Sessions of two projects and two months, some with texts that no tsvector holds exactly."""
    url = shared_server().new_store_database()
    store = open_postgres(url)
    record_mixed(store)
    record(store, 1, "s100", action("a", action=f"early {LONG_WORD} often"), now_us=T0 + MONTH_US)
    record(store, 1, "s101", action("a", action=f"{OFTEN} hay"), now_us=T0 + MONTH_US)
    assert store.wait_for_index()
    store.close()
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("ANALYZE")
        yield db
    shared_server().drop(url)


def ids(db: Db, numbers: Iterable[int]) -> set[int]:
    """Return which sessions of the first project some numbers are."""
    rows = db.execute("SELECT id FROM sessions WHERE project_no = 1 AND no = ANY(%s)", (list(numbers),))
    return {int(id_[1:]) for (id_,) in rows}


def asked(db: Db) -> list[Asked]:
    return [
        Asked(*row) for row in db.execute("SELECT no, month, events FROM sessions WHERE project_no = 1 ORDER BY no")
    ]


def holding(words: str) -> set[int]:
    """Return which sessions hold some words."""
    return UNHELD[words] if words in UNHELD else HOLDING[words] | ({100} if words == "early" else set())


@pytest.mark.parametrize("sizes", [{}, NOT_LISTED | ONE_BY_ONE, NOT_LISTED | BOTH_INDEXES], ids=str)
@pytest.mark.parametrize("words", [*WORDS, *UNHELD], ids=lambda words: words[:12])
def test_some_that_are_asked_for_are_those_that_are_listed(
    database: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch, words: str, sizes: Sizes
) -> None:
    patched(monkeypatch, sizes)
    every = asked(database)
    expected = holding(words)
    for step, first in product((1, 2, 7), (0, 3)):
        some = every[first::step]
        held = Holders(database, 1, words).among(some)
        assert held <= {one.no for one in some}
        assert ids(database, held) == expected & ids(database, (one.no for one in some))
    found = Holders(database, 1, words)
    assert ids(database, found.every()) == expected
    assert len(found.every()) == len(expected)
    assert ids(database, found.among(every)) == expected
    sql, values = Holders(database, 1, words).every_sql()
    assert ids(database, (no for (no,) in database.execute(sql, values))) == expected


@pytest.mark.parametrize("words", [*WORDS, *UNHELD], ids=lambda words: words[:12])
def test_few_are_all_or_none(database: Db, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    for most in (0, 1, 5, 40, 1_000):
        patched(monkeypatch, {"FEW_TEXTS": most})
        few = Holders(database, 1, words).few()
        assert few is None or ids(database, few) == holding(words)
        assert few is not None or most < 1_000


def test_no_sessions_are_among_none(database: Db) -> None:
    assert Holders(database, 1, "early").among([]) == frozenset()
