"""Batches of changes of any sessions: each stands for itself."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace
from tests.store.build import SECOND, T0, Engine, action, found, interaction, new_session, pending, record

from playhead.model.filters import PageRequest, SessionFilter
from playhead.model.results import Outcome
from playhead.model.session import SessionEnd
from playhead.store.base import Change, SessionChange


def of(session_id: str, *changes: Change) -> list[SessionChange]:
    return [SessionChange(session_id, change) for change in changes]


def test_a_whole_session_travels_in_one_batch(store: Engine, project: int) -> None:
    changes = of("s1", new_session("s1"), interaction("i"), action("a"), SessionEnd("error", T0 + SECOND))
    outcomes = store.apply(project, changes, T0).result()
    assert outcomes == [Outcome("s1"), Outcome("i", 1), Outcome("a", 2), Outcome("s1")]
    session = store.get_session(project, "s1")
    assert (session.status, session.totals.events, session.ended_us) == ("error", 2, T0 + SECOND)


def test_a_batch_that_is_sent_again_is_all_duplicates(store: Engine, project: int) -> None:
    changes = of("s1", new_session("s1"), action("a"), SessionEnd(ended_us=T0))
    store.apply(project, changes, T0).result()
    before = store.get_session(project, "s1")
    outcomes = store.apply(project, changes, T0 + 9).result()
    assert [(each.duplicate, each.code) for each in outcomes] == [(True, None)] * 3
    assert outcomes[1].seq == 1
    assert store.get_session(project, "s1") == before


def test_a_failing_change_leaves_nothing_behind_and_disturbs_no_other(store: Engine, project: int) -> None:
    record(store, project, "erased")
    store.erase_session(project, "erased", T0).result()
    changes = [
        *of("nowhere", action("x")),
        *of("s1", new_session("s1"), action("a")),
        *of("erased", new_session("erased"), action("y"), SessionEnd()),
        *of("s1", action("b")),
    ]
    outcomes = store.apply(project, changes, T0).result()
    codes = ["session_not_found", None, None, "session_erased", "session_not_found", "session_not_found", None]
    assert [each.code for each in outcomes] == codes
    assert [each.id for each in outcomes] == ["x", "s1", "a", "erased", "y", "erased", "b"]
    assert all(each.message for each in outcomes if each.code)
    assert [event.id for event in store.get_events(project, "s1").events] == ["a", "b"]


def test_events_of_many_sessions_may_be_mixed(store: Engine, project: int) -> None:
    starts = [change for n in range(5) for change in of(f"s{n}", new_session(f"s{n}"))]
    events = [change for k in range(10) for n in range(5) for change in of(f"s{n}", action(f"a{k}", at=k))]
    outcomes = store.apply(project, starts + events, T0).result()
    assert [each.seq for each in outcomes[5:]] == [k for k in range(1, 11) for _ in range(5)]
    assert all(store.get_session(project, f"s{n}").totals.events == 10 for n in range(5))


def test_an_end_in_a_batch_replaces_one_by_timeout(store: Engine, project: int) -> None:
    record(store, project, "s1")
    store.end_silent(T0 + 10_000 * SECOND).result()
    [outcome] = store.apply(project, of("s1", SessionEnd(ended_us=T0 + 1)), T0).result()
    assert not outcome.duplicate
    assert store.get_session(project, "s1").end_reason == "ended"


def test_events_that_come_after_the_end_in_a_batch_are_kept(store: Engine, project: int) -> None:
    changes = of("s1", new_session("s1"), SessionEnd(ended_us=T0), action("late"))
    assert [each.code for each in store.apply(project, changes, T0).result()] == [None] * 3
    assert store.get_session(project, "s1").totals.events == 1


def test_a_session_is_the_same_in_one_batch_and_in_many_requests(store: Engine, project: int) -> None:
    members: dict[str, Any] = {
        "label": "Aardvark",
        "tags": ["zebra", "yak"],
        "metadata": {"plan": "pro", "seats": 3},
        "user_id": "u",
    }
    changes = [interaction("i"), pending("p"), interaction("p"), action("a", at=SECOND)]
    start = new_session("whole", **members)
    store.apply(project, of("whole", start, *changes, SessionEnd(ended_us=T0 + SECOND)), T0).result()
    record(store, project, "parts", *changes, **members)
    store.end_session(project, "parts", SessionEnd(ended_us=T0 + SECOND), T0).result()
    whole, parts = (store.get_session(project, id_) for id_ in ("whole", "parts"))
    assert replace(whole, id="parts") == parts
    for query in ("aardvark", "zebra"):
        assert found(store, project, query) == {("whole", 0), ("parts", 0)}
    both = SessionFilter(tags=["yak"], metadata={"plan": "pro"})
    page = store.list_sessions(project, both, PageRequest())
    assert {session.id for session in page.sessions} == {"whole", "parts"}


def test_a_start_in_a_batch_takes_nothing_over_from_an_erased_session(store: Engine, project: int) -> None:
    record(store, project, "gone", action("secret"), label="Quagga")
    store.erase_session(project, "gone", T0).result()
    store.apply(project, of("next", new_session("next", label="Okapi"), action("a")), T0).result()
    assert [event.id for event in store.get_events(project, "next").events] == ["a"]
    assert found(store, project, "okapi") == {("next", 0)}
    assert found(store, project, "quagga") == set()


def test_many_sessions_may_start_in_one_batch(store: Engine, project: int) -> None:
    ids = [f"s{number}" for number in range(70)]
    starts = [change for id_ in ids for change in of(id_, new_session(id_, tags=[id_]), action("a"))]
    assert all(each.code is None for each in store.apply(project, starts, T0).result())
    for id_ in ids[::23]:
        page = store.list_sessions(project, SessionFilter(tags=[id_]), PageRequest())
        assert [(one.id, one.totals.events) for one in page.sessions] == [(id_, 1)]
