"""Rollups and their news hold what adding up every session gives, whatever happened, and go with what is erased."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.build import EVERY, T0, interaction, pending, record
from tests.store.estimates import WHERES, ends, nearness, record_many, without_latencies
from tests.store.strategies import Operation, histories
from tests.support.postgres import PostgresServer, shared_server

from playhead.errors import PlayheadError
from playhead.model.filters import GroupBy, SessionFilter
from playhead.store.postgres import latencies
from playhead.store.postgres.connection import Db, connected
from playhead.store.postgres.folding import LOCK, MOST_NEWS, fold
from playhead.store.postgres.rollup_schema import FILL
from playhead.store.postgres.rollups import NEWS
from playhead.store.postgres.store import PostgresStore, open_postgres

EVERYTHING = sorted({*NEWS, *NEWS.values()})


def dump(db: Db) -> dict[str, list[Any]]:
    """Return everything in the rollups and their news, in one order."""
    return {table: sorted(db.execute(f"SELECT * FROM {table}").fetchall()) for table in EVERYTHING}


def fold_now(db: Db, most_left: int = 0) -> None:
    """Fold as soon as the store's own follower does not."""
    with db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        assert not fold(db, most_left)


def folded(db: Db) -> dict[str, list[Any]]:
    """Return everything when all news are folded."""
    fold_now(db)
    return dump(db)


@given(history=histories(), folds=st.sets(st.integers(0, 12)))
@settings(max_examples=40)
def test_rollups_are_what_the_sessions_add_up_to(history: list[Operation], folds: set[int]) -> None:
    server = shared_server()
    url = server.new_store_database()
    store = open_postgres(url)
    try:
        project = store.ensure_project("p", T0).no
        with connected(url) as db:
            for number, operation in enumerate(history):
                with suppress(PlayheadError):
                    operation(store, project).result(timeout=30)
                if number in folds:
                    fold_now(db)
            kept = folded(db)
            db.execute(f"TRUNCATE {', '.join(NEWS)}")
            db.execute(FILL)
            assert kept == folded(db)
    finally:
        store.close()
        server.drop(url)


def test_nothing_is_left_in_rollups_of_what_was_erased(store: PostgresStore, url: str) -> None:
    project = store.ensure_project("p", T0).no
    record(store, project, "s", interaction("i"), pending("p"), interaction("p"), tags=["t"], user_id="u")
    with connected(url) as db:
        assert all(folded(db)[table] for table in NEWS)
        store.erase_session(project, "s", T0).result()
        assert folded(db) == {table: [] for table in EVERYTHING}


def test_few_news_wait_and_many_are_folded(store: PostgresStore, url: str) -> None:
    project = store.ensure_project("p", T0).no
    record(store, project, "s", interaction("i"))
    with connected(url) as db:
        waiting = dump(db)
        assert waiting["session_news"]
        assert not waiting["rollups"]
        fold_now(db, MOST_NEWS)
        assert dump(db) == waiting
        fold_now(db, len(waiting["session_news"]) - 1)
        assert dump(db)["rollups"]


def test_one_server_folds_at_a_time(store: PostgresStore, url: str) -> None:
    record(store, store.ensure_project("p", T0).no, "s", interaction("i"))
    with connected(url) as one, connected(url) as another, one.transaction():
        one.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        assert not fold(another, most_left=0)
        assert dump(another)["session_news"]


def test_an_old_database_gets_rollups_of_what_it_has(store: PostgresStore, url: str) -> None:
    project = store.ensure_project("p", T0).no
    calls = [interaction("i"), interaction("j", model="m", provider="x"), interaction("k", model="m")]
    record(store, project, "s", *calls, pending("p"), tags=["t"], user_id="u")
    with connected(url) as db:
        expected = folded(db)
    store.close()
    with connected(url) as db:
        names = db.execute("SELECT proname FROM pg_proc WHERE proname LIKE 'news\\_of\\_%'").fetchall()
        for (name,) in names:
            db.execute(f"DROP FUNCTION {name} CASCADE")
        db.execute(f"DROP TABLE {', '.join(EVERYTHING)}")
        db.execute("DROP INDEX sessions_label, sessions_workspace, sessions_bookmarked, sessions_rested")
        db.execute("UPDATE schema_versions SET version = 1 WHERE part = 'store'")
    again = open_postgres(url)
    try:
        with connected(url) as db:
            assert folded(db) == expected
        record(again, project, "next", interaction("i"))
        assert again.stats(project, EVERY).sessions == 2
    finally:
        again.close()


@pytest.mark.parametrize("where", [EVERY, SessionFilter(user_id="u")])
def test_a_session_that_used_a_model_of_several_providers_counts_once(
    store: PostgresStore, where: SessionFilter
) -> None:
    project = store.ensure_project("p", T0).no
    for name in ("s", "t"):
        calls = [interaction("i", model="m", provider="x"), interaction("j", model="m", provider="y")]
        record(store, project, name, *calls, interaction("k", model="n"), user_id="u")
    series = store.stats(project, where, "model").series
    assert [(point.key, point.sessions, point.interactions) for point in series] == [("m", 2, 4), ("n", 2, 2)]


@pytest.mark.parametrize("where", WHERES, ids=lambda where: repr(where)[14:60])
@pytest.mark.parametrize("is_folded", [False, True])
def test_estimates_are_near_what_every_call_gives(
    many: tuple[PostgresStore, int, str], monkeypatch: pytest.MonkeyPatch, where: SessionFilter, is_folded: bool
) -> None:
    store, project, url = many
    if is_folded:
        with connected(url) as db:
            fold_now(db)
    exact = {group: store.stats(project, where, group) for group in get_args(GroupBy)}
    # A patch, because so many calls that they are estimated would take a minute to record.
    monkeypatch.setattr(latencies, "EXACT_UP_TO", 200)
    for group, found in exact.items():
        estimate = store.stats(project, where, group)
        assert estimate.latency_is_estimate
        assert not found.latency_is_estimate
        assert without_latencies(estimate) == without_latencies(found)
        near = nearness(where, group)
        for name, value in found.latency.items():
            assert estimate.latency[name] == pytest.approx(value, rel=near)
        if near == 0.01:
            assert ends(estimate) == pytest.approx(ends(found), rel=near)


@pytest.fixture(scope="module")
def many() -> Iterator[tuple[PostgresStore, int, str]]:
    """Sixty sessions of twenty calls, an hour apart."""
    server: PostgresServer = shared_server()
    url = server.new_store_database()
    store = open_postgres(url)
    project = record_many(store)
    yield store, project, url
    store.close()
    server.drop(url)
