"""A question is divided into whole days, whole hours and edges, each session in one part."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playhead.model.filters import SessionFilter
from playhead.model.moment import DAY_US
from playhead.store.spans import HOUR_US, Rolled, parts_of

times = st.none() | st.integers(-(2 * DAY_US), 40 * DAY_US)


@given(first=times, last=times, longest=st.sampled_from([HOUR_US, DAY_US]))
def test_parts_cover_a_time_once(first: int | None, last: int | None, longest: int) -> None:
    where = SessionFilter(started_from_us=first, started_until_us=last)
    rolled, rest = parts_of(where, (), longest)
    spans = [(one.first_us, one.until_us) for one in rolled]
    spans += [(one.started_from_us, None if one.started_until_us is None else one.started_until_us + 1) for one in rest]
    for moment in {edge + step for span in spans for edge in span if edge is not None for step in (-1, 0, 1)} | {0}:
        inside = (first is None or first <= moment) and (last is None or moment <= last)
        assert sum(_holds(span, moment) for span in spans) == inside


def _holds(span: tuple[int | None, int | None], moment: int) -> bool:
    first, until = span
    return (first is None or first <= moment) and (until is None or moment < until)


def test_long_times_are_rolled_by_the_day() -> None:
    where = SessionFilter(started_from_us=DAY_US - HOUR_US - 1, started_until_us=3 * DAY_US + HOUR_US)
    rolled, rest = parts_of(where, ())
    assert rolled == [
        Rolled(DAY_US, DAY_US, 3 * DAY_US),
        Rolled(HOUR_US, DAY_US - HOUR_US, DAY_US),
        Rolled(HOUR_US, 3 * DAY_US, 3 * DAY_US + HOUR_US),
    ]
    assert [(one.started_from_us, one.started_until_us) for one in rest] == [
        (DAY_US - HOUR_US - 1, DAY_US - HOUR_US - 1),
        (3 * DAY_US + HOUR_US, 3 * DAY_US + HOUR_US),
    ]


def test_what_rollups_do_not_know_is_asked_of_sessions() -> None:
    where = SessionFilter(user_id="u", feature="chat")
    assert parts_of(where, ("feature",)) == ([], [where])
