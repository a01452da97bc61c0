from __future__ import annotations

import pytest
from tests.store.sqlite.parts import NOW_US, action, begin, interaction

from playhead.store.rows import MAX_INT
from playhead.store.sqlite import reading
from playhead.store.sqlite.store import SqliteStore


def test_sums_stop_at_what_the_database_can_hold(sqlite: SqliteStore) -> None:
    project = begin(sqlite)
    half = MAX_INT // 2 + 1
    for batch in (["a"], ["b"], ["c", "d", "e"]):
        events = [interaction(id_, cost_nanos=half, tokens=half) for id_ in batch]
        sqlite.append(project, "s", events, NOW_US).result()
    totals = sqlite.get_session(project, "s").totals
    assert (totals.cost_nanos, totals.input_tokens, totals.output_tokens) == (MAX_INT, MAX_INT, MAX_INT)
    with sqlite._readers.read() as db:
        sums = db.execute("SELECT interactions, cost_nanos, input_tokens, output_tokens FROM session_models").fetchall()
        assert sums == [(5, MAX_INT, MAX_INT, MAX_INT)]
        assert db.execute("SELECT tokens FROM sessions").get == MAX_INT


def test_small_costs_add_up_to_the_nano(sqlite: SqliteStore) -> None:
    project = begin(sqlite)
    for start in range(0, 10_000, 2_000):
        events = [interaction(f"e{number}", cost_nanos=number) for number in range(start, start + 2_000)]
        sqlite.append(project, "s", events, NOW_US).result()
    assert sqlite.get_session(project, "s").totals.cost_nanos == sum(range(10_000))


def test_events_with_equal_times_are_paged_in_order_of_arrival(sqlite: SqliteStore) -> None:
    project = begin(sqlite)
    sqlite.append(project, "s", [action(f"e{number}") for number in range(95)], NOW_US).result()
    seen, after = [], 0
    while True:
        page = sqlite.get_events(project, "s", after=after, limit=10)
        seen += [event.seq for event in page.events]
        if page.next is None:
            break
        after = page.next
    assert seen == list(range(1, 96))


@pytest.mark.parametrize("statement", [reading.numbers_sql(), reading.numbers_sql("AND type IN (6)"), reading.MARKS])
def test_a_place_in_a_long_session_is_found_by_index_alone(sqlite: SqliteStore, statement: str) -> None:
    with sqlite._readers.read() as db:
        plan = str(db.execute(f"EXPLAIN QUERY PLAN {statement}", (1, 5, 7, 10)).fetchall())
    assert "COVERING INDEX events_time (session_no=? AND timestamp_us=? AND no>?)" in plan
    assert "COVERING INDEX events_time (session_no=? AND timestamp_us>?)" in plan
    assert "SCAN e" not in plan


def test_a_page_deep_in_a_session_reads_no_more_than_one_at_its_beginning(sqlite: SqliteStore) -> None:
    project = begin(sqlite)
    for start in range(0, 20_000, 5_000):
        events = [action(f"e{number}") for number in range(start, start + 5_000)]
        sqlite.append(project, "s", events, NOW_US).result()
    steps = [steps_of_page(sqlite, after) for after in (1, 19_900)]
    assert steps[1] < 2 * steps[0]


def steps_of_page(store: SqliteStore, after: int) -> int:
    """Return how many times SQLite reported a hundred steps while it read a page."""
    count = 0

    def counted() -> bool:
        nonlocal count
        count += 1
        return False

    with store._readers.read() as db:
        db.set_progress_handler(counted, 100)
        reading.get_events(db, reading.session_number(db, 1, "s"), after=after, limit=50)
        reading.get_marks(db, reading.session_number(db, 1, "s"), after=after, limit=50)
        db.set_progress_handler(None)
    return count
