"""Comments and bookmarks beside sessions, as every engine must keep them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from tests.store.build import T0, Engine, interaction, record

from playhead.errors import NoteNotFound, SessionNotFound, TooLarge
from playhead.model.note import MAX_NOTES, NoteEdit, NoteRecord


def note(project: int, id_: str = "n1", **members: Any) -> NoteRecord:
    given = {
        "id": id_,
        "project_no": project,
        "session_id": "s1",
        "kind": "comment",
        "at_ms": 1500.0,
        "text": "Why twice? 注文",
        "author": "k1",
        "author_label": "laptop",
        "created_us": T0,
    }
    return NoteRecord(**{**given, **members})


def test_a_note_is_kept_as_it_is_and_is_no_event(store: Engine, project: int) -> None:
    session = record(store, project, "s1", interaction("e1"))
    kept = note(project, event_id="e1")
    store.add_note(kept)
    assert store.list_notes(project, "s1") == [kept]
    assert store.get_session(project, "s1") == session


def test_notes_are_listed_by_their_moment_then_by_age(store: Engine, project: int) -> None:
    record(store, project, "s1")
    for id_, at_ms in (("late", 9.5), ("first", 0.0), ("second", 0.0)):
        store.add_note(note(project, id_, at_ms=at_ms))
    assert [one.id for one in store.list_notes(project, "s1")] == ["first", "second", "late"]


def test_a_note_of_the_same_id_takes_its_place(store: Engine, project: int) -> None:
    record(store, project, "s1")
    store.add_note(note(project))
    store.add_note(note(project, text="Again", at_ms=2.0))
    assert [one.text for one in store.list_notes(project, "s1")] == ["Again"]


def test_an_edit_says_who_and_when_and_leaves_the_rest(store: Engine, project: int) -> None:
    record(store, project, "s1")
    kept = note(project)
    store.add_note(kept)
    edit = NoteEdit(editor="k2", editor_label="phone", now_us=T0 + 5, text="")
    edited = store.edit_note(project, "s1", "n1", edit)
    assert edited == replace(kept, text="", editor="k2", editor_label="phone", edited_us=T0 + 5)
    moved = store.edit_note(project, "s1", "n1", replace(edit, text=None, at_ms=0.0))
    assert (moved.text, moved.at_ms) == ("", 0.0)
    assert store.list_notes(project, "s1") == [moved]


def test_a_deleted_note_is_gone(store: Engine, project: int) -> None:
    record(store, project, "s1")
    store.add_note(note(project))
    store.delete_note(project, "s1", "n1")
    assert store.list_notes(project, "s1") == []
    with pytest.raises(NoteNotFound):
        store.delete_note(project, "s1", "n1")
    with pytest.raises(NoteNotFound):
        store.edit_note(project, "s1", "n1", NoteEdit(editor="k", editor_label="", now_us=T0, text="x"))


def test_a_session_has_a_thousand_notes_at_most(store: Engine, project: int) -> None:
    record(store, project, "s1")
    for number in range(MAX_NOTES):
        store.add_note(note(project, f"n{number}", at_ms=float(number)))
    with pytest.raises(TooLarge):
        store.add_note(note(project, "more"))
    store.add_note(note(project, "n0", text="changed"))
    assert len(store.list_notes(project, "s1")) == MAX_NOTES


def test_notes_go_with_their_session_and_do_not_come_back(store: Engine, project: int) -> None:
    record(store, project, "s1")
    store.add_note(note(project))
    store.erase_session(project, "s1", T0).result()
    with pytest.raises(SessionNotFound):
        store.list_notes(project, "s1")


def test_notes_of_another_project_do_not_exist(store: Engine, project: int, other_project: int) -> None:
    record(store, project, "s1")
    record(store, other_project, "s1")
    store.add_note(note(project))
    assert store.list_notes(other_project, "s1") == []
    with pytest.raises(NoteNotFound):
        store.delete_note(other_project, "s1", "n1")
    for attempt in (
        lambda: store.add_note(note(project, session_id="absent")),
        lambda: store.list_notes(project, "absent"),
        lambda: store.delete_note(project, "absent", "n1"),
    ):
        with pytest.raises(SessionNotFound):
            attempt()
