"""Storing and reading events, as every engine must do it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from tests.store.build import EVERY, SECOND, T0, Engine, action, interaction, new_event, pending, record, step

from playhead.errors import EventNotFound, SessionNotFound
from playhead.model.event import EVENT_TYPES
from playhead.model.results import CallMark, Outcome


def test_events_get_seqs_from_one_without_holes(store: Engine, project: int) -> None:
    record(store, project, "s1")
    first = store.append(project, "s1", [action("a"), action("b")], T0).result()
    second = store.append(project, "s1", [action("c")], T0).result()
    assert first == [Outcome("a", 1), Outcome("b", 2)]
    assert second == [Outcome("c", 3)]


def test_an_id_that_is_there_is_not_stored_again(store: Engine, project: int) -> None:
    record(store, project, "s1", interaction("i1"), action("a1"))
    retry = [interaction("i1", response="another"), action("new"), action("new"), action("a1")]
    outcomes = store.append(project, "s1", retry, T0 + 5).result()
    assert outcomes == [
        Outcome("i1", 1, duplicate=True),
        Outcome("new", 3),
        Outcome("new", 3, duplicate=True),
        Outcome("a1", 2, duplicate=True),
    ]
    assert [event.id for event in store.get_events(project, "s1").events] == ["i1", "a1", "new"]
    assert store.get_session(project, "s1").totals.interactions == 1
    assert store.get_events_by_seq(project, "s1", [1]).events[0].data["response"] == "Sunny."


def test_the_same_id_in_two_sessions_is_two_events(store: Engine, project: int) -> None:
    record(store, project, "s1", action("a"))
    record(store, project, "s2", action("b"), action("a"))
    assert store.find_event(project, "s1", "a") == 1
    assert store.find_event(project, "s2", "a") == 2


def test_a_batch_of_nothing_changes_nothing(store: Engine, project: int) -> None:
    before = record(store, project, "s1", action("a"))
    assert store.append(project, "s1", [], T0 + 9).result() == []
    assert store.get_session(project, "s1") == before


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"nul": "a\x00b", "astral": "\U0001f680\U00020000", "newlines": "\r\n\u2028", "quote": '"\\'},
        {"big": 2**63, "bigger": 10**40, "negative": -(2**64), "small": 5e-324, "large": 1.7976931348623157e308},
        {"float": 1.0, "int": 1, "zero": -0.0, "true": True, "null": None},
        {"deep": [[[[[[{"a": [{"b": {}}]}]]]]]], "empty": {"": [[], {}, ""]}},
        {"id": "inner", "seq": 7, "type": "inner", "timestamp": "inner", "receivedAt": "inner"},
        {"prompt": [1, "two", {"role": "user"}], "node": "x", "payload": None},
        {"long": "word " * 50_000},
    ],
    ids=lambda data: ",".join(data) or "empty",
)
@pytest.mark.parametrize("type_", EVENT_TYPES)
def test_data_come_back_as_they_were(store: Engine, project: int, type_: Any, data: dict[str, Any]) -> None:
    record(store, project, "s1", new_event("e", type_, data))
    back = store.get_events(project, "s1").events[0].data
    assert back == data
    assert repr(back) == repr(data) or type_ == "interaction"  # 1 is not 1.0, nor True; a prompt may come last


@pytest.mark.parametrize(
    "prompt", ["text", "", [], ["text"], [[]], [None, 1.5, {}], [{"role": "user", "content": "a"}] * 3]
)
def test_prompts_of_any_shape_come_back_as_they_were(store: Engine, project: int, prompt: Any) -> None:
    record(store, project, "s1", interaction("a", prompt=prompt), interaction("b", prompt=prompt))
    assert [event.data["prompt"] for event in store.get_events(project, "s1").events] == [prompt, prompt]


def test_a_chat_that_sends_its_whole_history_comes_back_whole(store: Engine, project: int) -> None:
    messages = [{"role": "user" if turn % 2 == 0 else "assistant", "content": f"turn {turn}"} for turn in range(40)]
    turns = [interaction(f"i{turn}", at=turn, prompt=messages[: 2 * turn + 1]) for turn in range(20)]
    branch = interaction("branch", at=99, prompt=[*messages[:3], {"role": "user", "content": "turn 1"}, messages[0]])
    record(store, project, "s1", *turns, branch)
    back = store.get_events(project, "s1").events
    assert [event.data["prompt"] for event in back] == [event.data["prompt"] for event in (*turns, branch)]


def test_a_stored_event_has_its_call_and_both_times(store: Engine, project: int) -> None:
    new = interaction("i", at=-5, tokens=(None, 7), cost_nanos=12, cost_source="computed", latency_ms=1.25, error=True)
    record(store, project, "s1", new)
    [event] = store.get_events(project, "s1").events
    assert (event.id, event.seq, event.type, event.error) == ("i", 1, "interaction", True)
    assert (event.timestamp_us, event.received_us) == (new.timestamp_us, new.received_us)
    assert event.call == new.call


def test_the_summary_runs_along(store: Engine, project: int) -> None:
    events = [
        interaction("i1", at=1, model="b", tokens=(10, None), cost_nanos=100, error=True),
        interaction("i2", at=9, model="a", tokens=(None, 5), cost_nanos=0, cost_source="unknown"),
        interaction("i3", at=3, model="b", tokens=(1, 2), cost_nanos=1),
        step("st", at=2, error=True),
        action("u", at=4),
    ]
    session = record(store, project, "s1", *events, now_us=T0 + 1)
    totals = session.totals
    assert (totals.events, totals.interactions, totals.steps, totals.errors) == (5, 3, 1, 2)
    assert (totals.cost_nanos, totals.input_tokens, totals.output_tokens, totals.unpriced) == (101, 11, 7, 1)
    assert totals.models == ["b", "a"]
    assert totals.last_event_us == T0 + 9 * SECOND
    assert session.updated_us == T0 + 1


def test_sums_stop_at_the_greatest_number_instead_of_overflowing(store: Engine, project: int) -> None:
    session = record(store, project, "s1", *(interaction(f"i{n}", cost_nanos=2**62) for n in range(4)))
    assert session.totals.cost_nanos == 2**63 - 1
    assert store.stats(project, EVERY).cost_nanos == 2**63 - 1


def test_events_are_read_in_time_order_and_equal_times_by_seq(store: Engine, project: int) -> None:
    record(store, project, "s1", action("a", at=5), action("b", at=1), action("c", at=5), action("d", at=-3))
    page = store.get_events(project, "s1")
    assert [event.id for event in page.events] == ["d", "b", "a", "c"]
    assert page.next is None


def test_pages_of_events_follow_each_other(store: Engine, project: int) -> None:
    record(store, project, "s1", *(action(f"a{n}", at=(n * 7) % 10) for n in range(25)))
    whole = [event.seq for event in store.get_events(project, "s1").events]
    paged, after = [], 0
    while True:
        page = store.get_events(project, "s1", after=after, limit=4)
        paged += [event.seq for event in page.events]
        if page.next is None:
            break
        assert page.next == page.events[-1].seq
        after = page.next
    assert paged == whole
    assert sorted(paged) == list(range(1, 26))


def test_a_page_that_ends_with_the_last_event_says_so(store: Engine, project: int) -> None:
    record(store, project, "s1", action("a"), action("b"))
    assert store.get_events(project, "s1", limit=2).next is None
    assert store.get_events(project, "s1", after=2).events == []
    assert store.get_events(project, "s1", after=99).events == []


def test_events_can_be_read_by_type(store: Engine, project: int) -> None:
    record(store, project, "s1", action("a"), step("b"), interaction("c"), action("d"))
    page = store.get_events(project, "s1", types=["step", "user_action"], limit=2)
    assert [event.id for event in page.events] == ["a", "b"]
    assert page.next == 2
    rest = store.get_events(project, "s1", types=["step", "user_action"], after=2)
    assert [event.id for event in rest.events] == ["d"]


def test_a_live_stream_follows_the_order_of_arrival(store: Engine, project: int) -> None:
    record(store, project, "s1", action("a", at=9), action("b", at=1), action("c", at=5))
    page = store.get_events_since(project, "s1", 1, limit=1)
    assert [event.id for event in page.events] == ["b"]
    assert page.next == 2
    assert [event.id for event in store.get_events_since(project, "s1", 2).events] == ["c"]
    assert store.get_events_since(project, "s1", 3).events == []


def test_chosen_events_come_in_time_order_without_those_that_are_not_there(store: Engine, project: int) -> None:
    record(store, project, "s1", action("a", at=9), action("b", at=1), action("c", at=5))
    page = store.get_events_by_seq(project, "s1", [1, 2, 2, 77, 0])
    assert [event.id for event in page.events] == ["b", "a"]


def test_an_event_is_found_by_its_id(store: Engine, project: int) -> None:
    record(store, project, "s1", action("a"), action("b"))
    assert store.find_event(project, "s1", "b") == 2
    with pytest.raises(EventNotFound):
        store.find_event(project, "s1", "c")


def test_marks_say_what_a_timeline_draws(store: Engine, project: int) -> None:
    call = interaction("i", at=2, model="m", tokens=(3, None), cost_nanos=9, latency_ms=12.5, error=True)
    record(store, project, "s1", call, action("u", at=1), step("st", at=7))
    marks = store.get_marks(project, "s1")
    assert [mark.id for mark in marks] == ["u", "i", "st"]
    assert marks[1] == CallMark(
        seq=1,
        id="i",
        type="interaction",
        timestamp_us=T0 + 2 * SECOND,
        error=True,
        latency_ms=12.5,
        model="m",
        cost_nanos=9,
        input_tokens=3,
        output_tokens=0,
        size_bytes=100,
    )
    assert [mark.id for mark in store.get_marks(project, "s1", after=2, limit=1)] == ["i"]


def test_concurrent_writers_of_one_session_leave_no_hole_and_no_double(store: Engine, project: int) -> None:
    record(store, project, "s1")

    def write(writer: int) -> None:
        for batch in range(10):
            own = [action(f"{writer}-{batch}-{n}") for n in range(5)]
            store.append(project, "s1", [*own, action(f"shared-{batch}")], T0).result()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = store.get_events_since(project, "s1", 0, limit=1000).events
    assert [event.seq for event in events] == list(range(1, 211))
    assert len({event.id for event in events}) == 210
    assert store.get_session(project, "s1").totals.events == 210


def test_events_and_errors_are_counted_by_kind(store: Engine, project: int) -> None:
    events = [interaction("i", error=True), interaction("j"), step("s", error=True), action("a"), pending("p")]
    record(store, project, "s1", *events)
    counts = {(one.type, one.events, one.errors) for one in store.count_events(project, "s1")}
    assert counts == {("interaction", 3, 1), ("step", 1, 1), ("user_action", 1, 0)}
    record(store, project, "empty")
    assert store.count_events(project, "empty") == []
    with pytest.raises(SessionNotFound):
        store.count_events(project, "absent")
