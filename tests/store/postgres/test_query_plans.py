"""Lists, searches and statistics never read ``events``, and one session is read by its indexes alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Self, get_args

import psycopg
import pytest
from tests.store.build import EVERY, T0, interaction, pending, record
from tests.store.contract.test_listing import FILTERS
from tests.store.postgres.ways import WAYS, Sizes, patched
from tests.store.sqlite.test_query_plans import EVERYTHING
from tests.support.postgres import shared_server

from playhead.model.filters import GroupBy, PageRequest, Position, SessionFilter, SortBy
from playhead.store.postgres import facets, listing, reading, searching, stats
from playhead.store.postgres.reading import Place
from playhead.store.postgres.store import open_postgres

WHERES = [EVERY, EVERYTHING, *(where for where, _ in FILTERS)]
MONTH = 202510


class Explained:
    """A connection that notes the plan of each statement before running it."""

    def __init__(self, db: psycopg.Connection[Any]) -> None:
        self._db = db
        self.nodes: list[dict[str, Any]] = []

    def execute(self, sql: str, values: Any = (), **options: Any) -> Any:
        if not sql.startswith("EXPLAIN"):
            row = self._db.execute(f"EXPLAIN (FORMAT JSON) {sql}", values).fetchone()
            assert row is not None
            self._note(row[0][0]["Plan"])
        return self._db.execute(sql, values, **options)

    def cursor(self, **_: Any) -> Any:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def _note(self, node: dict[str, Any]) -> None:
        self.nodes.append(node)
        for child in node.get("Plans", ()):
            self._note(child)

    def reads(self, table: str) -> list[dict[str, Any]]:
        """Return the nodes that read a table's partitions."""
        return [node for node in self.nodes if str(node.get("Relation Name", "")).rpartition("_")[0] == table]


@pytest.fixture(scope="module")
def database() -> Iterator[psycopg.Connection[Any]]:
    """A database that is large enough for its planner to prefer indexes."""
    url = shared_server().new_store_database()
    store = open_postgres(url)
    project = store.ensure_project("p", T0).no
    for number in range(12):
        events = [interaction(f"i{n}", n, prompt=[{"role": "user", "content": f"needle {n}"}]) for n in range(200)]
        record(store, project, f"s{number}", *events, pending("p"), tags=["a"])
    record(store, project, "next", interaction("i"), now_us=T0 + 40 * 86_400_000_000)
    assert store.wait_for_index(60)
    store.close()
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("ANALYZE")
        yield db
    shared_server().drop(url)


def explained(database: psycopg.Connection[Any], ask: Callable[..., object], *question: Any) -> Explained:
    plan = Explained(database)
    ask(plan, *question)
    assert plan.nodes
    return plan


def test_the_check_sees_a_read_of_events(database: psycopg.Connection[Any]) -> None:
    assert explained(database, Explained.execute, "SELECT count(*) FROM events").reads("events")


@pytest.mark.parametrize("where", WHERES, ids=lambda where: repr(where)[14:60])
def test_lists_facets_and_statistics_read_no_events(database: psycopg.Connection[Any], where: SessionFilter) -> None:
    for sort_by in get_args(SortBy):
        for page in (PageRequest(sort_by=sort_by), PageRequest(sort_by=sort_by, after=Position(5, 5), order="asc")):
            assert not explained(database, listing.list_sessions, 1, where, page).reads("events")
    for group_by in get_args(GroupBy):
        assert not explained(database, stats.stats, 1, where, group_by).reads("events")
    for member in facets.MEMBERS:
        assert not explained(database, facets.facets, 1, where, member).reads("events")


SEARCHED = [SessionFilter(search="needle", **more) for more in ({}, {"tags": ["a"]}, {"has_errors": False})]


@pytest.mark.parametrize("sizes", WAYS, ids=str)
@pytest.mark.parametrize("where", SEARCHED, ids=repr)
def test_lists_by_a_search_read_no_events_in_any_way(
    database: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch, where: SessionFilter, sizes: Sizes
) -> None:
    patched(monkeypatch, sizes)
    for sort_by in get_args(SortBy):
        for page in (PageRequest(sort_by=sort_by), PageRequest(sort_by=sort_by, after=Position(5, 5), order="asc")):
            assert not explained(database, listing.list_sessions, 1, where, page).reads("events")


@pytest.mark.parametrize("where", WHERES, ids=lambda where: repr(where)[14:60])
def test_a_search_reads_the_events_of_its_page_alone(database: psycopg.Connection[Any], where: SessionFilter) -> None:
    plan = explained(database, searching.search, 1, "needle", where)
    assert all("Index" in node["Node Type"] or "Bitmap" in node["Node Type"] for node in plan.reads("events"))


PLACE = Place(MONTH, 3)
ASKED: dict[str, Callable[[Any], object]] = {
    "events": lambda db: reading.get_events(db, PLACE, after=100, limit=5),
    "since": lambda db: reading.get_events_since(db, PLACE, 100, 5),
    "changed": lambda db: reading.get_changed(db, PLACE, 0, 99, 5),
    "chosen": lambda db: reading.get_events_by_seq(db, PLACE, [1, 7, 100]),
    "marks": lambda db: reading.get_marks(db, PLACE, after=100, limit=5),
    "by id": lambda db: reading.find_event(db, PLACE, "i7"),
}


@pytest.mark.parametrize("question", ASKED)
def test_a_session_is_read_from_its_own_partition_by_index(database: psycopg.Connection[Any], question: str) -> None:
    plan = explained(database, ASKED[question])
    read = [node for table in ("events", "calls", "messages", "nodes") for node in plan.reads(table)]
    assert read
    assert all(str(node["Relation Name"]).endswith(f"_{MONTH}") for node in read), json.dumps(plan.nodes)
    assert not [node for node in read if node["Node Type"] == "Seq Scan"], json.dumps(plan.nodes)


@pytest.mark.parametrize("sort_by", get_args(SortBy))
def test_a_list_of_many_is_read_in_order_from_an_index(database: psycopg.Connection[Any], sort_by: SortBy) -> None:
    database.execute("SET enable_seqscan = off")  # of a dozen rows no planner would use an index otherwise
    try:
        plan = explained(database, listing.list_sessions, 1, EVERY, PageRequest(sort_by=sort_by))
    finally:
        database.execute("RESET enable_seqscan")
    assert not [node for node in plan.nodes if node["Node Type"] == "Sort"], json.dumps(plan.nodes)
