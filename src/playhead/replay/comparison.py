"""Comparing two sessions: which turn of the one stands beside which of the other, and how they differ.

A turn is a model call or a step. Turns that were asked the same are aligned first, in order, as the longest stretches
that both have; what lies between is paired off in order, kind by kind. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from hashlib import blake2b
from typing import Any, Final

import msgspec
from msgspec import Struct

from playhead.model.answers.comparison import Change, Member, TextPiece, TurnSide, TurnType
from playhead.model.event import StoredEvent
from playhead.replay.content import ROLES_OF_MODELS, preview, prompt_preview, texts
from playhead.replay.cost import dollars
from playhead.replay.diff import diff
from playhead.replay.timeline import mark_of

MOST_CHARS: Final = 20_000
"""Of one text in a difference; what is longer is cut, and said to be."""
MEMBERS: Final[dict[TurnType, tuple[Member, ...]]] = {
    "interaction": ("prompt", "response", "model", "parameters", "error"),
    "step": ("input", "output", "error"),
}
ASKED: Final[dict[TurnType, str]] = {"interaction": "prompt", "step": "input"}
ANSWERED: Final[dict[TurnType, str]] = {"interaction": "response", "step": "output"}


class Side(Struct, frozen=True):
    """A turn of one session, without its texts: what is shown of it, and a digest of each member that is compared."""

    type: TurnType
    shown: TurnSide
    digests: dict[Member, bytes]

    @property
    def kind(self) -> tuple[str, str]:
        """What two turns have alike that may stand beside each other: both are model calls, or steps of one name."""
        return self.type, self.shown.name if self.type == "step" else ""

    @property
    def key(self) -> tuple[str, str, bytes]:
        """What two turns have alike that were asked the same."""
        asked: Member = "prompt" if self.type == "interaction" else "input"
        return *self.kind, self.digests[asked]


class Pair(Struct, frozen=True):
    """One place of the alignment."""

    type: TurnType
    a: Side | None
    b: Side | None

    @property
    def members(self) -> list[Member]:
        """The members that differ; none where one side is missing."""
        if self.a is None or self.b is None:
            return []
        return [name for name in MEMBERS[self.type] if self.a.digests[name] != self.b.digests[name]]

    @property
    def change(self) -> Change:
        """What became of the first session's turn in the second."""
        if self.a is None:
            return "added"
        if self.b is None:
            return "removed"
        return "changed" if self.members else "same"


def side_of(event: StoredEvent, started_us: int) -> Side:
    """Return an interaction or a step as a side; ``started_us`` is its session's start."""
    mark, call = mark_of(event, started_us), event.call
    kind: TurnType = "interaction" if event.type == "interaction" else "step"
    asked, answered = event.data.get(ASKED[kind]), event.data.get(ANSWERED[kind])
    shown = TurnSide(
        seq=event.seq,
        id=event.id,
        at=mark.at,
        name=str(event.data.get("model" if kind == "interaction" else "name", "")),
        preview=prompt_preview(asked) if kind == "interaction" else preview(_prose(asked)),
        answer_preview=preview(answered if kind == "interaction" else _prose(answered)),
        error=event.error,
        latency=mark.latency,
        cost=None if call is None or call.cost_source == "unknown" else dollars(call.cost_nanos),
        input_tokens=None if call is None else call.input_tokens,
        output_tokens=None if call is None else call.output_tokens,
    )
    return Side(kind, shown, {name: _digest(_compared(event.data, name)) for name in MEMBERS[kind]})


def align(one: Sequence[Side], other: Sequence[Side]) -> Iterator[Pair]:
    """Yield the places of two sequences of turns, each turn once and in its order."""
    matcher = SequenceMatcher(None, [side.key for side in one], [side.key for side in other], autojunk=False)
    for operation, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        if operation == "equal":
            yield from (Pair(a.type, a, b) for a, b in zip(one[a_from:a_to], other[b_from:b_to], strict=True))
        else:
            yield from _paired_off(one[a_from:a_to], other[b_from:b_to])


def text_differences(
    one: StoredEvent, other: StoredEvent
) -> tuple[list[TextPiece] | None, list[TextPiece] | None, bool]:
    """Return how request and answer differ, None where they do not, and whether a text was too long to be whole."""
    kind: TurnType = "interaction" if one.type == "interaction" else "step"
    asked, asked_cut = _difference(one, other, ASKED[kind])
    answered, answered_cut = _difference(one, other, ANSWERED[kind])
    return asked, answered, asked_cut or answered_cut


def _paired_off(one: Sequence[Side], other: Sequence[Side]) -> Iterator[Pair]:
    waiting = list(other)
    for side in one:
        place = next((place for place, found in enumerate(waiting) if found.kind == side.kind), None)
        if place is None:
            yield Pair(side.type, side, None)
            continue
        yield from (Pair(found.type, None, found) for found in waiting[:place])
        yield Pair(side.type, side, waiting[place])
        del waiting[: place + 1]
    yield from (Pair(found.type, None, found) for found in waiting)


def _difference(one: StoredEvent, other: StoredEvent, name: str) -> tuple[list[TextPiece] | None, bool]:
    values = [_compared(event.data, name) for event in (one, other)]
    if _digest(values[0]) == _digest(values[1]):
        return None, False
    first, second = map(_prose, values)
    if first == second:
        first, second = map(_json, values)
    cut = max(len(first), len(second)) > MOST_CHARS
    return diff(first[:MOST_CHARS], second[:MOST_CHARS]), cut


def _compared(data: dict[str, Any], name: str) -> Any:
    """Return what of a member is compared: of a prompt with its history only what was asked anew."""
    value = data.get(name)
    if name != "prompt" or not isinstance(value, list):
        return value
    answered = (place for place, message in enumerate(value) if _is_models(message))
    return value[max(answered, default=-1) + 1 :]


def _is_models(message: Any) -> bool:
    return isinstance(message, dict) and message.get("role") in ROLES_OF_MODELS


def _prose(value: Any) -> str:
    """Return the texts in messages and parts, line by line; of anything else its JSON."""
    if isinstance(value, list):
        return "\n".join(texts(value)) or _json(value)
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return "" if value is None else msgspec.json.format(msgspec.json.encode(value)).decode()


def _digest(value: Any) -> bytes:
    return blake2b(msgspec.json.encode(value, order="sorted"), digest_size=16).digest()
