"""Whichever way a list goes (few are sorted, an index is walked, the shortest listing is read), it answers alike."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any, get_args

import apsw
import pytest
from tests.store.build import EVERY, SECOND, T0, interaction, new_session, record

from playhead.model.filters import PageRequest, Position, SessionFilter, SortBy, SortOrder
from playhead.model.results import SessionPage
from playhead.model.session import SessionEnd, SessionPatch
from playhead.store.sqlite import counting, listing
from playhead.store.sqlite.connection import open_reader
from playhead.store.sqlite.narrowing import listings_of
from playhead.store.sqlite.store import SqliteStore, open_sqlite
from playhead.store.sqlite.totals import known_total

SINGLE: list[dict[str, Any]] = [
    {"user_id": "u1"},
    {"workspace_id": "w1"},
    {"source": "integration"},
    {"label": "even"},
    {"tags": ["a"]},
    {"tags": ["a", "b"]},
    {"feature": "chat"},
    {"status": "completed"},
    {"has_errors": True},
    {"has_errors": False},
    {"bookmarked": True},
    {"bookmarked": False},
    {"started_from_us": T0 + 20 * SECOND, "started_until_us": T0 + 70 * SECOND},
    {"min_cost_nanos": 300},
    {"max_tokens": 10},
    {"min_duration_us": 3 * SECOND},
    {"min_interactions": 2},
    {"model": "m1"},
    {"provider": "p1"},
    {"metadata": {"plan": "x"}},
    {"search": "needle"},
    {"user_id": "nobody"},
]
WHERES = [
    EVERY,
    *(SessionFilter(**one) for one in SINGLE),
    *(SessionFilter(**one, **other) for one, other in combinations(SINGLE, 2) if not one.keys() & other.keys()),
]
SESSIONS = 90
BOUND = 60
WAYS: dict[str, dict[str, int]] = {
    "walked": {"listing.FEW": 0},
    "given up": {"listing.FEW": 0, "listing.STEPS_OF_LISTED": 1},
    "compared": {"listing.FEW": 0, "counting.EXACT_UP_TO": BOUND},
    "of rows": {"listing.FEW": 0, "counting.EXACT_UP_TO": BOUND, "counting.LONGER": 0},
    "of none": {"listing.FEW": 0, "listing.MOST_LISTED": 1, "counting.MOST_LISTED": 1},
}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ways")


@pytest.fixture(scope="module")
def store(data_dir: Path) -> Iterator[SqliteStore]:
    """Two projects of sessions that differ in everything a filter asks for."""
    store = open_sqlite(data_dir)
    chance = random.Random(3)
    for name in ("mine", "other"):
        project = store.ensure_project(name, T0).no
        for n in range(SESSIONS):
            _record(store, project, n, chance)
    yield store
    store.close()


def _record(store: SqliteStore, project: int, n: int, chance: random.Random) -> None:
    calls = [
        interaction(
            f"i{place}",
            at=n + place * chance.randrange(1, 5),
            model=f"m{chance.randrange(3)}",
            provider=f"p{chance.randrange(3)}",
            prompt=chance.choice(["needle", "hay"]),
            cost_nanos=chance.randrange(6) * 100,
            tokens=(chance.randrange(9), 3),
            error=chance.random() < 0.2,
        )
        for place in range(chance.randrange(4))
    ]
    record(
        store,
        project,
        f"s{n}",
        *calls,
        started_us=T0 + n * SECOND,
        user_id=f"u{chance.randrange(3)}",
        workspace_id=f"w{chance.randrange(3)}",
        source=chance.choice(["in-app", "integration"]),
        label=chance.choice(["even", "odd", None]),
        tags=[tag for tag in "abc" if chance.random() < 0.5],
        feature=chance.choice(["chat", "agent"]),
        metadata={"plan": chance.choice("xyz")},
    )
    if chance.random() < 0.7:
        store.end_session(project, f"s{n}", SessionEnd("completed", T0 + 200 * SECOND), T0).result()
    if chance.random() < 0.2:
        store.patch_session(project, f"s{n}", SessionPatch(bookmarked=True), T0).result()


@pytest.fixture(scope="module")
def database(store: SqliteStore, data_dir: Path) -> Iterator[apsw.Connection]:
    assert store.wait_for_index(60)
    db = open_reader(data_dir)
    yield db
    db.close()


ORDERS: list[tuple[SortBy, SortOrder]] = list(product(get_args(SortBy), get_args(SortOrder)))
PLACES = [(1, None), (2, None), (1, Position(1, 40)), (1, Position(T0 + 40 * SECOND, 40))]
PAGES = [
    PageRequest(limit=5, sort_by=by, order=order, page=page, after=after)
    for (page, after), (by, order) in product(PLACES, ORDERS)
]


def pages(db: apsw.Connection) -> list[tuple[SessionFilter, SessionPage]]:
    """Return some pages of each filter, of all orders and places in turn."""
    return [
        (where, listing.list_sessions(db, 1, where, page))
        for n, where in enumerate(WHERES)
        for page in PAGES[n % 7 :: 7]
    ]


@pytest.mark.parametrize("way", WAYS)
def test_every_way_finds_the_same(database: apsw.Connection, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    known = pages(database)
    # A patch, because the ways are for more sessions than a test records.
    monkeypatch.setattr("playhead.store.sqlite.listing.known_total", counting.total_of)
    for name, value in WAYS[way].items():
        monkeypatch.setattr(f"playhead.store.sqlite.{name}", value)
    for (where, page), (_, expected) in zip(pages(database), known, strict=True):
        assert (page.sessions, page.next) == (expected.sessions, expected.next), where
        assert page.total == expected.total or (page.total_is_estimate and expected.total > BOUND), where


def test_a_total_that_is_kept_is_that_of_now(store: SqliteStore, database: apsw.Connection) -> None:
    where = SessionFilter(metadata={"kept": "yes"}, feature="chat")

    def total() -> tuple[int, bool]:
        database.execute("BEGIN")
        try:
            return known_total(database, 1, where, listings_of(database, 1, where))
        finally:
            database.execute("ROLLBACK")

    assert [total(), total()] == [(0, False)] * 2
    store.start_session(1, new_session("kept", metadata={"kept": "yes"}), T0).result()
    assert total() == (1, False)
    store.erase_session(1, "kept", T0).result()
    assert total() == (0, False)
