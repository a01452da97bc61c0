"""Activity cells: each event counted where it was, and never outside."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playhead.model.event import EventType
from playhead.model.results import CallMark
from playhead.replay.activity import cells_of

COUNT = 10
SECOND = 1_000_000


def mark(kind: EventType, at_s: float, latency_ms: float | None = None, *, error: bool = False) -> CallMark:
    return CallMark(seq=1, id="e", type=kind, timestamp_us=int(at_s * SECOND), error=error, latency_ms=latency_ms)


def test_a_call_counts_in_every_cell_that_it_lasts_through_and_another_event_in_one() -> None:
    marks = [mark("interaction", 5.5, 3_000), mark("user_action", 9.9), mark("step", 0.5, error=True)]
    cells = cells_of(marks, 0, 10 * SECOND, COUNT)
    assert cells.interactions == [0, 0, 1, 1, 1, 1, 0, 0, 0, 0]
    assert cells.others == [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert cells.steps == [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    assert cells.errors == cells.steps


def test_what_lies_outside_the_session_falls_into_its_first_or_last_cell() -> None:
    marks = [mark("interaction", 12, 1_000), mark("user_action", -5), mark("step", 1, 60_000)]
    cells = cells_of(marks, 0, 10 * SECOND, COUNT)
    assert cells.interactions == [0] * 9 + [1]
    assert cells.others == [1] + [0] * 9
    assert cells.steps == [1, 1] + [0] * 8


def test_a_session_without_length_has_everything_in_its_first_cell() -> None:
    cells = cells_of([mark("interaction", 0), mark("step", 0)], 0, 0, COUNT)
    assert (cells.interactions, cells.steps) == ([1] + [0] * 9, [1] + [0] * 9)


KINDS = st.sampled_from(["interaction", "step", "user_action", "gap"])
MARKS = st.builds(mark, KINDS, st.floats(-10, 100), st.none() | st.floats(0, 1e6), error=st.booleans())


@given(marks=st.lists(MARKS), duration_us=st.integers(0, 50 * SECOND))
def test_no_event_is_lost_and_every_error_counts_once(marks: list[CallMark], duration_us: int) -> None:
    cells = cells_of(marks, 0, duration_us, COUNT)
    assert sum(cells.errors) == sum(one.error for one in marks)
    assert sum(cells.others) == sum(one.type not in {"interaction", "step"} for one in marks)
    assert sum(cells.interactions) >= sum(one.type == "interaction" for one in marks)
    assert {len(row) for row in (cells.interactions, cells.steps, cells.others, cells.errors)} == {COUNT}
