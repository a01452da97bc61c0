"""A long session from afar: what a timeline draws of it before its marks are there, and where to ask for them."""

from __future__ import annotations

from msgspec import Struct

from playhead.model.event import EventType


class OutlineLane(Struct, frozen=True, rename="camel", kw_only=True):
    """How many events of a kind were under way in each cell: calls and steps in every one that they last through."""

    key: EventType
    counts: list[int]


class OutlinePage(Struct, frozen=True, rename="camel", kw_only=True):
    """A page of marks and what its events come to. ``after`` is what ``/player`` and ``/events`` are asked with for it;
    ``start`` and ``end`` are milliseconds from the session's start, of the first and the last event's completion.

    ``events`` counts all, ``moments`` those that are no samples of metrics. ``calls``, ``cost`` (US dollars) and tokens
    are of the calls that are over.
    """

    after: int
    start: float
    end: float
    events: int
    moments: int
    errors: int
    calls: int
    cost: float
    input_tokens: int
    output_tokens: int


class EventPlace(Struct, frozen=True, rename="camel", kw_only=True):
    """Where an event is: its seq, and when it was complete, in milliseconds from the session's start."""

    seq: int
    at: float


class Outline(Struct, frozen=True, rename="camel", kw_only=True):
    """A whole session in cells of equal length, and its pages in time order.

    ``cell`` is the length of a cell in milliseconds. ``errors`` are of all kinds, where they were complete. ``event``
    is the place of the event that was asked for, null when none was, or when there is no such event.
    """

    cell: float
    lanes: list[OutlineLane]
    errors: list[int]
    pages: list[OutlinePage]
    event: EventPlace | None = None
