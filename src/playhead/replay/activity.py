"""Activity: a session's events counted into cells of equal length, for a picture of it that fits into a line. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from playhead.model.results import CallMark


class Cells(Struct):
    """Counts by cell. Model calls and steps count in every cell that they last through, the others in one."""

    interactions: list[int] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)


def cells_of(marks: Iterable[CallMark], started_us: int, duration_us: int, count: int) -> Cells:
    """Return ``count`` cells over a session; what lies outside it falls into the first or the last."""
    cells = Cells(*([0] * count for _ in range(4)))
    length_us = max(1, duration_us) / count
    for mark in marks:
        last = _cell(mark.timestamp_us - started_us, length_us, count)
        lasting_us = (mark.latency_ms or 0.0) * 1000
        row = {"interaction": cells.interactions, "step": cells.steps}.get(mark.type, cells.others)
        first = last if row is cells.others else _cell(mark.timestamp_us - started_us - lasting_us, length_us, count)
        for place in range(first, last + 1):
            row[place] += 1
        cells.errors[last] += mark.error
    return cells


def _cell(at_us: float, length_us: float, count: int) -> int:
    return min(max(int(at_us / length_us), 0), count - 1)
