"""A project that is copied from engine to engine is the same, whatever happened to it, however often it was cut off."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.store.build import EVERY, SECOND, T0, Engine, action, interaction, new_session, pending, record
from tests.store.conftest import ENGINES
from tests.store.strategies import Operation, filters, groupings, histories, pages, queries
from tests.store.test_against_model import FACETS, answer, events, hits, listed

from playhead.errors import Conflict, SessionErased
from playhead.model.audit import THE_SERVER, Target, canonical, session_target
from playhead.model.filters import GroupBy, PageRequest, SessionFilter
from playhead.model.note import NoteEdit, NoteRecord
from playhead.model.project_settings import ProjectSettings, Retention
from playhead.model.results import KeyRecord, ShareRecord
from playhead.model.session import SessionEnd, SessionPatch
from playhead.store.carry import End, fingerprint_of
from playhead.store.copying import MAX_UNCHECKED, Report, carry_secret, compare_project, copy_project
from playhead.store.memory import MemoryStore
from playhead.store.opening import Opened
from playhead.store.sqlite.store import open_sqlite

Question = tuple[SessionFilter, PageRequest, str, GroupBy]
SESSIONS = ("s1", "s2", "s3", "s4")


class Counting:
    """A watch that counts what it is told of."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def compared(self, name: str, events: int) -> None:
        self.told.append((name, events))


def opened(engine: Engine) -> Opened:
    return Opened(engine, engine, engine.close)


def copied(source: Engine, target: Engine, name: str = "p") -> Report:
    [project] = [each for each in source.list_projects() if each.name == name]
    return copy_project(opened(source), opened(target), project, Counting())


def number(store: Engine, name: str = "p") -> int:
    [project] = [each for each in store.list_projects() if each.name == name]
    return project.no


@contextmanager
def chain(*names: str) -> Iterator[list[Engine]]:
    """Open an empty store of each engine."""
    with ExitStack() as stack:
        stores = []
        for name in names:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            stores.append(ENGINES[name](directory / "data"))
            stack.callback(stores[-1].close)
        yield stores


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Engine]:
    engine = open_sqlite(tmp_path / "source")
    yield engine
    engine.close()


@pytest.fixture
def target() -> Engine:
    return MemoryStore()


questions = st.lists(st.tuples(filters(), pages, queries, groupings), min_size=5, max_size=5)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("between", list(ENGINES))
@given(history=histories(), asked=questions)
@settings(max_examples=10)
def test_a_copy_of_a_copy_answers_as_the_first_does(
    between: str, history: list[Operation], asked: list[Question]
) -> None:
    with chain("sqlite", between, "sqlite") as (first, second, third):
        first.ensure_project("p", T0 - 5)
        second.ensure_project("other", T0)
        for operation in history:
            answer(operation, first, number(first))
        for source, target in ((first, second), (second, third)):
            report = copied(source, target)
            assert (report.problems, report.busy) == ({}, False)
            assert everything(target, asked) == everything(first, asked)


def everything(store: Engine, asked: list[Question]) -> Any:
    """Return what can be asked of a store."""
    project = number(store)
    assert store.wait_for_index()
    return (
        [replace(copy, position=0) for copy in store.copy_sessions(project)],
        store.list_erased(project),
        [events(store, project, id_, 2, 3) for id_ in SESSIONS],
        [copies(store, project, id_) for id_ in SESSIONS],
        [listed(store, project, where, page) for where, page, _, _ in asked],
        [store.facets(project, where, member) for where, _, _, _ in asked for member in FACETS],
        [hits(store, project, query, where) for where, _, query, _ in asked],
        [store.stats(project, where, group_by) for where, _, _, group_by in asked],
        store.model_latencies(project, ["gpt-4o", "claude"]),
    )


def copies(store: Engine, project: int, session_id: str) -> Any:
    """Return a session's events; which messages each brought is for searches to tell."""
    session = End(store, project).find(session_id)
    found = store.copy_events(project, session_id, range(1, session.totals.events + 1)) if session else []
    return [replace(copy, brought=[]) for copy in found]


@given(before=histories(), after=histories())
@settings(max_examples=10)
def test_a_second_run_catches_up_with_what_came_meanwhile(before: list[Operation], after: list[Operation]) -> None:
    with chain("sqlite", "sqlite") as (source, target):
        source.ensure_project("p", T0)
        for operation in before:
            answer(operation, source, number(source))
        assert copied(source, target).complete
        earlier = {copy.session.id: copy.session.updated_us for copy in source.copy_sessions(number(source))}
        for operation in after:
            answer(operation, source, number(source))
        report = copied(source, target)
        sessions = [copy.session for copy in source.copy_sessions(number(source))]
        # Time goes back in these histories, and what is older than the target's is not taken.
        older = {one.id for one in sessions if one.updated_us < earlier.get(one.id, 0)}
        assert set(report.problems) <= older
        assert (report.sessions, report.busy) == (len(sessions), False)
        assert target.list_erased(number(target)) == source.list_erased(number(source))
        for id_ in set(SESSIONS) - set(report.problems):
            assert events(target, number(target), id_, 0, 9) == events(source, number(source), id_, 0, 9)


@pytest.mark.parametrize("kept", [0, 1, 2, 5, 9])
def test_a_copy_that_was_cut_off_goes_on_where_it_stood(source: Engine, target: Engine, kept: int) -> None:
    project = source.ensure_project("p", T0)
    batch = [pending("i"), *(action(f"a{n}") for n in range(7)), pending("j")]
    record(source, project.no, "s1", *batch, label="whole")
    source.append(project.no, "s1", [interaction("j"), interaction("i")], T0 + 9).result()
    source.end_session(project.no, "s1", SessionEnd(ended_us=T0 + SECOND), T0 + 9).result()

    made = target.ensure_project("p", T0)
    target.start_session(made.no, new_session("s1", label="whole"), T0).result()
    target.append(made.no, "s1", batch[:kept], T0).result()
    report = copied(source, target)
    assert (report.new_events, report.problems) == (9 - kept, {})
    assert target.get_session(made.no, "s1") == source.get_session(project.no, "s1")
    assert target.get_events(made.no, "s1") == source.get_events(project.no, "s1")


def test_a_second_run_brings_nothing_in_and_compares_everything(source: Engine, target: Engine) -> None:
    project = source.ensure_project("p", T0).no
    for n in range(150):
        record(source, project, f"s{n}", action("a"), pending("i"))
    first, second = copied(source, target), copied(source, target)
    assert (first.sessions, first.events, first.new_sessions, first.new_events) == (150, 300, 150, 300)
    assert (second.sessions, second.events, second.new_sessions, second.new_events) == (150, 300, 0, 0)
    assert second.complete


def test_what_is_written_to_the_source_meanwhile_is_caught_up_with(source: Engine, target: Engine) -> None:
    project = source.ensure_project("p", T0)
    record(source, project.no, "s1", action("a"))
    record(source, project.no, "s2", action("a"))
    record(source, project.no, "s3", action("a"))

    class Writing(Counting):
        def compared(self, name: str, events: int) -> None:
            super().compared(name, events)
            if len(self.told) == 1:
                source.append(project.no, "s1", [action("b")], T0 + 5).result()
                source.erase_session(project.no, "s2", T0 + 6).result()
                record(source, project.no, "s4", action("a"))

    watch = Writing()
    report = copy_project(opened(source), opened(target), project, watch)
    assert report.complete
    assert [session.id for session in target.export_sessions(number(target), EVERY)] == ["s4", "s3", "s1"]
    assert target.get_session(number(target), "s1").totals.events == 2
    assert [each.session_id for each in target.list_erased(number(target))] == ["s2"]


def test_what_is_erased_on_both_sides_after_it_was_listed_is_no_problem(source: Engine, target: Engine) -> None:
    project = source.ensure_project("p", T0)
    for n in range(MAX_UNCHECKED + 10):
        record(source, project.no, f"s{n}")

    class Erasing(Counting):
        def compared(self, name: str, events: int) -> None:
            super().compared(name, events)
            if len(self.told) == 1:
                source.erase_session(project.no, f"s{MAX_UNCHECKED + 9}", T0 + 5).result()
                target.keep_erased(number(target), source.list_erased(project.no)).result()

    report = copy_project(opened(source), opened(target), project, Erasing())
    assert (report.problems, report.busy, report.sessions, report.erased) == ({}, False, MAX_UNCHECKED + 9, 1)


def test_a_source_that_does_not_rest_is_told(source: Engine, target: Engine) -> None:
    project = source.ensure_project("p", T0)
    record(source, project.no, "s1", action("a"))

    class Writing(Counting):
        def compared(self, name: str, events: int) -> None:
            super().compared(name, events)
            source.append(project.no, "s1", [action(f"more {events}")], T0).result()

    report = copy_project(opened(source), opened(target), project, Writing())
    assert (report.busy, report.complete, report.problems) == (True, False, {})


def test_a_target_that_has_gone_on_is_left_as_it_is_and_told(source: Engine, target: Engine) -> None:
    project = source.ensure_project("p", T0).no
    for id_ in ("further", "erased", "changed", "same"):
        record(source, project, id_, action("a"))
    assert copied(source, target).complete
    there = number(target)
    target.append(there, "further", [action("b")], T0 + 1).result()
    target.erase_session(there, "erased", T0 + 2).result()
    target.patch_session(there, "changed", SessionPatch(label="here"), T0 + 3).result()
    report = copied(source, target)
    assert set(report.problems) == {"further", "erased", "changed"}
    assert target.get_session(there, "further").totals.events == 2
    assert target.get_session(there, "changed").label == "here"
    with pytest.raises(SessionErased):
        target.start_session(there, new_session("erased"), T0).result()


def test_another_session_of_the_same_id_is_told_and_not_touched(source: Engine, target: Engine) -> None:
    project = source.ensure_project("p", T0).no
    for id_ in ("started-elsewhere", "other-event"):
        record(source, project, id_, action("a", at=1))
    there = target.ensure_project("p", T0).no
    record(target, there, "started-elsewhere", now_us=T0 + 5)
    record(target, there, "other-event", action("a", at=2))
    report = copied(source, target)
    assert report.problems == {
        "started-elsewhere": "is another session in the target",
        "other-event": "has other events in the target",
    }
    assert target.get_session(there, "started-elsewhere").totals.events == 0


def test_keys_and_shares_open_there_what_they_open_here(source: Engine, target: Engine) -> None:
    target.ensure_project("first", T0)
    project = source.ensure_project("p", T0)
    source.set_timeout(project.no, 77)
    [project] = source.list_projects()
    record(source, project.no, "s1", action("a"))
    key = KeyRecord("k1", project, "read", "mine", T0, expires_us=T0 + SECOND)
    source.add_key(key, b"key hash")
    share = ShareRecord("h1", project.no, "s1", "password", T0, T0 + SECOND, password_hash="argon2", views=3)
    source.add_share(share, b"token hash")
    carry_secret(source, target)
    report = copied(source, target)
    made = target.list_projects()[1]
    assert (report.keys, report.shares, report.problems) == (1, 1, {})
    assert target.server_secret() == source.server_secret()
    assert (made.name, made.timeout_s, made.created_us) == ("p", 77, T0)
    assert target.find_key(b"key hash") == replace(key, project=made)
    assert target.find_share(b"token hash") == replace(share, project_no=made.no)


def test_what_was_revoked_there_stays_revoked(source: Engine, target: Engine) -> None:
    project = source.ensure_project("p", T0)
    record(source, project.no, "s1")
    source.add_key(KeyRecord("k1", project, "read", "", T0), b"key")
    source.add_share(ShareRecord("h1", project.no, "s1", "public", T0, T0 + SECOND), b"token")
    carry_secret(source, target)
    copied(source, target)
    target.revoke_key("k1", T0 + 5)
    target.count_view("h1", T0)
    target.revoke_share(number(target), "s1", "h1", T0 + 6)
    assert copied(source, target).complete
    found, share = target.find_key(b"key"), target.find_share(b"token")
    assert found is not None
    assert share is not None
    assert (found.revoked_us, share.revoked_us, share.views) == (T0 + 5, T0 + 6, 1)


def test_notes_come_along_and_later_ones_of_the_target_stay(source: Engine, target: Engine) -> None:
    project = source.ensure_project("p", T0).no
    record(source, project, "s1")
    record(source, project, "s2")
    note = NoteRecord(
        id="n1", project_no=project, session_id="s1", kind="comment", at_ms=1 / 3, text="look", author="k1",
        author_label="me", created_us=T0, event_id="a",
    )  # fmt: skip
    for one in (note, replace(note, id="n2", at_ms=9.0)):
        source.add_note(one)
    assert copied(source, target).notes == 2
    there = number(target)
    assert target.list_notes(there, "s1") == source.list_notes(project, "s1")
    target.edit_note(there, "s1", "n1", NoteEdit(editor="k2", editor_label="you", now_us=T0 + 5, text="there"))
    source.edit_note(project, "s1", "n2", NoteEdit(editor="k1", editor_label="me", now_us=T0 + 5, text="here"))
    assert copied(source, target).complete
    assert [one.text for one in target.list_notes(there, "s1")] == ["there", "here"]


def test_the_audit_log_comes_along_with_its_numbers_and_again_is_harmless(source: Engine, target: Engine) -> None:
    project = source.ensure_project("p", T0).no
    made = THE_SERVER.entry(project, T0, "session.view", session_target("s1"), details={"b": 1, "a": None})
    source.add_entries([made] * 1003)
    assert (copied(source, target).problems, copied(source, target).entries) == ({}, 1003)
    source.add_entries([made])
    assert copied(source, target).entries == 1004
    there = number(target)
    logs = source.copy_entries(project, limit=2000), target.copy_entries(there, limit=2000)
    assert [canonical(entry) for entry in logs[0]] == [canonical(entry) for entry in logs[1]]


def test_an_audit_log_that_went_another_way_in_the_target_stays_and_is_told(source: Engine, target: Engine) -> None:
    source.add_entries([THE_SERVER.entry(source.ensure_project("p", T0).no, T0, "search", Target("project"))])
    there = target.ensure_project("p", T0).no
    target.add_entries([THE_SERVER.entry(there, T0 + 1, "search", Target("project"))])
    before = target.copy_entries(there)
    assert copied(source, target).problems == {"audit log": "has other entries in the target"}
    assert target.copy_entries(there) == before


def test_settings_come_along_and_later_ones_of_the_target_stay(source: Engine, target: Engine) -> None:
    project = source.ensure_project("p", T0).no
    month = ProjectSettings(retention=Retention(days=30), session_timeout_s=90)
    source.set_project_settings(project, lambda _: month, T0)
    assert (copied(source, target).problems, copied(source, target).problems) == ({}, {})
    there = number(target)
    assert target.project_settings(there) == month
    target.set_project_settings(there, lambda _: ProjectSettings(), T0 + 1)
    assert copied(source, target).problems == {"settings": "were changed in the target"}
    assert target.project_settings(there) == ProjectSettings()


def test_a_target_with_keys_of_its_own_keeps_its_secret(source: Engine, target: Engine) -> None:
    target.add_key(KeyRecord("k1", target.ensure_project("p", T0), "admin", "", T0), b"key")
    before = target.server_secret()
    with pytest.raises(Conflict):
        carry_secret(source, target)
    assert target.server_secret() == before


def test_a_comparison_says_what_there_is_to_do_and_does_nothing(source: Engine, target: Engine) -> None:
    project = source.ensure_project("p", T0)
    record(source, project.no, "s1", action("a"), action("b"))
    record(source, project.no, "s2", action("a"))
    empty = compare_project(opened(source), opened(target), project)
    assert (empty.sessions, empty.events, empty.new_sessions, empty.new_events) == (2, 3, 2, 3)
    assert target.list_projects() == []
    copied(source, target)
    source.append(project.no, "s1", [action("c")], T0).result()
    rest = compare_project(opened(source), opened(target), project)
    assert (rest.new_sessions, rest.new_events) == (1, 1)


def test_fingerprints_tell_events_apart_and_not_the_order_of_members() -> None:
    store = MemoryStore()
    project = store.ensure_project("p", T0).no
    prompts: list[Any] = [["a"], ["b"], [["a"]], "a", [{"x": 1, "y": 2}], [{"y": 2, "x": 1}]]
    found = []
    for place, prompt in enumerate(prompts):
        record(store, project, f"s{place}", interaction("i", prompt=prompt))
        found.append(fingerprint_of(End(store, project), f"s{place}", 1).digest())
    assert len(set(found)) == len(prompts) - 1
    assert found[-1] == found[-2]
