"""Whichever way a list goes (few are sorted, an index is walked, the shortest listing is read), it answers alike."""

from __future__ import annotations

from array import array
from itertools import product
from pathlib import Path
from typing import get_args

import apsw
import pytest
from tests.store.build import SECOND, T0, new_session
from tests.store.sqlite.various import WHERES

from playhead.model.filters import PageRequest, Position, SessionFilter, SortBy, SortOrder
from playhead.model.results import SessionPage
from playhead.store.sqlite import counting, facets, listing, matching
from playhead.store.sqlite.kept import Kept, asked_of, kept
from playhead.store.sqlite.narrowing import listings_of
from playhead.store.sqlite.store import SqliteStore, open_sqlite

BOUND = 60
SORTED = {"listing.FEWEST": 0, "walking.FEWEST": 0}
WAYS: dict[str, dict[str, int]] = {
    "met": {**SORTED, "walking.STEPS_OF_PASSED": 0, "walking.STEPS_OF_SORTED": 1_000},
    "given up among few": {**SORTED, "walking.STEPS_OF_PASSED": 0, "walking.STEPS_OF_SORTED": 1},
    "long among few": {**SORTED, "walking.STEPS_OF_PASSED": 1_000_000},
    "walked": {"listing.FEW": 0},
    "asked for a search": {"listing.FEW": 0, "listing.FEW_TEXTS": -1},
    "asked by two": {"listing.FEW": 0, "listing.FEW_TEXTS": -1, "listing.MOST_AT_ONCE": 2, "holders.NEAR": 0},
    "counted in stretches": {"listing.FEW": 0, "listing.FEW_TEXTS": -1, "counting.EXACT_UP_TO": BOUND},
    "counted in short stretches": {"listing.FEW_TEXTS": -1, "counting.EXACT_UP_TO": 20, "counting.STRETCH": 2},
    "given up": {"listing.FEW": 0, "walking.STEPS_OF_LISTED": 1},
    "compared": {"listing.FEW": 0, "counting.EXACT_UP_TO": BOUND},
    "of rows": {"listing.FEW": 0, "counting.EXACT_UP_TO": BOUND, "counting.LONGER": 0},
    "of none": {"listing.FEW": 0, "walking.MOST_LISTED": 1, "counting.MOST_LISTED": 1},
}


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


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("way", WAYS)
def test_every_way_finds_the_same(
    various_db: apsw.Connection, monkeypatch: pytest.MonkeyPatch, way: str, is_kept: bool
) -> None:
    known = pages(various_db)
    # A patch, because the ways are for more sessions than a test records.
    monkeypatch.setattr("playhead.store.sqlite.listing.known_total", counting.total_of)
    if not is_kept:
        monkeypatch.setattr("playhead.store.sqlite.kept.Kept.found", lambda *_: None)
    for name, value in WAYS[way].items():
        monkeypatch.setattr(f"playhead.store.sqlite.{name}", value)
    exact = WAYS[way].get("counting.EXACT_UP_TO", BOUND)
    for (where, page), (_, expected) in zip(pages(various_db), known, strict=True):
        assert (page.sessions, page.next) == (expected.sessions, expected.next), where
        assert page.total == expected.total or (page.total_is_estimate and expected.total > exact), where


CARRIED = {"feature": "chat", "source": "in-app", "status": "active", "user": "ann", "tag": "new"}


def test_what_is_kept_is_what_is_there_now(various: SqliteStore, various_db: apsw.Connection) -> None:
    where = SessionFilter(metadata={"kept": "yes"}, feature="chat")

    def total() -> tuple[int, bool]:
        various_db.execute("BEGIN")
        try:
            numbers = matching.Matches(various_db, 1).of(where).numbers
            assert numbers is not None
            counted = counting.known_total(various_db, 1, where, listings_of(1, where))
            assert counted == (len(numbers), False)
            for member in facets.MEMBERS:
                found = {facet.value: facet.count for facet in facets.facets(various_db, 1, where, member)}
                assert found == ({CARRIED[member]: counted[0]} if counted[0] and member in CARRIED else {})
            return counted
        finally:
            various_db.execute("ROLLBACK")

    assert [total(), total()] == [(0, False)] * 2
    kept = new_session("kept", metadata={"kept": "yes"}, user_id="ann", tags=["new"])
    various.start_session(1, kept, T0).result()
    assert total() == (1, False)
    various.erase_session(1, "kept", T0).result()
    assert total() == (0, False)


def test_what_a_searched_list_found_is_kept_until_something_is_written(
    various: SqliteStore, various_db: apsw.Connection
) -> None:
    where = SessionFilter(search="lonely", feature="chat")

    def found() -> list[str]:
        various_db.execute("BEGIN")
        try:
            orders = [listing.list_sessions(various_db, 1, where, PageRequest(sort_by=by)) for by in get_args(SortBy)]
            assert len({page.total for page in orders}) == 1
            numbers = kept(various_db).found(asked_of(1, where))
            assert numbers is not None
            assert len(numbers) == orders[0].total
            return [session.id for session in orders[0].sessions]
        finally:
            various_db.execute("ROLLBACK")

    assert [found(), found()] == [[], []]
    various.start_session(1, new_session("lonely", label="Lonely"), T0).result()
    assert various.wait_for_index()
    assert [found(), found()] == [["lonely"], ["lonely"]]
    various.erase_session(1, "lonely", T0).result()
    assert various.wait_for_index()
    assert found() == []


def test_few_lists_are_kept_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playhead.store.sqlite.kept.MOST_FOUND", 3)  # a patch, because so many are a megabyte
    keeping = Kept((0, 0))
    for n in range(3):
        keeping.keep((n, b""), array("q", [1, 2]))
        assert [keeping.found((other, b"")) is not None for other in range(n + 1)] == [False] * n + [True]


def test_a_project_without_sessions_has_an_empty_list_of_any_filter(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = store.ensure_project("p", T0).no
    for where, by in product(WHERES, get_args(SortBy)):
        assert store.list_sessions(project, where, PageRequest(sort_by=by)) == SessionPage([], 0)
    store.close()
