"""Outlines: every event once in the pages, and in every cell that it lasts through."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playhead.model.event import EventType
from playhead.model.results import CallMark
from playhead.replay.outline import Outliner

SECOND = 1_000_000
KINDS: list[EventType] = ["interaction", "step", "user_action", "system_metrics"]


def mark(seq: int, kind: EventType, at_s: float, latency_ms: float | None = None, **members: object) -> CallMark:
    found = {"error": False} | members
    return CallMark(
        seq=seq,
        id=f"e{seq}",
        type=kind,
        timestamp_us=int(at_s * SECOND),
        latency_ms=latency_ms,
        **found,  # type: ignore[arg-type]
    )


def test_a_call_counts_in_every_cell_that_it_lasts_through_and_an_error_where_it_ended() -> None:
    marks = [mark(1, "user_action", 1), mark(2, "interaction", 5.5, 3_000, error=True)]
    outline = Outliner(0, 10 * SECOND, cells=10).outline(marks)
    assert outline.cell == 1_000
    assert [(lane.key, lane.counts) for lane in outline.lanes] == [
        ("interaction", [0, 0, 1, 1, 1, 1, 0, 0, 0, 0]),
        ("user_action", [0, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
    ]
    assert outline.errors == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]


def test_pages_say_behind_which_event_they_begin_and_what_they_come_to() -> None:
    marks = [
        mark(4, "interaction", 1, cost_nanos=500_000_000, input_tokens=7, output_tokens=2),
        mark(2, "system_metrics", 2),
        mark(9, "step", 3, error=True),
    ]
    outline = Outliner(0, 4 * SECOND, page=2).outline(marks, wanted_seq=9)
    first, second = outline.pages
    assert (first.after, first.start, first.end, first.events, first.moments) == (0, 1_000, 2_000, 2, 1)
    assert (first.calls, first.cost, first.input_tokens, first.output_tokens) == (1, 0.5, 7, 2)
    assert (second.after, second.start, second.events, second.errors) == (2, 3_000, 1, 1)
    assert outline.event is not None
    assert (outline.event.seq, outline.event.at) == (9, 3_000)


def test_a_page_ends_behind_an_event_that_will_not_move() -> None:
    marks = [mark(1, "interaction", 1, pending=True), mark(2, "interaction", 2, pending=True), mark(3, "step", 3)]
    outline = Outliner(0, 4 * SECOND, page=1).outline([*marks, mark(4, "step", 4)])
    assert [(page.after, page.events, page.calls) for page in outline.pages] == [(0, 3, 0), (3, 1, 0)]


def test_an_event_that_is_not_there_has_no_place() -> None:
    outline = Outliner(0, 0).outline([], wanted_seq=3)
    assert (outline.event, outline.pages, outline.lanes) == (None, [], [])


@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 100), st.booleans()), max_size=60),
    st.integers(1, 9),
)
def test_pages_hold_every_event_once(events: list[tuple[EventType, int, bool]], size: int) -> None:
    ordered = sorted(events, key=lambda event: event[1])
    marks = [mark(seq, kind, at, error=error) for seq, (kind, at, error) in enumerate(ordered, 1)]
    outline = Outliner(0, 100 * SECOND, page=size, cells=7).outline(marks)
    assert sum(page.events for page in outline.pages) == len(marks)
    assert sum(page.errors for page in outline.pages) == sum(outline.errors) == sum(error for *_, error in events)
    assert all(page.events == size for page in outline.pages[:-1])
    counted = {lane.key: sum(lane.counts) for lane in outline.lanes}
    assert counted == {kind: n for kind in KINDS if (n := sum(event[0] == kind for event in events))}
