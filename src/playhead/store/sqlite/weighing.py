"""Weighing: how well a text matches, by how often the terms stand in which of its columns, and by its length.

The formula is BM25's (Robertson and Zaragoza 2009), with how rare each term is given from outside. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, TypeAlias

from playhead.replay.words import Finder, searchable
from playhead.store.rows import seq_of
from playhead.store.texts import Document

WEIGHTS: Final = {"label": 10.0, "prompt": 4.0}
"""Of columns; all others count once."""
SATURATION: Final = 1.2
LENGTH: Final = 0.75

Counts: TypeAlias = list[float]
"""How often each term stands in a text, weighted by column."""


def weighted_counts(document: Document, finders: Sequence[Finder]) -> Counts:
    """Return how often each term stands in a document, more where it weighs more."""
    counts = [0.0] * len(finders)
    for column, text in document.pieces():
        weight, readable = WEIGHTS.get(column, 1.0), searchable(text)
        for place, finder in enumerate(finders):
            counts[place] += weight * finder.count(readable)
    return counts


def rarity(texts: int, of_texts: int) -> float:
    """Return how much a word says that stands in some of so many texts; more than nothing."""
    return math.log1p(max(0.0, of_texts - texts + 0.5) / (texts + 0.5)) + 1e-6


class Weigher:
    """Weighs texts with the same terms. ``rarities`` are the terms', ``usual`` is how many words a text has usually."""

    def __init__(self, rarities: Sequence[float], usual: float) -> None:
        self._rarities = [rare * (SATURATION + 1) for rare in rarities]
        self._least = sum(self._rarities)
        self._fixed = SATURATION * (1 - LENGTH)
        self._each = SATURATION * LENGTH / max(1.0, usual)

    def least(self, no: int, size: int) -> float:
        """Return the least weight of the text of an event with so many words in which every term stands."""
        once = 1.0 if seq_of(no) else WEIGHTS["label"]
        return self._least * once / (once + self._fixed + self._each * size)

    def weight(self, counts: Counts, size: int) -> float:
        """Return the weight of a text of so many words, higher is better; more than nothing, and more with each."""
        damping = self._fixed + self._each * size
        return sum(rare * often / (often + damping) for rare, often in zip(self._rarities, counts, strict=True))
