"""The writer when the database fails in the middle: what is done again, what is told, and that it goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from tests.store.build import T0, action, interaction, new_session, record

from playhead.errors import Invalid, StoreFull
from playhead.store.postgres.store import PostgresStore
from playhead.store.postgres.writer import WriteScope

REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{code}'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION refuse();
"""
DISK_FULL = "53100"


@pytest.fixture
def project(store: PostgresStore) -> int:
    return store.ensure_project("mine", T0).no


@contextmanager
def failing(url: str, code: str) -> Iterator[None]:
    """Let every insert of an event fail with a code of the database's own."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(REFUSE.format(code=code).encode())
        yield
        db.execute("DROP FUNCTION refuse CASCADE")


@contextmanager
def held(store: PostgresStore) -> Iterator[None]:
    """Keep the writer busy, so that what is submitted inside gathers into one group."""
    running, go_on = threading.Event(), threading.Event()

    def wait(_: WriteScope) -> None:
        running.set()
        assert go_on.wait(10)

    store._writer.submit(wait)
    assert running.wait(10)
    yield
    go_on.set()


def ids_of(store: PostgresStore, project: int) -> list[str]:
    return [event.id for event in store.get_events_since(project, "s1", 0).events]


def test_a_full_disk_fails_what_does_not_fit_and_is_noticed_when_there_is_room(
    store: PostgresStore, project: int, url: str
) -> None:
    record(store, project, "s1", action("before"))
    with failing(url, DISK_FULL):
        with pytest.raises(StoreFull):
            store.append(project, "s1", [action("a")], T0).result(timeout=10)
        assert store._writer.full
        assert ids_of(store, project) == ["before"]
    store.check_writable()
    assert store.append(project, "s1", [action("a")], T0).result(timeout=10)[0].seq == 2


def test_a_disk_that_stays_full_is_told_by_the_check(store: PostgresStore, project: int, url: str) -> None:
    record(store, project, "s1")
    refuse = REFUSE.replace("ON events", "ON installation")
    with psycopg.connect(url, autocommit=True) as db, failing(url, DISK_FULL):
        with pytest.raises(StoreFull):
            store.append(project, "s1", [action("a")], T0).result(timeout=10)
        db.execute("DROP TRIGGER refuse ON events")
        db.execute(refuse[refuse.index("CREATE TRIGGER") :].encode())
        with pytest.raises(StoreFull):
            store.check_writable()


def test_what_is_queued_together_is_committed_once_and_in_order(store: PostgresStore, project: int) -> None:
    record(store, project, "s1")
    with held(store):
        before = store.gauges()["commits_total"]
        futures = [store.append(project, "s1", [action(f"a{n}")], T0) for n in range(50)]
    assert [future.result(timeout=10)[0].seq for future in futures] == list(range(1, 51))
    assert store.gauges()["commits_total"] - before == 2  # the one that was held, and the fifty


def test_a_write_that_fails_leaves_nothing_and_disturbs_no_other_of_its_commit(
    store: PostgresStore, project: int
) -> None:
    record(store, project, "s1")

    def fail(scope: WriteScope) -> None:
        scope.db.execute("UPDATE sessions SET label = 'half'")
        scope.db.execute("SELECT 1 / 0")

    with held(store):
        good = store.append(project, "s1", [action("a")], T0)
        bad = store._writer.submit(fail)
        wrong = store.append(project, "s1", [action("b"), action("c", target="\ud800")], T0)
        last = store.append(project, "s1", [action("d")], T0)
    assert [good.result(10)[0].seq, last.result(10)[0].seq] == [1, 2]
    assert isinstance(bad.exception(10), psycopg.errors.DivisionByZero)
    assert isinstance(wrong.exception(10), Invalid)
    assert store.get_session(project, "s1").label is None


def end_connection(scope: WriteScope) -> None:
    """Lose the connection in the middle of a group."""
    scope.db.pgconn.finish()


def deadlock(scope: WriteScope) -> None:
    scope.db.execute("DO $$ BEGIN RAISE EXCEPTION 'the other one goes on' USING ERRCODE = '40P01'; END $$")


@pytest.mark.parametrize("failure", [end_connection, deadlock])
def test_a_group_that_can_be_done_again_is_done_again_by_itself(
    store: PostgresStore, project: int, failure: Callable[[WriteScope], None]
) -> None:
    record(store, project, "s1")
    tried: list[int] = []

    def fail_once(scope: WriteScope) -> str:
        tried.append(1)
        if len(tried) == 1:
            failure(scope)
        return "done"

    with held(store):
        first = store.append(project, "s1", [interaction("a", prompt=[{"role": "user", "content": "x"}])], T0)
        once = store._writer.submit(fail_once)
        last = store.append(project, "s1", [action("b")], T0)
    assert (once.result(10), len(tried)) == ("done", 2)
    assert [first.result(10)[0].seq, last.result(10)[0].seq] == [1, 2]
    assert ids_of(store, project) == ["a", "b"]
    assert store.get_events(project, "s1").events[0].data["prompt"] == [{"role": "user", "content": "x"}]
    assert store.gauges()["commits_repeated_total"] == 1


def test_a_failure_that_nobody_foresaw_fails_its_group_and_the_writer_goes_on(
    store: PostgresStore, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(store, project, "s1")

    def break_down(*_: object) -> None:
        raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")

    with monkeypatch.context() as patch:  # no public door lets such an id in
        patch.setattr("playhead.store.postgres.writer.lock_sessions", break_down)
        with held(store):
            futures = [store.append(project, "s1", [action(name)], T0) for name in "ab"]
        for future in futures:
            assert isinstance(future.exception(10), UnicodeEncodeError)
    assert store.start_session(project, new_session("s2"), T0).result(timeout=10).created
    assert ids_of(store, project) == []
