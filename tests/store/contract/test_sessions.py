"""Starting, changing, ending and timing out, as every engine must do it."""

from __future__ import annotations

import pytest
from tests.store.build import SECOND, T0, Engine, action, interaction, new_session, record

from playhead.errors import SessionEnded, SessionNotFound
from playhead.model.session import SessionEnd, SessionPatch

TIMEOUT = 1800 * SECOND


def test_a_started_session_is_read_back_with_every_member(store: Engine, project: int) -> None:
    new = new_session(
        "own-id",
        feature="notebook",
        user_id="user_123",
        label="Überschrift 日本 \U0001f680",
        source="integration",
        integration_name="langchain",
        workspace_id="w1",
        tags=["b", "a", "b"],
        metadata={"plan": "pro", "nested": {"n": [1, 2.5, None, True]}, "nul": "a\x00b"},
    )
    started = store.start_session(project, new, T0 + 5).result()
    session = store.get_session(project, "own-id")
    assert started.created
    assert started.session == session
    assert {name: getattr(session, name) for name in new.__struct_fields__} == {
        name: getattr(new, name) for name in new.__struct_fields__
    }
    assert (session.status, session.created_us, session.updated_us, session.ended_us) == (
        "active",
        T0 + 5,
        T0 + 5,
        None,
    )


def test_starting_an_open_session_again_returns_it_unchanged(store: Engine, project: int) -> None:
    first = store.start_session(project, new_session(label="first"), T0).result()
    again = store.start_session(project, new_session(label="second", feature="agent"), T0 + 9).result()
    assert not again.created
    assert again.session == first.session == store.get_session(project, "s1")


def test_starting_an_ended_session_fails(store: Engine, project: int) -> None:
    record(store, project, "s1")
    store.end_session(project, "s1", SessionEnd(), T0 + 1).result()
    with pytest.raises(SessionEnded):
        store.start_session(project, new_session(), T0 + 2).result()


def test_an_end_without_a_time_is_at_its_arrival(store: Engine, project: int) -> None:
    record(store, project, "s1", action("a", at=3))
    ended = store.end_session(project, "s1", SessionEnd("error"), T0 + 10 * SECOND).result()
    assert (ended.status, ended.end_reason, ended.ended_us) == ("error", "ended", T0 + 10 * SECOND)
    assert ended.duration_us == 10 * SECOND
    assert store.get_session(project, "s1") == ended


def test_ending_twice_changes_nothing(store: Engine, project: int) -> None:
    record(store, project, "s1")
    first = store.end_session(project, "s1", SessionEnd(ended_us=T0 + 7), T0 + 8).result()
    again = store.end_session(project, "s1", SessionEnd("error", ended_us=T0 + 99), T0 + 100).result()
    assert again == first


def test_events_after_the_end_are_kept_and_the_end_stays(store: Engine, project: int) -> None:
    record(store, project, "s1", interaction("i1", at=1))
    store.end_session(project, "s1", SessionEnd(ended_us=T0 + 2 * SECOND), T0 + 2 * SECOND).result()
    store.append(project, "s1", [interaction("late", at=60)], T0 + 61 * SECOND).result()
    session = store.get_session(project, "s1")
    assert session.totals.interactions == 2
    assert session.totals.last_event_us == T0 + 60 * SECOND
    assert (session.status, session.ended_us) == ("completed", T0 + 2 * SECOND)
    assert session.duration_us == 2 * SECOND


def test_an_open_sessions_duration_runs_to_its_last_event(store: Engine, project: int) -> None:
    assert record(store, project, "s1").duration_us == 0
    store.append(project, "s1", [action("a", at=9), action("b", at=4)], T0).result()
    assert store.get_session(project, "s1").duration_us == 9 * SECOND


def test_a_session_that_ends_before_it_started_lasts_nothing(store: Engine, project: int) -> None:
    record(store, project, "s1")
    assert store.end_session(project, "s1", SessionEnd(ended_us=T0 - 5), T0).result().duration_us == 0


def test_a_patch_changes_what_it_names_alone(store: Engine, project: int) -> None:
    before = record(store, project, "s1", label="old", tags=["x"], metadata={"a": 1})
    after = store.patch_session(project, "s1", SessionPatch(bookmarked=True, tags=["y"]), T0 + 9).result()
    assert (after.label, after.tags, after.metadata, after.bookmarked) == ("old", ["y"], {"a": 1}, True)
    assert (after.updated_us, after.created_us, after.totals) == (T0 + 9, before.created_us, before.totals)
    cleared = store.patch_session(project, "s1", SessionPatch(label=None, metadata={"b": 2}), T0 + 10).result()
    assert (cleared.label, cleared.metadata, cleared.bookmarked) == (None, {"b": 2}, True)
    assert store.get_session(project, "s1") == cleared


def test_a_silent_session_ends_itself_at_its_last_event(store: Engine, project: int) -> None:
    record(store, project, "silent", action("a", at=5))
    record(store, project, "empty")
    record(store, project, "busy")
    store.append(project, "busy", [action("b", at=1)], T0 + TIMEOUT).result()
    assert store.end_silent(T0 + TIMEOUT - 1).result() == 0
    assert store.end_silent(T0 + TIMEOUT + SECOND).result() == 2
    silent, empty = store.get_session(project, "silent"), store.get_session(project, "empty")
    assert (silent.status, silent.end_reason, silent.ended_us) == ("completed", "timeout", T0 + 5 * SECOND)
    assert (empty.end_reason, empty.ended_us) == ("timeout", T0)
    assert store.get_session(project, "busy").status == "active"


def test_an_end_that_was_said_replaces_one_by_timeout(store: Engine, project: int) -> None:
    record(store, project, "s1")
    store.end_silent(T0 + 2 * TIMEOUT).result()
    said = store.end_session(project, "s1", SessionEnd("error", ended_us=T0 + 3), T0 + 3 * TIMEOUT).result()
    assert (said.status, said.end_reason, said.ended_us) == ("error", "ended", T0 + 3)
    assert store.end_silent(T0 + 9 * TIMEOUT).result() == 0


def test_an_absent_session_is_named_so_by_every_write(store: Engine, project: int) -> None:
    for future in (
        store.append(project, "nowhere", [action("a")], T0),
        store.append(project, "nowhere", [], T0),
        store.end_session(project, "nowhere", SessionEnd(), T0),
        store.patch_session(project, "nowhere", SessionPatch(bookmarked=True), T0),
        store.erase_session(project, "nowhere", T0),
    ):
        assert isinstance(future.exception(), SessionNotFound)


def test_an_absent_session_is_named_so_by_every_read(store: Engine, project: int) -> None:
    with pytest.raises(SessionNotFound):
        store.get_session(project, "nowhere")
    with pytest.raises(SessionNotFound):
        store.get_events(project, "nowhere")
    with pytest.raises(SessionNotFound):
        store.get_events_since(project, "nowhere", 0)
    with pytest.raises(SessionNotFound):
        store.get_events_by_seq(project, "nowhere", [1])
    with pytest.raises(SessionNotFound):
        store.find_event(project, "nowhere", "e")
    with pytest.raises(SessionNotFound):
        store.get_marks(project, "nowhere")
    with pytest.raises(SessionNotFound):
        store.list_shares(project, "nowhere")
