"""The sessions that a search leaves are the same, whether all are listed or some are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import apsw
import pytest
from tests.store.build import T0, Engine, action, new_session

from playhead.store.rows import Row
from playhead.store.sqlite import holders
from playhead.store.sqlite.connection import open_reader
from playhead.store.sqlite.holders import Holders, holders_of
from playhead.store.sqlite.store import SqliteStore, open_sqlite

SESSIONS = 30
LONG = 90
WORDS = ("early", "late", "rare", "none", "early hay", '"late hay"', '"hay late"', "lat*", "")
HOLDING = {
    "early": set(range(1, SESSIONS, 2)),
    "late": set(range(0, SESSIONS, 3)),
    "rare": {7},
    "none": set(),
    "early hay": set(range(1, SESSIONS, 2)),
    '"late hay"': set(range(0, SESSIONS, 3)),
    '"hay late"': set(),
    "lat*": set(range(0, SESSIONS, 3)),
    "": set(),
}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("holders")


@pytest.fixture(scope="module")
def store(data_dir: Path) -> Iterator[SqliteStore]:
    opened = open_sqlite(data_dir)
    record_mixed(opened)
    yield opened
    opened.close()


def record_mixed(opened: Engine) -> None:
    """Record sessions of two projects by turns, every fifth of them long, so that their texts lie mixed."""
    projects = [opened.ensure_project(name, T0).no for name in ("mine", "other")]
    for project, n in product(projects, range(SESSIONS)):
        opened.start_session(project, new_session(f"s{n}"), T0).result()
        text = "rare hay" if n == 7 else "early hay" if n % 2 else "hay"
        opened.append(project, f"s{n}", [action("first", action=text)], T0).result()
    assert opened.wait_for_index()
    for project, n in product(projects, reversed(range(SESSIONS))):
        more = [action(f"a{place}", action=f"hay {n} {place}") for place in range(LONG if n % 5 == 0 else 3)]
        last = action("last", action="late hay" if n % 3 == 0 else "hay")
        early = [action("again", action="early hay")] if n == 7 else []
        opened.append(project, f"s{n}", [*more, *early, last], T0).result()
    assert opened.wait_for_index()


@pytest.fixture
def database(store: SqliteStore, data_dir: Path) -> Iterator[apsw.Connection]:
    db = open_reader(data_dir)
    db.execute("BEGIN")
    yield db
    db.close()


def ids(db: apsw.Connection, numbers: Sequence[int] | frozenset[int]) -> set[int]:
    """Return which sessions of the first project some numbers are."""
    rows: list[Row] = db.execute("SELECT no, id FROM sessions WHERE project_no = 1").fetchall()
    return {int(id_[1:]) for no, id_ in rows if no in numbers}


def numbers(db: apsw.Connection) -> list[int]:
    rows: list[Row] = db.execute("SELECT no FROM sessions WHERE project_no = 1 ORDER BY no").fetchall()
    return [no for (no,) in rows]


SIZES = [
    {},
    {"NEAR": 0},
    {"NEAR": 1, "FIRST_BLOCKS": 1},
    {"FIRST_BLOCKS": 3},
    {"NEAR": 0, "FEW_SEEKS": 0},
    {"NEAR": 0, "FEW_SEEKS": 0, "TEXTS_OF_SEEK": 1},
    {"NEAR": 0, "LENGTH_BITS": 1},
    {"BISECTED": 0},
]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("words", WORDS)
def test_some_that_are_asked_for_are_those_that_are_listed(
    database: apsw.Connection, monkeypatch: pytest.MonkeyPatch, words: str, size: dict[str, int]
) -> None:
    for name, value in size.items():  # patches, because the sizes are for a million texts
        monkeypatch.setattr(holders, name, value)
    every = numbers(database)
    for step, first in product((1, 2, 7), (0, 3)):
        asked = every[first::step]
        held = Holders(1, words).among(database, asked)
        assert held <= set(asked)
        assert ids(database, held) == HOLDING[words] & ids(database, asked)
    found = Holders(1, words)
    assert [ids(database, found.among(database, [no])) for no in every] == [
        {n} & HOLDING[words] for n in range(SESSIONS)
    ]
    assert ids(database, found.every(database)) == HOLDING[words]
    assert ids(database, found.among(database, every)) == HOLDING[words]
    for step, first in product((1, 2, 7), (0, 3)):
        assert found.among(database, every[first::step]) == frozenset(found.every(database)) & {*every[first::step]}


@pytest.mark.parametrize("words", WORDS)
def test_few_are_all_or_none(database: apsw.Connection, words: str) -> None:
    found = Holders(1, words)
    for most in (0, 1, 2, 5, 10, 100, 3):
        few = found.few(database, most)
        assert few is None or (ids(database, few) == HOLDING[words] and len(few) <= most)
    every = found.few(database, 10_000)
    assert every is not None
    assert ids(database, every) == HOLDING[words]
    assert found.share(database) == 1.0


def test_no_sessions_are_among_none(database: apsw.Connection) -> None:
    assert Holders(1, "early").among(database, []) == frozenset()


def test_what_was_found_is_kept_until_something_is_written(store: SqliteStore, database: apsw.Connection) -> None:
    database.execute("ROLLBACK")
    before = holders_of(database, 2, "fresh")
    assert holders_of(database, 2, "fresh") is before
    assert not before.every(database)
    store.start_session(2, new_session("fresh", label="fresh"), T0).result()
    assert store.wait_for_index()
    assert len(holders_of(database, 2, "fresh").every(database)) == 1
    assert not holders_of(database, 1, "fresh").every(database)
    database.execute("BEGIN")
