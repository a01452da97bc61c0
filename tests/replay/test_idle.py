"""Idle time: what a player may skip."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playhead.replay.idle import Busy, Idle, idle_spans

MOMENTS = st.floats(0, 1e6, allow_nan=False)


def test_time_that_nothing_covers_is_human_idle() -> None:
    assert idle_spans([Busy(0, 1000), Busy(20_000, 21_000)], 21_000) == [Idle(1000, 20_000, "human")]


def test_the_end_of_a_session_can_be_idle() -> None:
    assert idle_spans([Busy(0, 0)], 60_000) == [Idle(0, 60_000, "human")]
    assert idle_spans([], 60_000) == [Idle(0, 60_000, "human")]


def test_waiting_for_the_first_token_is_model_idle() -> None:
    assert idle_spans([Busy(0, 12_000, first_token=9000)], 12_000) == [Idle(0, 9000, "model")]


def test_a_wait_during_which_something_happens_ends_there() -> None:
    spans = idle_spans([Busy(0, 12_000, first_token=9000), Busy(6000, 6000)], 12_000)
    assert spans == [Idle(0, 6000, "model")]


def test_short_gaps_are_no_idle_time() -> None:
    assert idle_spans([Busy(0, 1000), Busy(4000, 5000)], 5000) == []


@given(st.lists(st.tuples(MOMENTS, MOMENTS)), MOMENTS)
def test_human_idle_never_touches_anything_and_comes_in_order(pairs: list[tuple[float, float]], length: float) -> None:
    busy = [Busy(min(pair), max(pair)) for pair in pairs]
    spans = idle_spans(busy, length)
    assert spans == sorted(spans, key=lambda span: span.start)
    for span in spans:
        assert span.end - span.start >= 5000
        assert all(one.end <= span.start or one.start >= span.end for one in busy)
