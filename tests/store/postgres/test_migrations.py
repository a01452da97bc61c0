"""The tables are made once, whoever comes first, and a newer database is left alone."""

from __future__ import annotations

import threading

import psycopg
import pytest
from tests.store.build import T0, action, record

from playhead.errors import NewerDatabase, Unavailable
from playhead.model.filters import PageRequest, SessionFilter
from playhead.store.postgres.connection import connected
from playhead.store.postgres.migrations import STORE_MIGRATIONS, migrate
from playhead.store.postgres.store import PostgresStore, open_postgres

STARTERS = 4


def test_any_number_may_start_at_once(fresh_url: str) -> None:
    stores: list[PostgresStore] = []
    threads = [threading.Thread(target=lambda: stores.append(open_postgres(fresh_url))) for _ in range(STARTERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    try:
        assert len(stores) == STARTERS
        assert len({store.server_secret() for store in stores}) == 1
        assert {store.ensure_project("p", T0).no for store in stores} == {1}
    finally:
        for store in stores:
            store.close()


def test_a_database_that_is_up_to_date_is_left_as_it_is(url: str) -> None:
    with connected(url) as db:
        assert migrate(db, "store", STORE_MIGRATIONS) == 0


def test_a_newer_database_is_refused_with_words(store: PostgresStore, url: str) -> None:
    record(store, store.ensure_project("p", T0).no, "s1", action("a"))
    with connected(url) as db:
        db.execute("UPDATE schema_versions SET version = version + 1 WHERE part = 'store'")
    with pytest.raises(NewerDatabase, match="use a newer Playhead"):
        open_postgres(url)


def test_a_migration_that_fails_leaves_nothing(fresh_url: str) -> None:
    def fail(db: psycopg.Connection[tuple[object, ...]]) -> None:
        db.execute("CREATE TABLE half (no integer)")
        db.execute("SELECT 1 / 0")

    with connected(fresh_url) as db:
        with pytest.raises(psycopg.errors.DivisionByZero):
            migrate(db, "store", [fail])
        assert db.execute("SELECT to_regclass('half'), to_regclass('schema_versions')").fetchone() == (None, None)


def test_a_database_of_another_encoding_is_refused(fresh_url: str) -> None:
    with connected(fresh_url) as db:
        db.execute("DROP DATABASE IF EXISTS latin")
        db.execute("CREATE DATABASE latin ENCODING LATIN1 TEMPLATE template0 LOCALE 'C'")
    with pytest.raises(Exception, match="encoding must be UTF8"):
        open_postgres(fresh_url.rpartition("/")[0] + "/latin")


def test_a_closed_store_answers_unavailable(url: str) -> None:
    store = open_postgres(url)
    store.close()
    with pytest.raises(Unavailable):
        store.list_projects()


def test_a_label_may_be_longer_than_an_entry_of_an_index(store: PostgresStore) -> None:
    project = store.ensure_project("p", T0).no
    longest = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(2_000))
    record(store, project, "s", label=longest)
    record(store, project, "t", label=longest[:-1])
    found = store.list_sessions(project, SessionFilter(label=longest), PageRequest())
    assert [session.id for session in found.sessions] == ["s"]
