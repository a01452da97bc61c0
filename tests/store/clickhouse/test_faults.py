"""What is left when the engine dies between two steps of a write, and what the next write makes of it."""

from __future__ import annotations

import shutil

import pytest
from tests.store.build import EVERY, T0, action, found, interaction, new_session, pending, record
from tests.store.clickhouse.conftest import Installation

from playhead.errors import SessionErased, SessionNotFound, StoreFull, Unavailable
from playhead.model.event import NewEvent
from playhead.model.filters import PageRequest
from playhead.model.results import Outcome
from playhead.model.session import SessionPatch
from playhead.store.base import SessionChange
from playhead.store.clickhouse import connection

HISTORY = [{"role": "user", "content": "needle"}]


@pytest.fixture
def project(installation: Installation) -> int:
    return installation.store.ensure_project("mine", T0).no


def ids(installation: Installation, project: int) -> list[str]:
    return [event.id for event in installation.store.get_events_since(project, "s1", 0).events]


def killed(installation: Installation, project: int, statement: str, *events: NewEvent) -> None:
    """Append events, with the engine dying behind a statement; start it again."""
    installation.die_after(statement)
    with pytest.raises(Unavailable):
        installation.store.append(project, "s1", events, T0).result(60)
    installation.start_again()


def test_what_was_acknowledged_is_there_after_a_kill(installation: Installation, project: int) -> None:
    session = record(installation.store, project, "s1", interaction("i", prompt=HISTORY), action("a"))
    installation.engine.kill()
    with pytest.raises(Unavailable):
        installation.store.get_session(project, "s1")
    installation.start_again()
    assert installation.store.get_session(project, "s1") == session
    assert ids(installation, project) == ["i", "a"]
    assert found(installation.store, project, "needle") == {("s1", 1)}


@pytest.mark.parametrize("statement", ["INSERT INTO messages", "INSERT INTO events"])
def test_rows_that_no_commit_followed_are_seen_by_nobody(
    installation: Installation, project: int, statement: str
) -> None:
    before = record(installation.store, project, "s1", action("a"))
    killed(installation, project, statement, interaction("i", prompt=HISTORY), action("b"))
    store = installation.store
    assert installation.count(statement.rpartition(" ")[2]) == (1 if statement.endswith("messages") else 3)
    assert store.get_session(project, "s1") == before
    assert ids(installation, project) == ["a"]
    assert store.get_marks(project, "s1")[-1].id == "a"
    assert found(store, project, "needle") == set()
    assert store.stats(project, EVERY).latency["p50"] is None
    assert store.model_latencies(project, ["gpt-4o"])[0].count == 0
    assert [copy.event.id for copy in store.copy_events(project, "s1", [1, 2, 3])] == ["a"]


@pytest.mark.parametrize("statement", ["INSERT INTO messages", "INSERT INTO events", "INSERT INTO sessions"])
def test_a_write_that_is_sent_again_is_stored_once(installation: Installation, project: int, statement: str) -> None:
    record(installation.store, project, "s1", action("a"))
    events = [interaction("i", prompt=HISTORY), action("b")]
    killed(installation, project, statement, *events)
    committed = statement == "INSERT INTO sessions"
    again = installation.store.append(project, "s1", events, T0).result(60)
    assert again == [Outcome("i", 2, duplicate=committed), Outcome("b", 3, duplicate=committed)]
    assert ids(installation, project) == ["a", "i", "b"]
    assert installation.store.get_session(project, "s1").totals.interactions == 1
    [event] = installation.store.get_events_by_seq(project, "s1", [2]).events
    assert event.data["prompt"] == HISTORY
    assert found(installation.store, project, "needle") == {("s1", 2)}


def test_other_events_take_the_place_of_those_that_no_commit_followed(installation: Installation, project: int) -> None:
    record(installation.store, project, "s1", action("a"))
    killed(installation, project, "INSERT INTO events", *(interaction(f"lost{n}", prompt=HISTORY) for n in range(3)))
    store = installation.store
    assert store.append(project, "s1", [action("b")], T0).result() == [Outcome("b", 2)]
    assert ids(installation, project) == ["a", "b"]
    other = [{"role": "user", "content": "thimble"}]
    late = [interaction("lost1", prompt=other), interaction("lost0", prompt=HISTORY)]
    assert store.append(project, "s1", late, T0).result() == [Outcome("lost1", 3), Outcome("lost0", 4)]
    prompts = [event.data["prompt"] for event in store.get_events_by_seq(project, "s1", [3, 4]).events]
    assert prompts == [other, HISTORY]
    assert found(store, project, "needle") == {("s1", 4)}


def test_a_completion_that_no_commit_followed_leaves_the_pending_call(installation: Installation, project: int) -> None:
    store = installation.store
    record(store, project, "s1", pending("i"), pending("j"))
    killed(installation, project, "INSERT INTO events", interaction("i"))
    installation.engine.query(f"OPTIMIZE TABLE {installation.database}.events FINAL")
    assert [event.pending for event in store.get_events(project, "s1").events] == [True, True]
    assert found(store, project, "sunny") == set()
    store.append(project, "s1", [interaction("j", response="rain")], T0).result()
    events = store.get_events_since(project, "s1", 0).events
    assert [(event.id, event.pending, event.change) for event in events] == [("i", True, 0), ("j", False, 1)]
    assert store.append(project, "s1", [interaction("i")], T0).result() == [Outcome("i", 1)]
    assert [event.id for event in store.get_changed(project, "s1", 1, seq=9).events] == ["i"]


@pytest.mark.parametrize("reopened", [False, True], ids=["the same server", "another server"])
def test_a_commit_that_was_not_published_is_published_by_whoever_writes_next(
    installation: Installation, project: int, *, reopened: bool
) -> None:
    record(installation.store, project, "s1", action("a"))
    record(installation.store, project, "other")
    installation.engine.die_before(f"INSERT INTO `{installation.database}`.sessions ")
    with pytest.raises(Unavailable):
        installation.store.append(project, "s1", [action("b")], T0).result(60)
    installation.start_again()
    assert ids(installation, project) == ["a"]
    if reopened:
        installation.store.close()
        installation.store = installation.open()
    installation.store.patch_session(project, "other", SessionPatch(bookmarked=True), T0).result()
    assert ids(installation, project) == ["a", "b"]


def test_an_insert_that_arrives_late_takes_no_place(installation: Installation, project: int) -> None:
    record(installation.store, project, "s1", action("kept"))
    database = installation.database
    for table, version in (("events", "attempt"), ("sessions", "revision")):
        late = f"SELECT * REPLACE ({version} - 1 AS {version}, 'late' AS {'id' if table == 'events' else 'state'})"
        installation.engine.query(f"INSERT INTO {database}.{table} {late} FROM {database}.{table}")
        assert installation.count(table) == 2 + (table == "sessions")
    assert ids(installation, project) == ["kept"]
    assert installation.store.get_session(project, "s1").totals.events == 1


def test_an_insert_that_is_repeated_changes_nothing(installation: Installation, project: int) -> None:
    session = record(installation.store, project, "s1", interaction("i", prompt=HISTORY), pending("p"))
    installation.store.append(project, "s1", [interaction("p", at=1)], T0).result()
    session = installation.store.get_session(project, "s1")
    stats = installation.store.stats(project, EVERY)
    for table in ("events", "messages", "sessions"):
        name = f"{installation.database}.{table}"
        installation.engine.query(f"INSERT INTO {name} SELECT * FROM {name}")
    assert installation.store.list_sessions(project, EVERY, PageRequest()).sessions == [session]
    assert ids(installation, project) == ["i", "p"]
    assert installation.store.stats(project, EVERY) == stats
    assert found(installation.store, project, "needle") == {("s1", 1)}


ERASING = ["INSERT INTO sessions", "ALTER TABLE events", "ALTER TABLE messages", "ALTER TABLE sessions"]


@pytest.mark.parametrize("statement", ERASING)
def test_an_erasure_that_was_cut_off_is_brought_to_its_end(
    installation: Installation, project: int, statement: str
) -> None:
    record(installation.store, project, "s1", interaction("i", prompt=HISTORY))
    installation.die_after(statement)
    with pytest.raises(Unavailable):
        installation.store.erase_session(project, "s1", T0).result(60)
    installation.start_again()
    installation.store.close()
    installation.store = installation.open()
    assert installation.store.end_silent(T0).result() == 0
    with pytest.raises(SessionNotFound):
        installation.store.get_session(project, "s1")
    with pytest.raises(SessionErased):
        installation.store.start_session(project, new_session("s1"), T0).result()
    assert (installation.count("events"), installation.count("messages")) == (0, 0)
    assert "needle" not in installation.engine.query(f"SELECT * FROM {installation.database}.sessions")


def test_a_store_says_that_its_engine_is_away_and_goes_on_when_it_is_back(
    installation: Installation, project: int
) -> None:
    store = installation.store
    record(store, project, "s1")
    store.check_writable()
    installation.engine.kill()
    changes = [SessionChange("s1", action("a"))]
    with pytest.raises(Unavailable):
        store.apply(project, changes, T0).result(60)
    with pytest.raises(Unavailable):
        store.check_writable()
    installation.start_again()
    store.check_writable()
    assert store.apply(project, changes, T0).result() == [Outcome("a", 1)]


def test_a_full_disk_is_told_by_the_check_and_fails_nothing_once_there_is_room(
    installation: Installation, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, events = installation.store, f"ALTER TABLE {installation.database}.events"
    record(store, project, "s1")
    wanted = shutil.disk_usage("/").total * 1_000
    installation.engine.query(f"{events} MODIFY SETTING min_free_disk_bytes_to_perform_insert = {wanted}")
    # A patch, because a test cannot fill a disk: what is free is too little for the engine, and for the check.
    monkeypatch.setattr(connection, "ROOM_BYTES", wanted)
    with pytest.raises(StoreFull):
        store.append(project, "s1", [action("a")], T0).result(60)
    with pytest.raises(StoreFull):
        store.check_writable()
    assert ids(installation, project) == []
    installation.engine.query(f"{events} RESET SETTING min_free_disk_bytes_to_perform_insert")
    monkeypatch.undo()
    store.check_writable()
    assert store.append(project, "s1", [action("a")], T0).result(60) == [Outcome("a", 1)]
