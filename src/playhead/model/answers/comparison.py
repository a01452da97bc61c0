"""What a comparison of two sessions is, on the wire."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

Change: TypeAlias = Literal["same", "changed", "added", "removed"]
Member: TypeAlias = Literal["prompt", "response", "model", "parameters", "input", "output", "error"]
TurnType: TypeAlias = Literal["interaction", "step"]
Operation: TypeAlias = Literal["equal", "delete", "insert"]


class TextPiece(Struct, frozen=True):
    """A stretch of text: in both (``equal``), in the first alone (``delete``) or in the second alone (``insert``)."""

    op: Operation
    text: str


class TurnSide(Struct, frozen=True, rename="camel", kw_only=True):
    """A model call or a step in one of the sessions; ``at`` in milliseconds from its session's start."""

    seq: int
    id: str
    at: float
    name: str
    preview: str
    answer_preview: str
    error: bool
    latency: float | None = None
    cost: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


class TurnDifferences(Struct, frozen=True, rename="camel", kw_only=True):
    """The second turn's numbers less the first's; None where one of them has none."""

    latency: float | None = None
    cost: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


class Turn(Struct, frozen=True, rename="camel", kw_only=True):
    """One place of the alignment: what stands there in the first session, in the second, or in both.

    ``members`` are those that differ; ``asked`` and ``answered`` how the texts of request and answer do, where they
    do; ``cut`` says that a text was too long to be compared whole.
    """

    index: int
    type: TurnType
    change: Change
    a: TurnSide | None
    b: TurnSide | None
    members: list[Member]
    asked: list[TextPiece] | None = None
    answered: list[TextPiece] | None = None
    cut: bool = False
    differences: TurnDifferences | None = None


class Divergence(Struct, frozen=True, rename="camel", kw_only=True):
    """The first turn that is not the same in both: its index, what differs, and where a player finds it."""

    turn: int
    change: Change
    members: list[Member]
    a_seq: int | None
    b_seq: int | None


class ComparedSession(Struct, frozen=True, rename="camel", kw_only=True):
    """One session as a whole. ``latency`` is the time that its model calls took together, ``duration`` the session's;
    milliseconds. ``cost`` is in dollars and leaves out the calls without a known price, ``unpriced_interactions``."""

    session_id: str
    label: str | None
    app_feature: str
    models: list[str]
    interactions: int
    steps: int
    errors: int
    cost: float
    input_tokens: int
    output_tokens: int
    latency: float
    duration: float
    unpriced_interactions: int


class SessionDifferences(Struct, frozen=True, rename="camel", kw_only=True):
    """The second session's numbers less the first's."""

    interactions: int
    steps: int
    errors: int
    cost: float
    input_tokens: int
    output_tokens: int
    latency: float
    duration: float


class TurnCounts(Struct, frozen=True):
    """How many turns of each kind of change there are."""

    same: int = 0
    changed: int = 0
    added: int = 0
    removed: int = 0


class Comparison(Struct, frozen=True, rename="camel", kw_only=True):
    """Two sessions aligned turn by turn. ``next`` is the ``after`` of the following page, None on the last.

    ``complete`` is false where a session has more turns than are compared: the first ones are.
    """

    a: ComparedSession
    b: ComparedSession
    differences: SessionDifferences
    counts: TurnCounts
    first_divergence: Divergence | None
    turns: list[Turn]
    next: int | None
    complete: bool
