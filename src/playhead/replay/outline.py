"""The outline of a long session: its events counted into cells and cut into pages, from columns alone. Pure.

One walk in time order; what is kept grows with the number of pages and never with the events.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from playhead.model.answers import EventPlace, Outline, OutlineLane, OutlinePage
from playhead.model.event import EventType
from playhead.model.results import CallMark
from playhead.replay.cost import dollars
from playhead.replay.timeline import LANES

CELLS: Final = 480
PAGE: Final = 2_000
LASTING: Final = ("interaction", "step")


class _Page(Struct):
    """A page that is being counted."""

    after: int
    start_us: int
    end_us: int = 0
    events: int = 0
    moments: int = 0
    errors: int = 0
    calls: int = 0
    cost_nanos: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def count(self, mark: CallMark) -> None:
        """Add an event."""
        self.end_us = mark.timestamp_us
        self.events += 1
        self.errors += mark.error
        self.moments += mark.type != "system_metrics"
        if mark.type == "interaction" and not mark.pending:
            self.calls += 1
            self.cost_nanos += mark.cost_nanos
            self.input_tokens += mark.input_tokens
            self.output_tokens += mark.output_tokens


class Outliner:
    """Counts marks, which come in time order, into ``cells`` over a session and pages of ``page`` events.

    A page ends behind an event that is not pending, as the server's pages do: a pending one moves when it is completed.
    """

    def __init__(self, started_us: int, duration_us: int, *, cells: int = CELLS, page: int = PAGE) -> None:
        self._started_us = started_us
        self._cells = cells
        self._cell_us = max(1, duration_us) / cells
        self._size = page
        self._counts: dict[EventType, list[int]] = {}
        self._errors = [0] * cells
        self._pages: list[_Page] = []
        self._next_after: int | None = 0

    def outline(self, marks: Iterable[CallMark], wanted_seq: int | None = None) -> Outline:
        """Return the outline of all marks, with the place of the event ``wanted_seq``."""
        place: EventPlace | None = None
        for mark in marks:
            self._take(mark)
            if mark.seq == wanted_seq:
                place = EventPlace(seq=mark.seq, at=self._ms(mark.timestamp_us))
        return Outline(
            cell=self._cell_us / 1000,
            lanes=[OutlineLane(key=kind, counts=self._counts[kind]) for kind in LANES if kind in self._counts],
            errors=self._errors,
            pages=[self._shown(page) for page in self._pages],
            event=place,
        )

    def _take(self, mark: CallMark) -> None:
        if self._next_after is not None:
            self._pages.append(_Page(self._next_after, mark.timestamp_us))
            self._next_after = None
        page = self._pages[-1]
        page.count(mark)
        if page.events >= self._size and not mark.pending:
            self._next_after = mark.seq
        row = self._counts.get(mark.type) or self._counts.setdefault(mark.type, [0] * self._cells)
        last = self._cell(mark.timestamp_us)
        first = last
        if mark.latency_ms and mark.type in LASTING:
            first = self._cell(mark.timestamp_us - mark.latency_ms * 1000)
        for cell in range(first, last + 1):
            row[cell] += 1
        self._errors[last] += mark.error

    def _cell(self, at_us: float) -> int:
        return min(max(int((at_us - self._started_us) / self._cell_us), 0), self._cells - 1)

    def _ms(self, at_us: int) -> float:
        return max(0.0, (at_us - self._started_us) / 1000)

    def _shown(self, page: _Page) -> OutlinePage:
        return OutlinePage(
            after=page.after,
            start=self._ms(page.start_us),
            end=self._ms(page.end_us),
            events=page.events,
            moments=page.moments,
            errors=page.errors,
            calls=page.calls,
            cost=dollars(page.cost_nanos),
            input_tokens=page.input_tokens,
            output_tokens=page.output_tokens,
        )
