"""Stores beside each other on one database, as several servers have it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from tests.store.build import EVERY, T0, action, found, interaction, new_session, pending, record

from playhead.errors import SessionEnded, SessionErased, SessionNotFound
from playhead.model.filters import PageRequest
from playhead.model.results import Outcome, ShareRecord
from playhead.model.session import SessionEnd
from playhead.store.base import SessionChange
from playhead.store.postgres.store import PostgresStore

SESSIONS = [f"s{number}" for number in range(4)]
ROUNDS = 30


@pytest.fixture
def project(store: PostgresStore) -> int:
    return store.ensure_project("mine", T0).no


def together(*tasks: Callable[[], None]) -> None:
    """Run tasks at the same time, and raise what any of them raises."""
    failures: list[BaseException] = []

    def run(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert not failures


def test_two_servers_that_record_into_the_same_sessions_leave_neither_holes_nor_doubles(
    store: PostgresStore, other: PostgresStore, project: int
) -> None:
    for session_id in SESSIONS:
        record(store, project, session_id)
    seen: dict[str, list[Outcome]] = {}

    def write(server: PostgresStore, name: str, sessions: list[str]) -> None:
        outcomes = seen[name] = []
        futures: list[Any] = []
        for number in range(ROUNDS):
            shared = action(f"both-{number}")
            prompt = [{"role": "user", "content": f"turn {turn}"} for turn in range(number % 5 + 1)]
            own = interaction(f"{name}-{number}", prompt=prompt)
            changes = [SessionChange(session_id, event) for session_id in sessions for event in (shared, own)]
            futures.append(server.apply(project, changes, T0))
        for future in futures:
            outcomes += future.result(timeout=30)

    together(lambda: write(store, "one", SESSIONS), lambda: write(other, "two", SESSIONS[::-1]))
    assert not [outcome for outcomes in seen.values() for outcome in outcomes if outcome.code]
    for session_id in SESSIONS:
        events = store.get_events_since(project, session_id, 0).events
        assert [event.seq for event in events] == list(range(1, 3 * ROUNDS + 1))
        assert len({event.id for event in events}) == 3 * ROUNDS
        assert other.get_session(project, session_id).totals.interactions == 2 * ROUNDS
    taken = [outcome for outcomes in seen.values() for outcome in outcomes if not outcome.duplicate]
    assert len(taken) == 3 * ROUNDS * len(SESSIONS)


def test_a_session_that_two_servers_start_at_once_is_one(
    store: PostgresStore, other: PostgresStore, project: int
) -> None:
    made: list[bool] = []

    def start(server: PostgresStore) -> None:
        futures = [server.start_session(project, new_session(f"s{number}"), T0) for number in range(ROUNDS)]
        made.extend(future.result(timeout=30).created for future in futures)

    together(lambda: start(store), lambda: start(other))
    assert (len(made), sum(made)) == (2 * ROUNDS, ROUNDS)
    assert store.list_sessions(project, EVERY, PageRequest()).total == ROUNDS


def test_what_one_server_writes_the_other_sees_at_once(
    store: PostgresStore, other: PostgresStore, project: int
) -> None:
    record(store, project, "s1", pending("p"), label="needle")
    assert other.append(project, "s1", [interaction("p")], T0).result()[0].duplicate is False
    assert store.get_changed(project, "s1", 0, 9).events[0].id == "p"
    assert found(other, project, "needle") == found(store, project, "needle") == {("s1", 0)}
    other.end_session(project, "s1", SessionEnd(), T0).result()
    with pytest.raises(SessionEnded):
        store.start_session(project, new_session("s1"), T0).result()


def test_a_session_that_another_server_erases_takes_nothing_any_more(
    store: PostgresStore, other: PostgresStore, project: int
) -> None:
    record(store, project, "s1", action("a"))
    other.erase_session(project, "s1", T0).result()
    with pytest.raises(SessionNotFound):
        store.append(project, "s1", [action("b")], T0).result()
    with pytest.raises(SessionErased):
        store.start_session(project, new_session("s1"), T0).result()
    with pytest.raises(SessionNotFound):
        store.add_share(ShareRecord("sh", project, "s1", "public", T0, T0 + 9), b"token")


def test_erasing_while_others_write_and_index_leaves_nothing(
    store: PostgresStore, other: PostgresStore, project: int
) -> None:
    for session_id in SESSIONS:
        record(store, project, session_id, action("first"))

    def write() -> None:
        futures = [
            store.apply(project, [SessionChange(session_id, action(f"needle-{number}"))], T0)
            for number in range(ROUNDS)
            for session_id in SESSIONS
        ]
        for future in futures:
            assert {outcome.code for outcome in future.result(timeout=30)} <= {None, "session_not_found"}

    def erase() -> None:
        for session_id in SESSIONS:
            assert other.erase_session(project, session_id, T0).result(timeout=30).events >= 1

    together(write, erase)
    assert store.wait_for_index()
    for table in ("sessions", "events", "calls", "messages", "nodes", "texts", "index_queue", "session_models"):
        assert rows_of(store, table) == 0, table


def rows_of(store: PostgresStore, table: str) -> int:
    row = store._pool.read(lambda db: db.execute(f"SELECT count(*) FROM {table}").fetchone())
    assert row is not None
    return int(row[0])


def test_sessions_of_two_months_lie_in_partitions_of_their_own(store: PostgresStore, project: int) -> None:
    november, december = T0, T0 + 40 * 86_400 * 1_000_000
    record(store, project, "early", action("a"), now_us=november)
    record(store, project, "late", interaction("a"), now_us=december)
    store.append(project, "early", [action("b")], december).result()
    assert [event.seq for event in store.get_events(project, "early").events] == [1, 2]
    assert rows_of(store, "events_202510") == 2
    assert rows_of(store, "events_202511") == rows_of(store, "calls_202511") == 1
