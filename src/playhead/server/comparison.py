"""Comparing two sessions of a project: their turns are read in bounded batches, aligned, and answered in pages.

Turns are kept without their texts; those of the page are read again for the differences. Blocks its thread; belongs on
a reader thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from msgspec.structs import replace

from playhead.model.answers.comparison import (
    ComparedSession,
    Comparison,
    Divergence,
    SessionDifferences,
    Turn,
    TurnCounts,
    TurnDifferences,
    TurnSide,
)
from playhead.model.event import EventType, StoredEvent
from playhead.model.requests import CompareQuery
from playhead.model.session import Session
from playhead.replay.comparison import Pair, Side, align, side_of, text_differences
from playhead.replay.cost import dollars
from playhead.server.view import View

MOST_TURNS: Final = 1_000
TURNS: Final[tuple[EventType, ...]] = ("interaction", "step")
NUMBERS: Final = SessionDifferences.__struct_fields__


def compare(a: View, b: View, query: CompareQuery) -> Comparison:
    """Return two sessions aligned, and the page of turns that is asked for. Raises SessionNotFound."""
    sessions = a.session(), b.session()
    (sides_a, all_a), (sides_b, all_b) = _sides(a, sessions[0]), _sides(b, sessions[1])
    pairs = list(align(sides_a, sides_b))
    page = pairs[query.after : query.after + query.limit]
    until = query.after + len(page)
    totals = _totals(sessions[0], sides_a), _totals(sessions[1], sides_b)
    return Comparison(
        a=totals[0],
        b=totals[1],
        differences=SessionDifferences(
            **{name: getattr(totals[1], name) - getattr(totals[0], name) for name in NUMBERS}
        ),
        counts=_counts(pairs),
        first_divergence=_first_divergence(pairs),
        turns=_turns(a, b, query.after, page),
        next=until if until < len(pairs) else None,
        complete=all_a and all_b,
    )


def _sides(view: View, session: Session) -> tuple[list[Side], bool]:
    """Return a session's first turns, and whether these are all."""
    marks = list(islice(view.marks(types=TURNS), MOST_TURNS + 1))
    batches = view.batches((mark.seq, mark.size_bytes) for mark in marks[:MOST_TURNS])
    sides = [side_of(event, session.started_us) for batch in batches for event in batch]
    return sides, len(marks) <= MOST_TURNS


def _totals(session: Session, sides: Sequence[Side]) -> ComparedSession:
    totals = session.totals
    return ComparedSession(
        session_id=session.id,
        label=session.label,
        app_feature=session.feature,
        models=totals.models,
        interactions=totals.interactions,
        steps=totals.steps,
        errors=totals.errors,
        cost=dollars(totals.cost_nanos),
        input_tokens=totals.input_tokens,
        output_tokens=totals.output_tokens,
        latency=sum(side.shown.latency or 0.0 for side in sides if side.type == "interaction"),
        duration=session.duration_us / 1000,
        unpriced_interactions=totals.unpriced,
    )


def _counts(pairs: Sequence[Pair]) -> TurnCounts:
    changes = [pair.change for pair in pairs]
    return TurnCounts(**{name: changes.count(name) for name in TurnCounts.__struct_fields__})  # type: ignore[arg-type]


def _first_divergence(pairs: Sequence[Pair]) -> Divergence | None:
    for index, pair in enumerate(pairs):
        if pair.change != "same":
            return Divergence(
                turn=index,
                change=pair.change,
                members=pair.members,
                a_seq=None if pair.a is None else pair.a.shown.seq,
                b_seq=None if pair.b is None else pair.b.shown.seq,
            )
    return None


def _turns(a: View, b: View, first: int, page: Sequence[Pair]) -> list[Turn]:
    changed = [pair for pair in page if pair.change == "changed"]
    events_a = _events(a, [pair.a for pair in changed])
    events_b = _events(b, [pair.b for pair in changed])
    return [_turn(first + place, pair, events_a, events_b) for place, pair in enumerate(page)]


def _events(view: View, sides: Sequence[Side | None]) -> dict[int, StoredEvent]:
    seqs = [side.shown.seq for side in sides if side is not None]
    return {event.seq: event for event in view.events(seqs)} if seqs else {}


def _turn(index: int, pair: Pair, events_a: dict[int, StoredEvent], events_b: dict[int, StoredEvent]) -> Turn:
    a = None if pair.a is None else pair.a.shown
    b = None if pair.b is None else pair.b.shown
    turn = Turn(index=index, type=pair.type, change=pair.change, a=a, b=b, members=pair.members)
    if a is None or b is None:
        return turn
    turn = replace(turn, differences=_differences(a, b))
    if a.seq not in events_a or b.seq not in events_b:
        return turn
    asked, answered, cut = text_differences(events_a[a.seq], events_b[b.seq])
    return replace(turn, asked=asked, answered=answered, cut=cut)


def _differences(a: TurnSide, b: TurnSide) -> TurnDifferences:
    both = {name: (getattr(a, name), getattr(b, name)) for name in TurnDifferences.__struct_fields__}
    return TurnDifferences(
        **{name: second - first for name, (first, second) in both.items() if first is not None and second is not None}
    )
