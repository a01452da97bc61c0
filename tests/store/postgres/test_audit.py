"""The audit log in PostgreSQL: kept by the database itself, and without holes when servers write it together."""

from __future__ import annotations

import psycopg
import pytest
from tests.store.build import T0, record
from tests.store.postgres.test_beside import together

from playhead.errors import NoteNotFound
from playhead.model.audit import THE_SERVER, Action, NewEntry, Target, canonical
from playhead.model.note import NoteRecord
from playhead.model.session import SessionPatch
from playhead.store.postgres.store import PostgresStore

ROUNDS = 20


def entry(project: int, action: Action = "search") -> NewEntry:
    return THE_SERVER.entry(project, T0, action, Target("project"))


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET entry = '{}'", "DELETE FROM audit WHERE no = 1", "TRUNCATE audit", "DELETE FROM audit"],
)
def test_the_database_refuses_to_change_or_remove_an_entry(store: PostgresStore, url: str, statement: str) -> None:
    project = store.ensure_project("mine", T0).no
    store.add_entries([entry(project)] * 2)
    before = store.copy_entries(project)
    with psycopg.connect(url) as db, pytest.raises(psycopg.errors.RaiseException, match="entries of the audit log"):
        db.execute(statement)
    assert store.copy_entries(project) == before


def test_two_servers_number_without_holes_and_without_waiting_for_each_other_crosswise(
    store: PostgresStore, other: PostgresStore
) -> None:
    projects = [store.ensure_project(name, T0).no for name in ("mine", "theirs")]
    for project in projects:
        record(store, project, "s1")
        record(store, project, "s2")

    def note(project: int, session_id: str, id_: str) -> NoteRecord:
        return NoteRecord(
            id=id_,
            project_no=project,
            session_id=session_id,
            kind="comment",
            at_ms=0,
            text="x",
            author="k",
            author_label="",
            created_us=T0,
        )

    def patch(server: PostgresStore) -> None:
        futures = []
        for number in range(ROUNDS):
            for project in projects:
                id_ = ("s1", "s2")[number % 2]
                made = entry(project, "session.change")
                futures.append(server.patch_session(project, id_, SessionPatch(label=str(number)), T0, made))
        for future in futures:
            future.result(60)

    def write(server: PostgresStore, name: str) -> None:
        for number in range(ROUNDS):
            project = projects[number % 2]
            server.add_note(note(project, "s2", f"{name}{number}"), entry(project, "note.create"))
            server.add_entries([entry(each) for each in reversed(projects)])
            with pytest.raises(NoteNotFound):
                server.delete_note(project, "s1", "absent", entry(project, "note.delete"))

    together(lambda: patch(store), lambda: patch(other), lambda: write(store, "a"), lambda: write(other, "b"))
    for project in projects:
        entries = store.copy_entries(project)
        assert [each.no for each in entries] == list(range(1, 2 * ROUNDS + ROUNDS + 2 * ROUNDS + 1))
        assert [canonical(each) for each in other.copy_entries(project)] == [canonical(each) for each in entries]
        assert not [each for each in entries if each.action == "note.delete"]
