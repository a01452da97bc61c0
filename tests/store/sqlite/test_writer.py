from __future__ import annotations

from pathlib import Path

import pytest
from tests.store.sqlite.parts import NOW_US, action, begin, held, ids_of, interaction

from playhead.errors import Invalid, SessionNotFound, StoreBusy, Unavailable
from playhead.model.session import NewSession, SessionEnd
from playhead.store.base import SessionChange
from playhead.store.sqlite import wal
from playhead.store.sqlite.store import SqliteStore, open_sqlite
from playhead.store.sqlite.writer import WriteScope


def test_what_is_queued_together_is_committed_once_and_in_order(sqlite: SqliteStore) -> None:
    project = begin(sqlite)
    with held(sqlite):
        before = sqlite.gauges()["commits_total"]
        futures = [sqlite.append(project, "s", [action(f"e{number}")], NOW_US) for number in range(50)]
    assert [future.result()[0].seq for future in futures] == list(range(1, 51))
    assert sqlite.gauges()["commits_total"] - before == 2  # the one that was held, and the fifty


def test_a_write_that_fails_leaves_nothing_and_disturbs_no_other_of_its_commit(sqlite: SqliteStore) -> None:
    project = begin(sqlite)
    broken = [action("b1"), action("b2", {"action": "\ud800"})]
    with held(sqlite):
        first = sqlite.append(project, "s", [action("a")], NOW_US)
        second = sqlite.append(project, "s", broken, NOW_US)
        third = sqlite.append(project, "absent", [action("x")], NOW_US)
        fourth = sqlite.append(project, "s", [action("c")], NOW_US)
    assert first.result()[0].seq == 1
    with pytest.raises(Invalid, match="data"):
        second.result()
    with pytest.raises(SessionNotFound):
        third.result()
    assert fourth.result()[0].seq == 2
    assert ids_of(sqlite, project) == ["a", "c"]
    assert sqlite.get_session(project, "s").totals.events == 2


def test_a_statement_that_fails_in_the_middle_of_a_write_takes_the_write_back(sqlite: SqliteStore) -> None:
    project = begin(sqlite)

    def half(scope: WriteScope) -> None:
        scope.db.execute("UPDATE sessions SET label = 'half'")
        scope.db.execute("INSERT INTO projects (no, name, created_us) VALUES (?, 'again', 0)", (project,))

    with held(sqlite):
        failing = sqlite._writer.submit(half)
        after = sqlite.append(project, "s", [action("a")], NOW_US)
    assert failing.exception() is not None
    assert after.result()[0].seq == 1
    assert sqlite.get_session(project, "s").label is None


def test_a_prompt_is_whole_although_a_write_that_knew_its_beginning_was_taken_back(sqlite: SqliteStore) -> None:
    project = begin(sqlite)
    prompt = [{"role": "user", "content": "first"}]
    with held(sqlite):
        failing = sqlite.append(project, "s", [interaction("a", prompt), action("b", {"x": "\ud800"})], NOW_US)
        after = sqlite.append(project, "s", [interaction("c", prompt)], NOW_US)
    assert failing.exception() is not None
    after.result()
    assert sqlite.get_events(project, "s").events[0].data["prompt"] == prompt


def test_a_full_queue_refuses_at_the_call_and_takes_again_when_it_has_drained(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path, max_changes=10)
    project = begin(store)
    with held(store):
        waiting = store.append(project, "s", [action(f"a{number}") for number in range(10)], NOW_US)
        with pytest.raises(StoreBusy):
            store.append(project, "s", [action("b")], NOW_US)
        with pytest.raises(StoreBusy):
            store.check_writable()
        assert store.gauges()["queue_depth"] == 10
    waiting.result()
    assert store.append(project, "s", [action("c")], NOW_US).result()[0].seq == 11
    store.check_writable()
    assert store.gauges()["queue_depth"] == 0
    store.close()


def test_the_queue_is_bounded_in_bytes_too(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path, max_bytes=1000)
    project = begin(store)
    with held(store):
        store.append(project, "s", [action("a", size_bytes=900)], NOW_US)
        with pytest.raises(StoreBusy):
            store.append(project, "s", [action("b", size_bytes=200)], NOW_US)
    store.close()


def test_a_write_beyond_the_bounds_is_taken_when_nothing_else_waits(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path, max_changes=10)
    project = begin(store)
    assert len(store.append(project, "s", [action(f"a{number}") for number in range(50)], NOW_US).result()) == 50
    store.close()


def test_keys_can_be_made_while_the_queue_is_full(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path, max_changes=1)
    project = begin(store)
    with held(store):
        store.append(project, "s", [action("a")], NOW_US)
        urgent = store._writer.submit(lambda scope: scope.db.total_changes())
    assert urgent.result() > 0
    store.close()


def test_a_write_that_its_caller_gave_up_before_its_turn_is_not_made(sqlite: SqliteStore) -> None:
    project = begin(sqlite)
    with held(sqlite):
        assert sqlite.append(project, "s", [action("a")], NOW_US).cancel()
        kept = sqlite.append(project, "s", [action("b")], NOW_US)
    kept.result()
    assert ids_of(sqlite, project) == ["b"]


def test_a_dead_writer_is_noticed_and_leaves_no_one_waiting(sqlite: SqliteStore) -> None:
    project = begin(sqlite)

    def die(_scope: WriteScope) -> None:
        raise SystemExit

    with held(sqlite):
        fatal = sqlite._writer.submit(die)
        waiting = sqlite.append(project, "s", [action("a")], NOW_US)
    for future in (fatal, waiting):
        with pytest.raises(Unavailable):
            future.result()
    with pytest.raises(Unavailable):
        sqlite.check_writable()
    with pytest.raises(Unavailable):
        sqlite.append(project, "s", [action("b")], NOW_US)
    assert ids_of(sqlite, project) == []


def test_closing_writes_what_is_queued_and_refuses_what_comes_later(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = begin(store)
    futures = [store.append(project, "s", [action(f"e{number}")], NOW_US) for number in range(200)]
    store.close()
    assert [future.result(0)[0].seq for future in futures] == list(range(1, 201))
    with pytest.raises(Unavailable):
        store.append(project, "s", [action("late")], NOW_US)
    with pytest.raises(Unavailable):
        store.get_session(project, "s")
    with pytest.raises(Unavailable):
        store.check_writable()
    again = open_sqlite(tmp_path)
    assert len(ids_of(again, project)) == 200
    again.close()


def test_writes_of_one_run_build_upon_each_other(sqlite: SqliteStore) -> None:
    project = begin(sqlite, "s")
    begin(sqlite, "t")
    chat = [{"role": "user", "content": text} for text in ("one", "two", "three")]
    with held(sqlite):
        first = sqlite.append(project, "s", [interaction("a", chat[:1], cost_nanos=1)], NOW_US)
        second = sqlite.append(project, "s", [interaction("a", chat[:1]), interaction("b", chat, cost_nanos=2)], NOW_US)
        changes = [
            SessionChange("t", interaction("a", chat, cost_nanos=4)),
            SessionChange("u", NewSession("u", "agent", NOW_US)),
            SessionChange("u", action("a")),
            SessionChange("absent", action("a")),
            SessionChange("s", SessionEnd("error")),
        ]
        third = sqlite.apply(project, changes, NOW_US + 1)
        fourth = sqlite.append(project, "u", [action("b")], NOW_US + 2)
    assert [outcome.seq for outcome in first.result() + second.result()] == [1, 1, 2]
    assert [outcome.duplicate for outcome in second.result()] == [True, False]
    assert [outcome.code for outcome in third.result()] == [None, None, None, "session_not_found", None]
    assert fourth.result()[0].seq == 2
    ended = sqlite.get_session(project, "s")
    assert (ended.status, ended.totals.cost_nanos, ended.totals.events, ended.updated_us) == ("error", 3, 2, NOW_US + 1)
    assert sqlite.get_session(project, "t").totals.cost_nanos == 4
    assert ids_of(sqlite, project, "u") == ["a", "b"]
    assert [event.data["prompt"] for event in sqlite.get_events(project, "s").events] == [chat[:1], chat]
    assert sqlite.get_events(project, "t").events[0].data["prompt"] == chat


def test_a_run_that_fails_as_a_whole_is_tried_write_by_write(sqlite: SqliteStore) -> None:
    project = begin(sqlite)
    prompt = [{"role": "user", "content": "hello"}]
    with held(sqlite):
        first = sqlite.append(project, "s", [interaction("a", prompt)], NOW_US)
        broken = sqlite.append(project, "s", [action("\ud800")], NOW_US)  # an id that no request can carry
        third = sqlite.append(project, "s", [interaction("c", prompt)], NOW_US)
    assert (first.result()[0].seq, third.result()[0].seq) == (1, 2)
    assert isinstance(broken.exception(), UnicodeEncodeError)
    assert [event.data["prompt"] for event in sqlite.get_events(project, "s").events] == [prompt, prompt]
    assert sqlite.get_session(project, "s").totals.events == 2


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    begin(store)
    store.close()
    store.close()


def test_a_log_that_has_become_large_is_emptied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wal, "CHECKPOINT_PAGES", 50)
    monkeypatch.setattr(wal, "LARGEST_PAGES", 50)
    store = open_sqlite(tmp_path)
    project = begin(store)
    with held(store):
        large = store.append(
            project, "s", [action(f"e{number}", {"action": number}) for number in range(5_000)], NOW_US
        )
    large.result()
    store._writer.submit(lambda _scope: None).result()  # its turn comes after the log's
    assert (tmp_path / "playhead.db-wal").stat().st_size < 50 * 4096
    assert len(ids_of(store, project)) == 5_000
    store.close()
