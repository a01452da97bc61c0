"""A database whose synchronous standby is away: nobody waits for it without end, and nothing is acknowledged twice or
before the standby has it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from tests.store.build import T0, Engine, action, record
from tests.support.clickhouse import shared_engine as clickhouse_engine
from tests.support.postgres import PostgresServer

from playhead.errors import Unavailable
from playhead.model.results import Outcome
from playhead.store.opening import open_engine
from playhead.store.place import Place
from playhead.store.postgres import confirming

SHORT_S = 0.3
WAITING = "SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
STANDBY = "synchronous standby may be away"


@pytest.fixture(scope="module")
def followed() -> Iterator[PostgresServer]:
    """A server whose commits can be made to wait for a standby."""
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture(params=["postgresql", "clickhouse"])
def store(request: pytest.FixtureRequest, followed: PostgresServer, tmp_path: Path) -> Iterator[Engine]:
    """A store that keeps everything, or its ledgers, in that server."""
    url = followed.new_database()
    place = Place(tmp_path, url)
    if request.param == "clickhouse":
        place = Place(tmp_path, clickhouse_engine().new_database(), url)
    opened = open_engine(place).store
    yield opened  # type: ignore[misc]  # both engines are whole
    opened.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here has the patience that is usual."""
    monkeypatch.setattr(confirming, "PATIENCE_S", SHORT_S)


@contextmanager
def nobody_following(server: PostgresServer) -> Iterator[None]:
    """Have commits wait for a standby that there is not, as long as the block lasts: one does so all the while."""
    with psycopg.connect(server.url(), autocommit=True) as db:
        db.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        db.execute("SELECT pg_reload_conf()")
        try:
            while is_confirmed(server):
                continue
            yield
        finally:
            db.execute("ALTER SYSTEM RESET synchronous_standby_names")
            db.execute("SELECT pg_reload_conf()")
            while db.execute(WAITING).rowcount:
                continue


def is_confirmed(server: PostgresServer) -> bool:
    """Commit something, and say whether that was confirmed."""
    try:
        with psycopg.connect(server.url(), autocommit=True) as db, confirming.transaction(db):
            db.execute("SELECT pg_logical_emit_message(true, 'test', 'anything')")
    except confirming.Unconfirmed:
        return False
    return True


def test_what_is_not_confirmed_fails_in_time_and_is_there_once_when_the_standby_is_back(
    followed: PostgresServer, store: Engine
) -> None:
    project = store.ensure_project("p", T0).no
    record(store, project, "s1", action("a"))
    record(store, project, "s2", action("a"))
    with nobody_following(followed):
        for session_id in ("s1", "s2", "s1"):
            with pytest.raises(Unavailable, match=STANDBY):
                store.append(project, session_id, [action("b")], T0).result(60)
            with pytest.raises(Unavailable, match=STANDBY):
                store.check_writable()
        assert store.get_session(project, "s1").totals.events == 1
    outcomes = [patiently(store, project, session_id) for session_id in ("s1", "s2")]
    assert outcomes == [Outcome("b", 2, duplicate=True), Outcome("b", 2)]
    store.check_writable()


def patiently(store: Engine, project: int, session_id: str) -> Outcome:
    """Send until it is taken, as a recorder does."""
    pause = threading.Event()
    while True:
        try:
            [outcome] = store.append(project, session_id, [action("b")], T0).result(60)
        except Unavailable:
            pause.wait(0.05)
        else:
            return outcome


def test_keys_are_not_waited_for_either(followed: PostgresServer, store: Engine) -> None:
    with nobody_following(followed):
        for name in ("one", "two"):
            with pytest.raises(Unavailable, match=STANDBY):
                store.ensure_project(name, T0)
        with psycopg.connect(followed.url()) as db:
            assert db.execute(WAITING).rowcount == 1 + 1  # however often it is asked for
    assert store.ensure_project("two", T0).name == "two"


def test_a_store_closes_while_it_is_not_confirmed(followed: PostgresServer, store: Engine) -> None:
    project = store.ensure_project("p", T0).no
    record(store, project, "s1")
    with nobody_following(followed):
        under_way = store.append(project, "s1", [action("a")], T0)
        store.close()
        with pytest.raises(Unavailable):
            under_way.result(0)
