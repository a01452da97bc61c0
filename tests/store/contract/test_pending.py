"""Interactions that are announced and completed later, and gaps, as every engine must store them."""

from __future__ import annotations

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

from playhead.errors import SessionNotFound
from playhead.model.filters import PageRequest, SessionFilter
from playhead.model.results import Outcome
from playhead.model.session import SessionEnd, Totals
from playhead.store.base import SessionChange


def test_a_pending_interaction_is_there_and_counts_as_an_interaction_but_in_no_statistics(
    store: Engine, project: int
) -> None:
    session = record(store, project, "s1", pending("i", at=3))
    assert session.totals == Totals(events=1, interactions=1, pending=1, last_event_us=T0 + 3 * SECOND)
    [event] = store.get_events(project, "s1").events
    assert (event.pending, event.change, event.call, event.error) == (True, 0, None, False)
    [mark] = store.get_marks(project, "s1")
    assert (mark.pending, mark.latency_ms) == (True, None)
    stats = store.stats(project, EVERY)
    assert (stats.interactions, stats.models, stats.latency["p50"], stats.unpriced) == (0, [], None, 0)
    assert [point.interactions for point in stats.series] == [0]
    assert store.model_latencies(project, ["gpt-4o"])[0].count == 0


def test_its_completion_takes_its_place_and_counts_once(store: Engine, project: int) -> None:
    announced = pending("i", at=1)
    record(store, project, "s1", action("a"), announced, action("z", at=2))
    whole = replace(interaction("i", at=9, error=True), received_us=T0 + 10 * SECOND)
    assert store.append(project, "s1", [whole], T0 + 5).result() == [Outcome("i", 2)]

    session = store.get_session(project, "s1")
    assert session == record(store, project, "s1")
    totals = session.totals
    assert (totals.events, totals.interactions, totals.pending, totals.changes, totals.errors) == (3, 1, 0, 1, 1)
    assert (totals.cost_nanos, totals.input_tokens, totals.models) == (1000, 10, ["gpt-4o"])
    assert (totals.last_event_us, session.updated_us) == (T0 + 9 * SECOND, T0 + 5)
    events = store.get_events(project, "s1").events
    assert [event.id for event in events] == ["a", "z", "i"]
    last = events[-1]
    assert (last.seq, last.timestamp_us, last.received_us) == (2, whole.timestamp_us, announced.received_us)
    assert (last.data, last.call, last.error, last.pending, last.change) == (whole.data, whole.call, True, False, 1)
    assert store.get_marks(project, "s1")[-1].latency_ms == 250.0
    stats = store.stats(project, EVERY)
    assert (stats.interactions, [model.count for model in stats.models], stats.latency["p50"]) == (1, [1], 250.0)
    assert store.list_sessions(project, SessionFilter(model="gpt-4o"), PageRequest()).total == 1


def test_what_comes_after_the_completion_is_a_duplicate(store: Engine, project: int) -> None:
    record(store, project, "s1", pending("i"))
    store.append(project, "s1", [interaction("i", response="first")], T0).result()
    before = store.get_session(project, "s1")
    late = [interaction("i", response="second"), pending("i")]
    assert store.append(project, "s1", late, T0).result() == [Outcome("i", 1, duplicate=True)] * 2
    assert store.get_session(project, "s1") == before
    assert store.get_events(project, "s1").events[0].data["response"] == "first"


def test_only_an_interaction_that_is_over_completes_one(store: Engine, project: int) -> None:
    record(store, project, "s1", pending("i"))
    others = [pending("i", at=5), action("i")]
    assert store.append(project, "s1", others, T0).result() == [Outcome("i", 1, duplicate=True)] * 2
    assert store.get_events(project, "s1").events[0].timestamp_us == T0
    assert store.get_session(project, "s1").totals.pending == 1


def test_one_batch_may_announce_complete_and_repeat(store: Engine, project: int) -> None:
    store.start_session(project, new_session("s1"), T0).result()
    batch = [pending("i", prompt=[{"content": "one"}]), action("a"), interaction("i", at=2), interaction("i", at=3)]
    changes = [SessionChange("s1", event) for event in batch]
    outcomes = store.apply(project, changes, T0).result()
    assert [(outcome.seq, outcome.duplicate) for outcome in outcomes] == [(1, False), (2, False), (1, False), (1, True)]
    assert store.get_events_by_seq(project, "s1", [1]).events[0].timestamp_us == T0 + 2 * SECOND
    totals = store.get_session(project, "s1").totals
    assert (totals.events, totals.interactions, totals.pending, totals.changes) == (2, 1, 0, 1)


def test_a_call_may_be_completed_after_its_session_has_ended(store: Engine, project: int) -> None:
    record(store, project, "s1", pending("i"))
    store.end_session(project, "s1", SessionEnd(ended_us=T0 + SECOND), T0).result()
    assert store.append(project, "s1", [interaction("i", at=60)], T0).result() == [Outcome("i", 1)]
    session = store.get_session(project, "s1")
    assert (session.status, session.duration_us, session.totals.pending) == ("completed", SECOND, 0)


def test_the_texts_of_a_completed_call_are_found(store: Engine, project: int) -> None:
    history = [{"role": "user", "content": "needle question"}]
    record(store, project, "s1", pending("i", prompt=history), pending("j", prompt="haystack question"))
    assert found(store, project, "question") == {("s1", 1), ("s1", 2)}
    store.append(project, "s1", [interaction("i", prompt=history, response="thimble")], T0).result()
    store.append(project, "s1", [interaction("j", prompt="else", response="spool")], T0).result()
    assert found(store, project, "needle") == found(store, project, "thimble") == {("s1", 1)}
    assert found(store, project, "spool") == {("s1", 2)}
    assert found(store, project, "haystack") == set()
    assert store.get_events_by_seq(project, "s1", [1]).events[0].data["prompt"] == history


def test_changes_are_numbered_and_read_behind_one_another(store: Engine, project: int) -> None:
    record(store, project, "s1", *(pending(f"i{n}") for n in range(5)))
    store.append(project, "s1", [interaction(f"i{n}") for n in (3, 0, 4)], T0).result()
    first = store.get_changed(project, "s1", 0, seq=9, limit=2)
    assert ([(event.id, event.change) for event in first.events], first.next) == ([("i3", 1), ("i0", 2)], 2)
    rest = store.get_changed(project, "s1", 2, seq=9, limit=2)
    assert ([event.id for event in rest.events], rest.next) == (["i4"], None)
    assert [event.id for event in store.get_changed(project, "s1", 0, seq=4).events] == ["i3", "i0"]
    assert store.get_changed(project, "s1", 3, seq=9).events == []
    with pytest.raises(SessionNotFound):
        store.get_changed(project, "s2", 0, seq=9)


def test_gaps_are_added_up(store: Engine, project: int) -> None:
    session = record(store, project, "s1", gap("g1", dropped=3), gap("g2", dropped=2**62), gap("g1", dropped=9))
    assert (session.totals.dropped, session.totals.events, session.totals.errors) == (2**62 + 3, 2, 0)
    assert record(store, project, "s1", gap("g3", dropped=2**62)).totals.dropped == 2**63 - 1
    assert store.stats(project, EVERY).dropped == 2**63 - 1


def test_a_pending_text_that_is_gone_with_the_completion_is_found_no_more(store: Engine, project: int) -> None:
    record(store, project, "s1", new_event("i", "interaction", {"prompt": "needle"}, pending=True))
    assert found(store, project, "needle") == {("s1", 1)}
    store.append(project, "s1", [new_event("i", "interaction", {"prompt": ""})], T0).result()
    assert found(store, project, "needle") == set()
