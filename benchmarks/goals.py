"""Goals: how they are written beside a figure, and whether one is met.

A goal is one condition or several by commas: ``≤ 100`` and ``≥ 5,000`` are of the figure itself, ``ratio ≤ 2``,
``ratio ≤ 1/3`` and ``≥ 100 ×`` of its ratio to the reference.
"""

from __future__ import annotations

import re
from fractions import Fraction

CONDITION = re.compile(r"(?P<ratio>ratio )?(?P<sign>[≤≥]) (?P<limit>\d[\d,]*(?:\.\d+)?(?:/\d+)?)(?P<times> ×)?")


def is_met(goal: str, value: float, ratio: float | None) -> bool | None:
    """Say whether a figure meets its goal; None when it has none, or one that is said in other words, or when a ratio
    is wanted and there is none."""
    answers = [_holds(condition, value, ratio) for condition in re.split(r", ", goal)]
    return None if None in answers else all(answers)


def _holds(condition: str, value: float, ratio: float | None) -> bool | None:
    found = CONDITION.fullmatch(condition)
    if found is None:
        return None
    measured = ratio if found["ratio"] or found["times"] else value
    if measured is None:
        return None
    limit = float(Fraction(found["limit"].replace(",", "")))
    return measured <= limit if found["sign"] == "≤" else measured >= limit
