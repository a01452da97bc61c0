"""Several servers beside each other: stores on one ClickHouse database, with their ledgers in one PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.store.build import EVERY, T0, Engine, action, interaction, new_session, pending, record
from tests.support.clickhouse import ClickHouse
from tests.support.postgres import PostgresServer

from playhead.errors import SessionErased, Unavailable
from playhead.model.filters import PageRequest
from playhead.model.results import Outcome
from playhead.model.session import SessionEnd
from playhead.store.base import SessionChange
from playhead.store.clickhouse.connection import address_of, connect
from playhead.store.clickhouse.latency_states import NAME
from playhead.store.clickhouse.store import ClickHouseStore
from playhead.store.copies import ErasedSession
from playhead.store.opening import open_engine
from playhead.store.place import Place

SERVERS = 3


@pytest.fixture
def servers(clickhouse: ClickHouse, postgres: PostgresServer, tmp_path: Path) -> Iterator[list[Engine]]:
    """Stores of as many servers, the first of which has made everything."""
    registry_url = postgres.new_database()
    place = Place(tmp_path, clickhouse.new_database(), registry_url)
    stores: list[Engine] = []
    for _ in range(SERVERS):
        store = open_engine(place).store
        assert isinstance(store, ClickHouseStore)
        stores.append(store)
    yield stores
    for store in stores:
        store.close()
    postgres.drop(registry_url)


@pytest.mark.parametrize("made_by_an_older_one", [False, True])
def test_any_number_may_start_at_once(
    clickhouse: ClickHouse, postgres: PostgresServer, tmp_path: Path, made_by_an_older_one: bool
) -> None:
    place = Place(tmp_path, clickhouse.new_database(), postgres.new_database())
    if made_by_an_older_one:
        database = address_of(place.database_url or "").database
        connect(address_of(place.database_url or "")).close()
        clickhouse.query(f"ALTER TABLE {database}.events DROP PROJECTION {NAME}")
        clickhouse.query(f"ALTER TABLE {database}.sessions MODIFY COMMENT 'playhead 1 ttl 0'")
    gate = threading.Barrier(SERVERS + 2)

    def start(number: int) -> int:
        gate.wait(60)
        opened = open_engine(place)
        try:
            project = opened.registry.ensure_project("mine", T0)
            record(opened.store, project.no, f"s{number}", action("a"))
            return project.no
        finally:
            opened.close()

    with ThreadPoolExecutor(gate.parties) as starting:
        assert len(set(starting.map(start, range(gate.parties)))) == 1
    opened = open_engine(place)
    assert opened.store.list_sessions(1, EVERY, PageRequest()).total == gate.parties
    opened.close()


def test_servers_that_record_into_the_same_sessions_leave_no_hole_and_no_double(servers: list[Engine]) -> None:
    project = servers[0].ensure_project("mine", T0).no

    def write(number: int) -> None:
        for batch in range(6):
            changes = [SessionChange(id_, new_session(id_)) for id_ in ("s1", "s2")]
            for id_ in ("s1", "s2") if number % 2 else ("s2", "s1"):
                own = [action(f"{number}-{batch}-{n}") for n in range(3)]
                changes += [SessionChange(id_, event) for event in (*own, action(f"shared-{batch}"))]
            outcomes = servers[number].apply(project, changes, T0).result(60)
            assert [each.code for each in outcomes] == [None] * len(changes)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(SERVERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for id_ in ("s1", "s2"):
        events = servers[0].get_events_since(project, id_, 0).events
        assert [event.seq for event in events] == list(range(1, 6 * (3 * SERVERS + 1) + 1))
        assert len({event.id for event in events}) == len(events)
        assert servers[1].get_session(project, id_).totals.events == len(events)
    assert servers[2].list_sessions(project, EVERY, PageRequest()).total == 2


def test_what_one_server_has_stored_is_recognized_by_another(servers: list[Engine]) -> None:
    one, two, _ = servers
    project = one.ensure_project("mine", T0).no
    history = [{"role": "user", "content": f"turn {n}"} for n in range(6)]
    record(one, project, "s1", interaction("a", prompt=history[:2]), pending("p"))
    late = [interaction("a"), interaction("p", at=3), interaction("b", prompt=history[:4])]
    outcomes = two.append(project, "s1", late, T0).result()
    assert outcomes == [Outcome("a", 1, duplicate=True), Outcome("p", 2), Outcome("b", 3)]
    assert one.append(project, "s1", [interaction("c", prompt=history)], T0).result() == [Outcome("c", 4)]
    prompts = {event.id: event.data["prompt"] for event in one.get_events(project, "s1").events}
    assert (prompts["a"], prompts["b"], prompts["c"]) == (history[:2], history[:4], history)
    assert one.get_session(project, "s1") == two.get_session(project, "s1")
    assert two.end_session(project, "s1", SessionEnd(ended_us=T0), T0).result() == one.get_session(project, "s1")


def test_what_one_server_has_erased_is_gone_for_all(servers: list[Engine]) -> None:
    one, two, three = servers
    project = one.ensure_project("mine", T0).no
    record(one, project, "s1", action("a"))
    two.erase_session(project, "s1", T0 + 5).result()
    assert three.list_erased(project) == [ErasedSession("s1", T0 + 5)]
    with pytest.raises(SessionErased):
        one.start_session(project, new_session("s1"), T0).result()
    assert one.list_sessions(project, EVERY, PageRequest()).total == 0


def test_ledgers_that_are_away_are_said_to_be(clickhouse: ClickHouse, tmp_path: Path) -> None:
    server = PostgresServer()
    store = open_engine(Place(tmp_path, clickhouse.new_database(), server.url())).store
    try:
        assert isinstance(store, ClickHouseStore)
        project = store.ensure_project("mine", T0).no
        record(store, project, "s1", action("a"))
        server.crash()
        with pytest.raises(Unavailable):
            store.append(project, "s1", [action("b")], T0).result(60)
        with pytest.raises(Unavailable):
            store.check_writable()
        assert store.get_session(project, "s1").totals.events == 1
    finally:
        store.close()
        server.remove()
