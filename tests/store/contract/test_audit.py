"""The audit log, as every engine must keep it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from tests.store.build import T0, Engine, interaction, record

from playhead.errors import Conflict, NotFound
from playhead.model.audit import (
    Action,
    Actor,
    AuditEntry,
    EntryFilter,
    EntryPage,
    NewEntry,
    Target,
    canonical,
    of_canonical,
)
from playhead.model.note import NoteEdit, NoteRecord
from playhead.model.results import KeyRecord, ShareRecord
from playhead.model.session import SessionPatch

EVERY = EntryFilter()


def entry(project: int, action: Action = "session.view", **members: Any) -> NewEntry:
    given = {
        "project_no": project,
        "at_us": T0,
        "action": action,
        "actor": Actor("key", "k1", "laptop 注文"),
        "target": Target("session", "s1", "s1"),
        "address": "127.0.0.1",
        "agent": "curl/8",
    }
    return NewEntry(**{**given, **members})


def listed(store: Engine, project: int, where: EntryFilter = EVERY) -> list[AuditEntry]:
    return store.list_entries(project, where).entries


def numbers(page: EntryPage) -> list[int]:
    return [each.no for each in page.entries]


def test_an_entry_is_kept_as_it_is_and_numbered(store: Engine, project: int) -> None:
    refused = entry(
        project, "share.unlock", details={"b": [1, None, "é\x00"], "a": {"x": True}}, outcome="refused", reason="wrong"
    )
    store.add_entries([entry(project), refused])
    second, first = listed(store, project)
    assert (first.no, first.at_us) == (1, T0)
    assert (first.actor, first.target) == (Actor("key", "k1", "laptop 注文"), Target("session", "s1", "s1"))
    assert (second.no, second.details, second.outcome, second.reason) == (2, refused.details, "refused", "wrong")


def test_the_canonical_form_is_the_same_on_every_engine(store: Engine, project: int) -> None:
    store.add_entries([entry(project, details={"b": 1, "a": "<é>"})])
    (kept,) = store.copy_entries(project)
    assert canonical(kept).decode() == (
        '{"action":"session.view","actor":{"id":"k1","kind":"key","label":"laptop 注文"},"address":"127.0.0.1",'
        '"agent":"curl/8","at":"2025-10-09T08:53:20Z","details":{"a":"<é>","b":1},"no":1,"outcome":"ok",'
        '"reason":null,"target":{"id":"s1","kind":"session","sessionId":"s1"}}'
    )
    assert of_canonical(canonical(kept)) == kept


def test_projects_count_for_themselves_and_see_only_their_own(store: Engine, project: int, other_project: int) -> None:
    store.add_entries([entry(project), entry(other_project), entry(project), entry(other_project, "search")])
    assert numbers(store.list_entries(project, EVERY)) == [2, 1]
    assert [each.action for each in listed(store, other_project)] == ["search", "session.view"]
    assert store.list_entries(other_project, EntryFilter(session_id="s1")).total == 2
    assert [each.no for each in store.copy_entries(project, 1)] == [2]


def test_pages_follow_each_other_newest_first_with_the_total(store: Engine, project: int) -> None:
    store.add_entries([entry(project) for _ in range(5)])
    page = store.list_entries(project, EVERY, limit=2)
    assert (numbers(page), page.total, page.next) == ([5, 4], 5, 4)
    page = store.list_entries(project, EVERY, before=page.next, limit=2)
    assert (numbers(page), page.total, page.next) == ([3, 2], 5, 2)
    page = store.list_entries(project, EVERY, before=page.next, limit=2)
    assert (numbers(page), page.total, page.next) == ([1], 5, None)
    assert [each.no for each in store.copy_entries(project, 1, 3)] == [2, 3, 4]


def test_entries_are_found_by_what_who_where_and_when(store: Engine, project: int) -> None:
    store.add_entries(
        [
            entry(project, at_us=T0 + 1),
            entry(project, "note.create", target=Target("note", "n1", "s1"), at_us=T0 + 2),
            entry(project, "key.create", actor=Actor("command-line", "root"), target=Target("key", "k2"), at_us=T0 + 3),
            entry(project, "search", actor=Actor("key", "k2"), target=Target("project"), at_us=T0 + 4),
        ]
    )
    for where, found in (
        (EntryFilter(actions=("search", "key.create")), [4, 3]),
        (EntryFilter(actor="k1"), [2, 1]),
        (EntryFilter(target="n1"), [2]),
        (EntryFilter(session_id="s1"), [2, 1]),
        (EntryFilter(from_us=T0 + 2, until_us=T0 + 4), [3, 2]),
        (EntryFilter(actions=("session.view",), actor="k1", session_id="s1", until_us=T0 + 2), [1]),
        (EntryFilter(actor="nobody"), []),
        (EntryFilter(actor="k\x00"), []),
        (EntryFilter(from_us=T0 + 5), []),
    ):
        page = store.list_entries(project, where)
        assert (numbers(page), page.total) == (found, len(found)), where


# --- changes -------------------------------------------------------------------------------------------------------

Change = Callable[[Engine, int, NewEntry], object]
SHARE = ShareRecord("sh1", 0, "s1", "public", T0, T0 + 9)
EDIT = NoteEdit(editor="k", editor_label="", now_us=T0, text="x")


def a_note(project: int, id_: str = "n1", session_id: str = "s1") -> NoteRecord:
    return NoteRecord(
        id=id_,
        project_no=project,
        session_id=session_id,
        kind="comment",
        at_ms=0,
        text="Secret",
        author="k",
        author_label="",
        created_us=T0,
    )


def a_key(store: Engine, id_: str) -> KeyRecord:
    return KeyRecord(id_, store.ensure_project("mine", T0), "read", "", T0)


CHANGES: dict[str, Change] = {
    "add_key": lambda store, _, made: store.add_key(a_key(store, "k9"), b"k9", made),
    "revoke_key": lambda store, project, made: store.revoke_key("k1", T0, project, made),
    "add_share": lambda store, project, made: store.add_share(replace(SHARE, id="sh2", project_no=project), b"2", made),
    "count_view": lambda store, _, made: store.count_view("sh1", T0, made),
    "revoke_share": lambda store, project, made: store.revoke_share(project, "s1", "sh1", T0, made),
    "add_note": lambda store, project, made: store.add_note(a_note(project, "n2"), made),
    "edit_note": lambda store, project, made: store.edit_note(project, "s1", "n1", EDIT, made),
    "delete_note": lambda store, project, made: store.delete_note(project, "s1", "n1", made),
    "patch_session": lambda store, project, made: store.patch_session(project, "s1", SessionPatch(), T0, made).result(),
    "erase_session": lambda store, project, made: store.erase_session(project, "s1", T0, made).result(),
}
FAILING: dict[str, Change] = {
    "revoke_key": lambda store, project, made: store.revoke_key("absent", T0, project, made),
    "add_share": lambda store, project, made: store.add_share(
        replace(SHARE, id="sh2", project_no=project, session_id="absent"), b"2", made
    ),
    "revoke_share": lambda store, project, made: store.revoke_share(project, "s1", "absent", T0, made),
    "add_note": lambda store, project, made: store.add_note(a_note(project, session_id="absent"), made),
    "edit_note": lambda store, project, made: store.edit_note(project, "s1", "absent", EDIT, made),
    "delete_note": lambda store, project, made: store.delete_note(project, "s1", "absent", made),
    "patch_session": lambda store, project, made: store.patch_session(
        project, "absent", SessionPatch(), T0, made
    ).result(),
    "erase_session": lambda store, project, made: store.erase_session(project, "absent", T0, made).result(),
}


@pytest.fixture
def furnished(store: Engine, project: int) -> Engine:
    """A store with a session, a key, a share and a note."""
    record(store, project, "s1", interaction("e1"))
    store.add_key(a_key(store, "k1"), b"k1")
    store.add_share(replace(SHARE, project_no=project), b"sh1")
    store.add_note(a_note(project))
    return store


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_brings_its_entry(furnished: Engine, project: int, name: str) -> None:
    CHANGES[name](furnished, project, entry(project))
    (made,) = listed(furnished, project)
    assert made.no == 1


@pytest.mark.parametrize("name", FAILING)
def test_a_change_that_fails_leaves_no_entry_and_no_hole(furnished: Engine, project: int, name: str) -> None:
    with pytest.raises(NotFound):
        FAILING[name](furnished, project, entry(project))
    assert listed(furnished, project) == []
    furnished.add_entries([entry(project)])
    assert numbers(furnished.list_entries(project, EVERY)) == [1]


def test_a_view_that_is_not_counted_is_not_entered(furnished: Engine, project: int) -> None:
    assert not furnished.count_view("sh1", T0 + 9, entry(project))
    assert listed(furnished, project) == []


def test_erasing_keeps_the_entries_and_says_how_much_was_removed(furnished: Engine, project: int) -> None:
    furnished.add_entries([entry(project)])
    furnished.erase_session(project, "s1", T0, entry(project, "session.erase", details={"why": "asked"})).result()
    erased, seen = listed(furnished, project, EntryFilter(session_id="s1"))
    assert (seen.no, erased.no) == (1, 2)
    assert erased.details == {"why": "asked", "events": 1, "messages": 0, "shares": 1}


def test_numbers_have_no_holes_when_many_append_and_change_at_once(furnished: Engine, project: int) -> None:
    def work(number: int) -> None:
        if number % 5 == 0:
            with pytest.raises(NotFound):
                furnished.delete_note(project, "s1", "absent", entry(project, "note.delete"))
        elif number % 5 == 1:
            furnished.add_note(a_note(project, f"m{number}"), entry(project, "note.create"))
        elif number % 5 == 2:
            furnished.patch_session(project, "s1", SessionPatch(), T0, entry(project, "session.change")).result(60)
        else:
            furnished.add_entries([entry(project)])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(40)))
    assert [each.no for each in furnished.copy_entries(project)] == list(range(1, 33))


# --- copying -------------------------------------------------------------------------------------------------------


def copies(project: int, count: int) -> list[AuditEntry]:
    whole = {"no": 0, **msgspec.to_builtins(entry(project)), "at": "2025-10-09T08:53:20.000001Z"}
    return [msgspec.convert({**whole, "no": no}, AuditEntry) for no in range(1, count + 1)]


def test_entries_are_kept_with_their_numbers_and_keeping_again_is_harmless(store: Engine, project: int) -> None:
    entries = copies(project, 4)
    store.keep_entries(project, entries[:2])
    store.keep_entries(project, entries[1:])
    store.keep_entries(project, [])
    assert store.copy_entries(project) == entries
    store.add_entries([entry(project)])
    assert numbers(store.list_entries(project, EVERY))[0] == 5


def test_another_entry_of_a_number_and_a_hole_are_refused_whole(store: Engine, project: int) -> None:
    entries = copies(project, 4)
    store.keep_entries(project, entries[:2])
    changed, far = replace(entries[1], address="elsewhere"), replace(entries[3], no=5)
    for wrong in ([changed, entries[2]], [entries[3]], [entries[2], far]):
        with pytest.raises(Conflict):
            store.keep_entries(project, wrong)
    assert store.copy_entries(project) == entries[:2]
