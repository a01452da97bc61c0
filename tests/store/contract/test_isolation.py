"""Nothing of one project is ever visible, countable or reachable from another."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.store.build import EVERY, T0, Engine, action, found, interaction, record

from playhead.errors import SessionNotFound
from playhead.model.filters import PageRequest, SessionFilter
from playhead.model.results import ShareRecord
from playhead.model.session import SessionEnd, SessionPatch
from playhead.store.base import SessionChange


def share_of(project: int, id_: str) -> ShareRecord:
    return ShareRecord(id_, project, "theirs", "public", T0, T0 + 10)


READS: dict[str, Callable[[Engine, int], object]] = {
    "get_session": lambda store, project: store.get_session(project, "theirs"),
    "get_events": lambda store, project: store.get_events(project, "theirs"),
    "get_events_since": lambda store, project: store.get_events_since(project, "theirs", 0),
    "get_events_by_seq": lambda store, project: store.get_events_by_seq(project, "theirs", [1]),
    "find_event": lambda store, project: store.find_event(project, "theirs", "i"),
    "get_marks": lambda store, project: store.get_marks(project, "theirs"),
    "list_shares": lambda store, project: store.list_shares(project, "theirs"),
    "add_share": lambda store, project: store.add_share(share_of(project, "share-1"), b"token"),
    "revoke_share": lambda store, project: store.revoke_share(project, "theirs", "share-2", T0),
    "append": lambda store, project: store.append(project, "theirs", [action("x")], T0).result(),
    "end_session": lambda store, project: store.end_session(project, "theirs", SessionEnd(), T0).result(),
    "patch_session": lambda store, project: store.patch_session(project, "theirs", SessionPatch(), T0).result(),
    "erase_session": lambda store, project: store.erase_session(project, "theirs", T0).result(),
}


@pytest.mark.parametrize("name", READS)
def test_another_projects_session_is_as_absent_as_none(
    store: Engine, project: int, other_project: int, name: str
) -> None:
    theirs = record(store, other_project, "theirs", interaction("i"))
    store.add_share(share_of(other_project, "share-2"), b"their token")
    with pytest.raises(SessionNotFound):
        READS[name](store, project)
    assert store.get_session(other_project, "theirs") == theirs


def test_lists_counts_and_searches_hold_the_own_project_alone(store: Engine, project: int, other_project: int) -> None:
    record(store, project, "mine", interaction("i", prompt="common mine"), tags=["t"])
    for n in range(3):
        record(store, other_project, f"theirs{n}", interaction("i", prompt="common theirs", model="x"), tags=["t"])
    assert store.wait_for_index()
    assert [session.id for session in store.list_sessions(project, EVERY, PageRequest()).sessions] == ["mine"]
    assert store.list_sessions(project, SessionFilter(tags=["t"], search="common"), PageRequest()).total == 1
    assert [(facet.value, facet.count) for facet in store.facets(project, EVERY, "tag")] == [("t", 1)]
    assert found(store, project, "common") == {("mine", 1)}
    assert found(store, project, "theirs") == set()
    assert store.stats(project, EVERY).sessions == 1
    assert [model.model for model in store.stats(project, EVERY).models] == ["gpt-4o"]
    assert store.model_latencies(project, ["x"])[0].count == 0
    assert [session.id for session in store.export_sessions(project, EVERY)] == ["mine"]


def test_the_score_of_a_hit_tells_nothing_of_other_projects(store: Engine, project: int, other_project: int) -> None:
    record(store, project, "mine", interaction("i", prompt="needle"), action("a"), action("b"))
    assert store.wait_for_index()
    before = store.search(project, "needle", EVERY).hits[0].score
    record(store, other_project, "theirs", *(interaction(f"i{n}", prompt=f"needle {n}") for n in range(20)))
    assert store.wait_for_index()
    assert store.search(project, "needle", EVERY).hits[0].score == before


def test_the_same_session_id_in_two_projects_is_two_sessions(store: Engine, project: int, other_project: int) -> None:
    record(store, project, "same", action("a"), label="mine")
    record(store, other_project, "same", action("b"), action("c"), label="theirs")
    assert store.get_session(project, "same").label == "mine"
    assert store.get_session(other_project, "same").totals.events == 2
    store.erase_session(other_project, "same", T0).result()
    assert store.get_session(project, "same").totals.events == 1


def test_a_batch_reaches_the_own_project_alone(store: Engine, project: int, other_project: int) -> None:
    record(store, other_project, "theirs")
    [outcome] = store.apply(project, [SessionChange("theirs", action("a"))], T0).result()
    assert outcome.code == "session_not_found"
    assert store.get_session(other_project, "theirs").totals.events == 0
