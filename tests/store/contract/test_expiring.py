"""Which sessions a project keeps no longer, and how they go, as every engine must have it."""

from __future__ import annotations

import pytest
from tests.store.build import EVERY, SECOND, T0, Engine, action, interaction, new_session, record

from playhead.errors import SessionErased, SessionNotFound
from playhead.model.audit import THE_SERVER, EntryFilter, Target
from playhead.model.filters import PageRequest
from playhead.model.session import Erasure, SessionEnd, SessionPatch
from playhead.store.copies import SessionCopy
from playhead.store.expiring import MOST_EVENTS, MOST_SESSIONS, Expired, Expiry

NOTHING_LEFT = Expired(0, 0, None)


def ended(store: Engine, project: int, id_: str, at: int = 0, *, events: int = 1) -> None:
    """Record a session that ends ``at`` seconds after T0, by the server's clock."""
    now_us = T0 + at * SECOND
    record(store, project, id_, *(interaction(f"{id_}{number}") for number in range(events)), now_us=now_us)
    store.end_session(project, id_, SessionEnd(), now_us).result()


def after(seconds: int, *, keep_bookmarked: bool = True) -> Expiry:
    return Expiry(T0 + seconds * SECOND, keep_bookmarked)


def erased(store: Engine, project: int, expiry: Expiry) -> list[Erasure]:
    return store.erase_expired(project, expiry, T0 + 100 * SECOND).result()


def erased_ids(store: Engine, project: int, expiry: Expiry) -> list[str]:
    return sorted(each.session_id for each in erased(store, project, expiry))


def ids_of(store: Engine, project: int) -> list[str]:
    return sorted(session.id for session in store.list_sessions(project, EVERY, PageRequest(limit=100)).sessions)


def test_what_has_rested_long_enough_goes_and_nothing_else(store: Engine, project: int, other_project: int) -> None:
    for place, id_ in enumerate(("a", "b", "c")):
        ended(store, project, id_, at=place)
    ended(store, other_project, "a")
    record(store, project, "open")
    assert store.count_expired(project, after(1)) == Expired(2, 2, T0)
    assert erased_ids(store, project, after(1)) == ["a", "b"]
    assert erased(store, project, after(1)) == []
    assert store.count_expired(project, after(1)) == NOTHING_LEFT
    assert (ids_of(store, project), ids_of(store, other_project)) == (["c", "open"], ["a"])


def test_the_last_moment_counts(store: Engine, project: int) -> None:
    ended(store, project, "s", at=5)
    assert store.count_expired(project, Expiry(T0 + 5 * SECOND - 1)) == NOTHING_LEFT
    assert store.count_expired(project, Expiry(T0 + 5 * SECOND)).sessions == 1


def test_bookmarked_ones_stay_unless_they_are_not_kept(store: Engine, project: int) -> None:
    for id_ in ("kept", "gone"):
        ended(store, project, id_)
    store.patch_session(project, "kept", SessionPatch(bookmarked=True), T0).result()
    assert store.count_expired(project, after(1)).sessions == 1
    assert store.count_expired(project, after(1, keep_bookmarked=False)).sessions == 2
    assert erased_ids(store, project, after(1)) == ["gone"]
    assert erased_ids(store, project, after(1, keep_bookmarked=False)) == ["kept"]


def test_an_erasure_says_what_it_removed_and_late_events_do_not_bring_it_back(store: Engine, project: int) -> None:
    ended(store, project, "s", events=3)
    [erasure] = erased(store, project, after(1))
    assert (erasure.session_id, erasure.events, erasure.erased_us) == ("s", 3, T0 + 100 * SECOND)
    with pytest.raises(SessionNotFound):
        store.append(project, "s", [action("late")], T0).result()
    with pytest.raises(SessionErased):
        store.start_session(project, new_session("s"), T0).result()
    assert [each.session_id for each in store.list_erased(project)] == ["s"]
    store.wait_for_index()
    assert store.search(project, "weather", EVERY).total == 0


def test_each_erasure_has_an_entry_of_its_own(store: Engine, project: int) -> None:
    for id_ in ("a", "b"):
        ended(store, project, id_)
    entry = THE_SERVER.entry(project, T0, "session.erase", Target("project"), details={"reason": "retention"})
    store.erase_expired(project, after(1), T0 + 9 * SECOND, entry).result()
    entries = store.list_entries(project, EntryFilter()).entries
    assert sorted(each.target.id for each in entries) == ["a", "b"]
    assert {(each.details["reason"], each.details["events"]) for each in entries} == {("retention", 1)}


def test_a_client_that_knows_another_time_does_not_matter(store: Engine, project: int) -> None:
    for id_, ended_us in (("long-ago", 0), ("in-the-future", T0 * 2)):
        record(store, project, id_, started_us=0, now_us=T0)
        store.end_session(project, id_, SessionEnd(ended_us=ended_us), T0 + 2 * SECOND).result()
    assert store.count_expired(project, after(1)) == NOTHING_LEFT
    assert erased_ids(store, project, after(2)) == ["in-the-future", "long-ago"]


def test_what_comes_after_the_end_keeps_a_session_and_a_change_of_it_does_not(store: Engine, project: int) -> None:
    for id_ in ("late-event", "late-label"):
        ended(store, project, id_)
    store.append(project, "late-event", [action("late")], T0 + 9 * SECOND).result()
    store.patch_session(project, "late-label", SessionPatch(label="seen"), T0 + 9 * SECOND).result()
    assert erased_ids(store, project, after(8)) == ["late-label"]
    assert erased_ids(store, project, after(9)) == ["late-event"]


def test_a_session_that_ended_by_silence_rests_since_its_last_arrival(store: Engine, project: int) -> None:
    store.set_timeout(project, 60)
    record(store, project, "silent", action("a", at=3), now_us=T0 + 3 * SECOND)
    assert store.count_expired(project, after(1000)) == NOTHING_LEFT
    assert store.end_silent(T0 + 999 * SECOND).result() == 1
    assert store.count_expired(project, after(2)) == NOTHING_LEFT
    assert erased_ids(store, project, after(3)) == ["silent"]


def test_a_write_erases_a_few_sessions_or_one_that_is_long(store: Engine, project: int) -> None:
    ended(store, project, "long", events=MOST_EVENTS + 1)
    changes = [f"s{number:03}" for number in range(MOST_SESSIONS + 5)]
    for id_ in changes:
        ended(store, project, id_, at=1, events=0)
    sizes = []
    while found := erased(store, project, after(1)):
        sizes.append(len(found))
    assert sum(sizes) == len(changes) + 1
    assert ids_of(store, project) == []


def test_a_copied_session_rests_since_it_arrived_first(store: Engine, project: int) -> None:
    ended(store, project, "s", at=5)
    session = store.get_session(project, "s")
    store.settle_session(project, SessionCopy(1, session, T0 + 2 * SECOND)).result()
    assert erased_ids(store, project, after(2)) == ["s"]
