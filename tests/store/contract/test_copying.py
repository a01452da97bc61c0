"""What a store gives away so that another one can have the same, and takes from another, as every engine must."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from msgspec.structs import replace
from tests.store.build import (
    EVERY,
    SECOND,
    T0,
    Engine,
    action,
    found,
    gap,
    interaction,
    new_event,
    new_session,
    pending,
    record,
)

from playhead.errors import Conflict, SessionErased, SessionNotFound
from playhead.model.results import KeyRecord, ShareRecord
from playhead.model.session import SessionPatch, Totals
from playhead.store.copies import ErasedSession, EventCopy, KeyCopy, SessionCopy, ShareCopy


def only(store: Engine, project: int) -> SessionCopy:
    [copy] = store.copy_sessions(project)
    return copy


def test_sessions_are_copied_in_order_of_creation_a_page_at_a_time(
    store: Engine, project: int, other_project: int
) -> None:
    for number in (3, 1, 2, 5, 4):
        record(store, project, f"s{number}", started_us=T0 + number)
        record(store, other_project, f"t{number}")
    first = store.copy_sessions(project, limit=2)
    assert [copy.session.id for copy in first] == ["s3", "s1"]
    rest = store.copy_sessions(project, after=first[-1].position)
    assert [copy.session.id for copy in rest] == ["s2", "s5", "s4"]
    assert store.copy_sessions(project, after=rest[-1].position) == []
    assert rest[0].session == store.get_session(project, "s2")


def test_a_copied_session_says_when_anything_of_it_last_came(store: Engine, project: int) -> None:
    record(store, project, "s1")
    assert only(store, project).last_arrival_us == T0
    store.append(project, "s1", [action("a")], T0 + 7).result()
    store.patch_session(project, "s1", SessionPatch(label="later"), T0 + 9).result()
    assert only(store, project).last_arrival_us == T0 + 7


def test_events_are_copied_as_they_were_taken(store: Engine, project: int) -> None:
    step = new_event("s", "step", {"name": "n", "kind": "tool"}, error=True, latency_ms=1 / 3, size_bytes=77)
    prompt = [{"role": "user", "content": "hello"}]
    events = [interaction("i", prompt=prompt, at=9), step, gap("g", dropped=3), pending("p"), action("a", at=-4)]
    record(store, project, "s1", *events)
    copies = store.copy_events(project, "s1", range(1, 9))
    assert copies == [EventCopy(seq, event) for seq, event in enumerate(events, 1)]
    assert [copy.seq for copy in store.copy_events(project, "s1", [5, 0, -1, 99, 2])] == [2, 5]
    assert store.copy_events(project, "s1", []) == []
    with pytest.raises(SessionNotFound):
        store.copy_events(project, "s2", [1])


def test_a_completed_event_is_copied_with_its_change_and_the_messages_that_it_brought(
    store: Engine, project: int
) -> None:
    one, two, three, four = ({"role": "user", "content": word} for word in ("one", "two", "three", "four"))
    record(store, project, "s1", pending("i", prompt=[one]), interaction("j", prompt=[one, two]), pending("k"))
    whole = replace(interaction("i", at=5, prompt=[one, two, three]), received_us=T0 + 6 * SECOND)
    store.append(project, "s1", [interaction("k", prompt=[four]), whole], T0 + 6 * SECOND).result()
    first, second, third = store.copy_events(project, "s1", [1, 2, 3])
    assert (first.change, first.brought, third.change, third.brought) == (2, [one, three], 1, [four])
    assert first.event == replace(whole, received_us=T0)
    assert (second.change, second.brought) == (0, [])


def test_a_settled_session_is_what_its_copy_says(store: Engine, project: int) -> None:
    record(store, project, "s1", pending("i"), action("a"), label="old", tags=["x"], metadata={"n": 1})
    store.append(project, "s1", [interaction("i", at=4)], T0).result()
    copy = only(store, project)
    totals = Totals(
        events=2, interactions=1, steps=4, errors=5, cost_nanos=6, input_tokens=7, output_tokens=8, unpriced=9,
        dropped=10, pending=0, changes=1, models=["b", "a"], last_event_us=T0 + 11,
    )  # fmt: skip
    session = replace(
        copy.session, status="error", ended_us=T0 + 12 * SECOND, end_reason="timeout", created_us=T0 + 13,
        updated_us=T0 + 14, label="needle", tags=["y", "z"], metadata={"m": None}, bookmarked=True, totals=totals,
    )  # fmt: skip
    wanted = replace(copy, session=session, last_arrival_us=T0 + 15)
    for _ in range(2):
        store.settle_session(project, wanted).result()
        assert only(store, project) == wanted
    assert found(store, project, "needle") == found(store, project, "z") == {("s1", 0)}
    assert [facet.value for facet in store.facets(project, EVERY, "tag")] == ["y", "z"]
    stats = store.stats(project, EVERY)
    assert (stats.cost_nanos, stats.dropped, stats.by_status) == (6, 10, {"error": 1})
    assert stats.duration_us == 12 * SECOND


def test_a_settled_session_is_silent_since_its_last_arrival(store: Engine, project: int) -> None:
    record(store, project, "s1", action("a"), now_us=T0 + 10_000 * SECOND)
    store.settle_session(project, replace(only(store, project), last_arrival_us=T0)).result()
    assert store.end_silent(T0 + 10_000 * SECOND).result() == 1


def in_one_group(store: Engine, project: int, *writes: Callable[[], Future[Any]]) -> None:
    """Submit writes from the thread that is to do them, so that it finds all of them when it goes on, and wait."""
    submitted: Future[list[Future[Any]]] = Future()
    before = store.start_session(project, new_session("before"), T0)
    before.add_done_callback(lambda _: submitted.set_result([write() for write in writes]))
    for each in submitted.result(timeout=60):
        each.result()


def test_messages_that_come_in_one_group_with_the_settling_count(
    store: Engine, project: int, other_project: int
) -> None:
    one, two, three = ({"role": "user", "content": word} for word in ("one", "two", "three"))
    events = [pending("i", prompt=[one]), interaction("i", prompt=[two])]
    record(store, other_project, "s1", *events)
    copy = only(store, other_project)
    in_one_group(
        store,
        project,
        lambda: store.start_session(project, new_session(), T0),
        lambda: store.append(project, "s1", events, T0),
        lambda: store.settle_session(project, copy),
    )
    assert store.copy_events(project, "s1", [1]) == store.copy_events(other_project, "s1", [1])
    store.append(project, "s1", [interaction("j", prompt=[three])], T0).result()
    first, second = store.copy_events(project, "s1", [1, 2])
    assert (first.brought, first.event.data["prompt"]) == ([one, two], [two])
    assert second.event.data["prompt"] == [three]


def test_what_comes_behind_the_settling_in_one_group_counts(store: Engine, project: int) -> None:
    record(store, project, "s1", pending("i"), interaction("j"))
    copy = only(store, project)
    copy = replace(copy, session=replace(copy.session, totals=replace(copy.session.totals, errors=5)))
    in_one_group(
        store,
        project,
        lambda: store.append(project, "s1", [interaction("j")], T0),
        lambda: store.settle_session(project, copy),
        lambda: store.append(project, "s1", [interaction("j"), action("a"), interaction("i")], T0 + 7),
    )
    store.append(project, "s1", [action("b")], T0 + 9).result()
    session = store.get_session(project, "s1")
    totals = session.totals
    assert (totals.events, totals.changes, totals.pending, totals.errors) == (4, 1, 0, 5)
    assert (totals.cost_nanos, session.updated_us) == (2000, T0 + 9)
    assert [event.id for event in store.get_events_since(project, "s1", 0).events] == ["i", "j", "a", "b"]
    assert store.stats(project, EVERY).cost_nanos == 2000


def test_a_session_that_does_not_have_what_the_copy_counts_is_not_settled(
    store: Engine, project: int, other_project: int
) -> None:
    record(store, project, "s1", pending("i"), action("a"))
    copy = only(store, project)
    store.append(project, "s1", [action("b")], T0).result()
    for events, changes in ((2, 0), (4, 0), (3, 1)):
        session = replace(copy.session, label="no", totals=Totals(events=events, changes=changes))
        with pytest.raises(Conflict):
            store.settle_session(project, replace(copy, session=session)).result()
    assert store.get_session(project, "s1").label is None
    with pytest.raises(SessionNotFound):
        store.settle_session(other_project, copy).result()


def test_erased_sessions_are_listed_by_id_a_page_at_a_time(store: Engine, project: int, other_project: int) -> None:
    for id_ in ("b", "a", "C", "d"):
        record(store, project, id_)
        store.erase_session(project, id_, T0 + ord(id_)).result()
    expected = [ErasedSession(id_, T0 + ord(id_)) for id_ in ("C", "a", "b", "d")]
    assert store.list_erased(project) == expected
    assert store.list_erased(project, after="C", limit=2) == expected[1:3]
    assert store.list_erased(project, after=f"{expected[0].session_id}\x00z") == expected[1:]
    assert store.list_erased(project, after="d") == store.list_erased(other_project) == []


def test_what_was_erased_elsewhere_does_not_come_in(store: Engine, project: int, other_project: int) -> None:
    erased = [ErasedSession("s1", T0 + 5), ErasedSession("s2", T0 + 6)]
    store.keep_erased(project, erased).result()
    store.keep_erased(project, [replace(erased[0], erased_us=T0 + 99)]).result()
    store.keep_erased(project, []).result()
    assert store.list_erased(project) == erased
    with pytest.raises(SessionErased):
        store.start_session(project, new_session("s1"), T0).result()
    assert record(store, other_project, "s1").status == "active"


def test_a_session_that_is_there_is_not_passed_over_as_erased(store: Engine, project: int) -> None:
    record(store, project, "s1")
    with pytest.raises(Conflict):
        store.keep_erased(project, [ErasedSession("s0", T0), ErasedSession("s1", T0)]).result()
    assert store.list_erased(project) == []
    assert store.get_session(project, "s1").status == "active"


def test_the_secret_can_be_carried_over_while_nothing_depends_on_another(store: Engine, project: int) -> None:
    store.keep_secret(b"1" * 32)
    assert store.server_secret() == b"1" * 32
    store.keep_secret(b"2" * 32)
    store.add_key(KeyRecord("k1", store.ensure_project("mine", T0), "read", "", T0), b"hash")
    store.keep_secret(b"2" * 32)
    with pytest.raises(Conflict):
        store.keep_secret(b"3" * 32)
    assert store.server_secret() == b"2" * 32


def test_keys_are_copied_with_their_hashes(store: Engine, project: int, other_project: int) -> None:
    mine = store.ensure_project("mine", T0)
    keys = [KeyRecord(f"k{n}", mine, "read", "läbel", T0, expires_us=T0 + n) for n in (3, 1, 2)]
    for key in keys:
        store.add_key(key, key.id.encode())
    assert store.copy_keys(project) == [KeyCopy(key, key.id.encode()) for key in keys]
    assert store.copy_keys(other_project) == []


def test_a_kept_key_takes_the_place_of_the_one_with_its_id(store: Engine, project: int) -> None:
    mine = store.ensure_project("mine", T0)
    key = KeyRecord("k1", mine, "ingest", "", T0)
    store.keep_key(KeyCopy(key, b"hash"))
    assert store.find_key(b"hash") == key
    revoked = replace(key, revoked_us=T0 + 5, label="old")
    store.keep_key(KeyCopy(revoked, b"hash"))
    assert store.find_key(b"hash") == revoked
    assert store.list_keys() == [revoked]
    with pytest.raises(Conflict):
        store.keep_key(KeyCopy(replace(key, id="k2"), b"hash"))
    assert store.copy_keys(project) == [KeyCopy(revoked, b"hash")]


def test_shares_are_copied_with_their_views(store: Engine, project: int, other_project: int) -> None:
    def share(id_: str, **members: Any) -> ShareRecord:
        return replace(ShareRecord(id_, project, "s1", "password", T0, T0 + SECOND, password_hash="argon2"), **members)

    record(store, project, "s1")
    store.add_share(share("h1", redact=True, max_views=3), b"one")
    store.count_view("h1", T0)
    copies = [ShareCopy(share("h1", redact=True, max_views=3, views=1), b"one")]
    assert store.copy_shares(project) == copies
    assert store.copy_shares(other_project) == []

    changed = ShareCopy(share("h1", views=2, revoked_us=T0 + 1), b"one")
    second = ShareCopy(share("h2"), b"two")
    for copy in (changed, second):
        store.keep_share(copy)
    assert store.copy_shares(project) == [changed, second]
    assert store.find_share(b"two") == second.record
    with pytest.raises(Conflict):
        store.keep_share(ShareCopy(share("h3"), b"two"))
    with pytest.raises(SessionNotFound):
        store.keep_share(ShareCopy(share("h4", session_id="s2"), b"four"))
