"""Weighing: how well a text matches, where FTS5's own ranking would first count every text with each word.

The formula is BM25's (Robertson and Zaragoza 2009), with how rare each word is given from outside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import apsw

WEIGHTS: Final = (1.0, 4.0, 10.0)
"""Of all other texts, the prompt and the label."""
SATURATION: Final = 1.2
LENGTH: Final = 0.75


def register_weight(db: apsw.Connection) -> None:
    """Let statements of a connection call ``weight_sql``."""
    db.register_fts5_function("weigh", _weigh)


def weight_sql(table: str, rarities: Sequence[float]) -> str:
    """Return SQL for the weight of a text, higher is better; ``rarities`` are those of the query's terms."""
    return f"weigh({', '.join([table, *map(repr, rarities)])})"


def rarity(texts: int, of_texts: int) -> float:
    """Return how much a word says that stands in some of so many texts; more than nothing."""
    return math.log1p(max(0.0, of_texts - texts + 0.5) / (texts + 0.5)) + 1e-6


def _weigh(text: apsw.FTS5ExtensionApi, *rarities: apsw.SQLiteValue) -> float:
    usual = text.column_total_size(-1) / max(1, text.row_count)
    damping = SATURATION * (1 - LENGTH + LENGTH * text.column_size(-1) / max(1.0, usual))
    weight = 0.0
    for phrase, rare in enumerate(rarities):
        places = text.phrase_locations(phrase)
        often = sum(factor * len(there) for factor, there in zip(WEIGHTS, places, strict=False))
        weight += float(rare or 0.0) * often * (SATURATION + 1) / (often + damping)
    return weight
