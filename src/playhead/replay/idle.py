"""Idle time: the stretches of a session in which nothing was going on, which a player may skip.

Works on plain intervals in milliseconds, so that the server and the player's own engine can be held to the same
vectors.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Literal, TypeAlias

from msgspec import Struct

IdleKind: TypeAlias = Literal["human", "model"]
HUMAN_IDLE_MS = 5_000.0
MODEL_WAIT_MS = 5_000.0


class Busy(Struct, frozen=True):
    """An interval in which something happened (``start == end`` for a moment); ``first_token`` is when a model call
    began to answer, None when that is not known or it is no model call."""

    start: float
    end: float
    first_token: float | None = None


class Idle(Struct, frozen=True):
    """A stretch without anything (``human``: nobody did anything), or waiting for a model's first token (``model``)."""

    start: float
    end: float
    kind: IdleKind


def idle_spans(
    busy: Iterable[Busy], duration: float, *, human_ms: float = HUMAN_IDLE_MS, model_ms: float = MODEL_WAIT_MS
) -> list[Idle]:
    """Return idle stretches in order, those shorter than the thresholds left out. O(n log n).

    ``human`` is time that no interval covers. ``model`` is time between a call's start and its first token that
    nothing else touches.
    """
    ordered = sorted(busy, key=lambda one: (one.start, one.end))
    return sorted(_gaps(ordered, duration, human_ms) + _waits(ordered, model_ms), key=lambda idle: idle.start)


def _gaps(ordered: list[Busy], duration: float, threshold: float) -> list[Idle]:
    gaps, covered = [], 0.0
    for one in [*ordered, Busy(duration, duration)]:
        if one.start - covered >= threshold:
            gaps.append(Idle(covered, one.start, "human"))
        covered = max(covered, one.end)
    return gaps


def _waits(ordered: list[Busy], threshold: float) -> list[Idle]:
    edges = sorted({edge for one in ordered for edge in (one.start, one.first_token, one.end) if edge is not None})
    following = dict(pairwise(edges))
    waits = []
    for one in ordered:
        if one.first_token is None:
            continue
        until = min(following.get(one.start, one.first_token), one.first_token)
        if until - one.start >= threshold:
            waits.append(Idle(one.start, until, "model"))
    return waits
