"""Lists, searches and statistics never read ``events``, and find their rows by an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import apsw
import pytest
from tests.store.build import EVERY, T0, interaction, record
from tests.store.contract.test_listing import FILTERS

from playhead.model.filters import GroupBy, PageRequest, Position, SessionFilter, SortBy
from playhead.store.rows import SORT_COLUMNS
from playhead.store.sqlite import facets, latencies, listing, reading, searching, stats, walking
from playhead.store.sqlite.connection import open_reader
from playhead.store.sqlite.narrowing import ORDERS, is_covered
from playhead.store.sqlite.store import open_sqlite

EVERYTHING = SessionFilter(
    user_id="u",
    workspace_id="w",
    source="in-app",
    label="l",
    tags=["a", "b"],
    feature="chat",
    status="active",
    has_errors=True,
    bookmarked=True,
    started_from_us=1,
    started_until_us=2,
    min_cost_nanos=1,
    max_cost_nanos=2,
    min_tokens=1,
    max_tokens=2,
    min_duration_us=1,
    max_duration_us=2,
    min_interactions=1,
    model="m",
    provider="p",
    search="needle",
    metadata={"a": "b"},
)
WHERES = [EVERY, EVERYTHING, *(where for where, _ in FILTERS)]


class Explained:
    """A connection that notes the plan of each statement before running it."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self.asked = 0
        self.plan: list[str] = []

    def execute(self, sql: str, values: Any = ()) -> Any:
        self.asked += 1
        self.plan += [row[3] for row in self._db.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
        return self._db.execute(sql, values)

    def register_fts5_function(self, name: str, function: Any) -> None:
        self._db.register_fts5_function(name, function)

    def set_progress_handler(self, handler: Callable[[], bool] | None, steps: int = 0) -> None:
        self._db.set_progress_handler(handler, steps)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apsw.Connection]:
    data_dir: Path = tmp_path_factory.mktemp("plans")
    store = open_sqlite(data_dir)
    project = store.ensure_project("p", T0).no
    for n in range(3):
        record(store, project, f"s{n}", interaction("i", prompt="needle"), tags=["a"])
    assert store.wait_for_index()
    db = open_reader(data_dir)
    yield db
    db.close()
    store.close()


def plan_of(database: apsw.Connection, ask: Callable[..., object], *question: Any) -> list[str]:
    explained = Explained(database)
    ask(explained, *question)
    assert explained.asked
    return explained.plan


def reads_events(plan: list[str]) -> bool:
    return any(line.split()[1] in {"events", "e"} for line in plan if line.startswith(("SCAN", "SEARCH")))


def scans(plan: list[str]) -> set[str]:
    """Return what is read from one end to the other, but for the lists of numbers that a question brings."""
    return {line.split()[1] for line in plan if line.startswith("SCAN")} - {"asked", "few", "CONSTANT"}


def test_the_check_sees_a_read_of_events(database: apsw.Connection) -> None:
    assert reads_events(plan_of(database, Explained.execute, "SELECT count(*) FROM events"))
    assert reads_events(plan_of(database, Explained.execute, "SELECT * FROM events AS e WHERE no = 1"))


@pytest.mark.parametrize("where", WHERES, ids=lambda where: repr(where)[14:60])
@pytest.mark.parametrize("sort_by", get_args(SortBy))
def test_a_list_reads_no_events(database: apsw.Connection, where: SessionFilter, sort_by: SortBy) -> None:
    for page in (PageRequest(sort_by=sort_by), PageRequest(sort_by=sort_by, after=Position(5, 5), order="asc")):
        assert not reads_events(plan_of(database, listing.list_sessions, 1, where, page))


@pytest.mark.parametrize("where", WHERES, ids=lambda where: repr(where)[14:60])
def test_statistics_and_facets_read_no_events(database: apsw.Connection, where: SessionFilter) -> None:
    for group_by in get_args(GroupBy):
        assert not reads_events(plan_of(database, stats.stats, 1, where, group_by))
    for member in facets.MEMBERS:
        assert not reads_events(plan_of(database, facets.facets, 1, where, member))


@pytest.mark.parametrize("where", WHERES, ids=lambda where: repr(where)[14:60])
def test_a_search_reads_events_by_their_numbers_alone(database: apsw.Connection, where: SessionFilter) -> None:
    plan = plan_of(database, searching.search, 1, "needle", where)
    read = [line for line in plan if reads_events([line])]
    sought = [f"SEARCH e USING INTEGER PRIMARY KEY ({by})" for by in ("rowid=?", "rowid>? AND rowid<?")]
    assert all(line in sought for line in read)


@pytest.mark.parametrize("sort_by", get_args(SortBy))
def test_a_list_is_read_in_order_from_an_index(database: apsw.Connection, sort_by: SortBy) -> None:
    for page in (PageRequest(sort_by=sort_by), PageRequest(sort_by=sort_by, after=Position(5, 5))):
        plan = plan_of(database, listing.list_sessions, 1, EVERY, page)
        assert not any("TEMP B-TREE" in line for line in plan)
        assert not scans(plan)


@pytest.mark.parametrize("sort_by", get_args(SortBy))
def test_a_time_in_any_order_is_walked_without_reading_sessions(
    database: apsw.Connection, monkeypatch: pytest.MonkeyPatch, sort_by: SortBy
) -> None:
    # A patch, because three sessions are few, and a walk through them is given up at once.
    monkeypatch.setattr(listing, "FEW", 0)
    monkeypatch.setattr(walking, "STEPS_OF_LISTED", 1000)
    where = SessionFilter(started_from_us=T0 - 1)
    page = PageRequest(limit=1, sort_by=sort_by)
    plan = plan_of(database, listing.list_sessions, 1, where, page)
    assert any(f"SEARCH s USING COVERING INDEX {ORDERS[SORT_COLUMNS[sort_by]]}" in line for line in plan)
    assert not any("TEMP B-TREE" in line for line in plan)


BOUNDS = SessionFilter(
    min_cost_nanos=1, max_tokens=1 << 40, min_interactions=0, started_from_us=T0 - 1, has_errors=False
)
"""What the orders of cost, tokens, interactions and duration tell, every session of the fixture's among them."""


@pytest.mark.parametrize("sort_by", ["cost", "tokens", "interactions", "duration"])
@pytest.mark.parametrize("after", [None, Position(5, 5)])
def test_bounds_in_an_order_are_walked_without_reading_sessions(
    database: apsw.Connection, monkeypatch: pytest.MonkeyPatch, sort_by: SortBy, after: Position | None
) -> None:
    # A patch, because three sessions are few, and a walk through them is given up at once.
    monkeypatch.setattr(listing, "FEW", 0)
    monkeypatch.setattr(walking, "STEPS_OF_LISTED", 1000)
    column = SORT_COLUMNS[sort_by]
    assert is_covered(BOUNDS, column)
    plan = plan_of(database, listing.list_sessions, 1, BOUNDS, PageRequest(limit=1, sort_by=sort_by, after=after))
    assert any(f"SEARCH s USING COVERING INDEX {ORDERS[column]}" in line for line in plan)
    assert not any("TEMP B-TREE" in line for line in plan)


def test_what_an_order_does_not_tell_is_known() -> None:
    unknown = SessionFilter(min_duration_us=1), SessionFilter(feature="chat"), SessionFilter(search="needle")
    for column in ORDERS:
        assert [is_covered(where, column) for where in unknown] == [column == "duration_us", False, False]
    for column in ("started_us", "errors"):
        assert not is_covered(BOUNDS, column)
        assert is_covered(SessionFilter(started_until_us=1), column)


SHORT = {"user_id": "user", "workspace_id": "workspace"}


@pytest.mark.parametrize("name", ["user_id", "workspace_id", "label", "feature", "source", "status", "bookmarked"])
def test_one_member_is_walked_in_order_of_start(database: apsw.Connection, name: str) -> None:
    where = SessionFilter(**{name: getattr(EVERYTHING, name)})
    plan = plan_of(database, listing.list_sessions, 1, where, PageRequest())
    assert any(
        line.startswith("SEARCH s USING") and f"INDEX sessions_{SHORT.get(name, name)} " in line for line in plan
    )
    assert not any("TEMP B-TREE" in line for line in plan)


def test_usual_latencies_are_found_by_the_model(database: apsw.Connection) -> None:
    plan = plan_of(database, latencies.model_latencies, 1, ["gpt-4o"])
    assert {line for line in plan if line.startswith("SCAN")} <= {"SCAN (subquery-1)"}
    assert any("calls USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in line for line in plan)


def test_what_was_completed_is_found_by_its_change(database: apsw.Connection) -> None:
    plan = plan_of(database, reading.get_changed, 1, 0, 9)
    assert plan[0] == "SEARCH events USING COVERING INDEX events_change (session_no=? AND change>?)"
    assert not any("TEMP B-TREE" in line or line.startswith("SCAN events") for line in plan)


LARGE = {"events", "e", "calls", "c", "messages"}
SIZES = {
    "listing.FEW": 0,
    "listing.FEW_TEXTS": -1,
    "matching.FEW": 0,
    "searching.FEW": 0,
    "counting.EXACT_UP_TO": 1,
    "facets.EXACT_UP_TO": 1,
    "searching.EXACT_UP_TO": 1,
    "latencies.EXACT_UP_TO": 1,
}


@pytest.fixture(params=["few", "many"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let three sessions be few, or more than can be counted: a patch, because a plan shows without so many."""
    if request.param == "many":
        for name, value in SIZES.items():
            monkeypatch.setattr(f"playhead.store.sqlite.{name}", value)
    else:
        monkeypatch.setattr(searching, "TEXTS_OF_SEEK", 0)


@pytest.mark.usefixtures("size")
@pytest.mark.parametrize("where", WHERES, ids=lambda where: repr(where)[14:60])
def test_no_question_reads_a_large_table_from_end_to_end(database: apsw.Connection, where: SessionFilter) -> None:
    plans = [plan_of(database, searching.search, 1, "needle", where)]
    first = [PageRequest(sort_by=by) for by in get_args(SortBy)]
    behind = [PageRequest(sort_by=by, after=Position(5, 5)) for by in get_args(SortBy)]
    plans += [plan_of(database, listing.list_sessions, 1, where, page) for page in (*first, *behind)]
    plans += [plan_of(database, stats.stats, 1, where, group) for group in get_args(GroupBy)]
    plans += [plan_of(database, facets.facets, 1, where, member) for member in facets.MEMBERS]
    assert not [plan for plan in plans if scans(plan) & LARGE]


def test_pages_of_a_session_are_sought(database: apsw.Connection) -> None:
    no = database.execute("SELECT no FROM sessions WHERE id = 's1'").get
    plans = [
        plan_of(database, reading.get_events, no),
        plan_of(database, reading.get_events_since, no, 0),
        plan_of(database, reading.get_events_by_seq, no, [1]),
        plan_of(database, reading.get_marks, no),
        plan_of(database, reading.count_events, no),
    ]
    assert not [plan for plan in plans if scans(plan) & LARGE]


def test_events_of_a_session_of_calls_alone_are_not_counted_one_by_one(database: apsw.Connection) -> None:
    no = database.execute("SELECT no FROM sessions WHERE id = 's1'").get
    assert [(one.type, one.events) for one in reading.count_events(database, no)] == [("interaction", 1)]
    assert not any("events_time" in line for line in plan_of(database, reading.count_events, no))
