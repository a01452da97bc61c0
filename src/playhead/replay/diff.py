"""SessionDifferences between two texts, word by word, as a reader would mark them.

Words, runs of white space, punctuation and characters of scripts without spaces are the units. Texts that differ little
are compared with the greedy algorithm of E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), in
linear memory of its diagonals; what differs in more than ``MOST_EDITS`` units between its common beginning and end
counts as replaced. So the work is bounded whatever is compared. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from playhead.model.answers.comparison import Operation, TextPiece

Step: TypeAlias = tuple[Operation, str]

MOST_EDITS: Final = 300
UNITS: Final = re.compile(
    r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]|\w+|\s+|[^\w\s]"
)


def diff(first: str, second: str) -> list[TextPiece]:
    """Return the pieces that lead from one text to the other, in order; of neighbours deletions come first.

    The equal and deleted pieces together are ``first``, the equal and inserted ones ``second``.
    """
    if first == second:
        return [TextPiece("equal", first)] if first else []
    units_a, units_b = UNITS.findall(first), UNITS.findall(second)
    head = _common(units_a, units_b)
    tail = _common(units_a[head:][::-1], units_b[head:][::-1])
    middle_a, middle_b = units_a[head : len(units_a) - tail], units_b[head : len(units_b) - tail]
    steps: list[Step] = [
        *(("equal", unit) for unit in units_a[:head]),
        *_middle(middle_a, middle_b),
        *(("equal", unit) for unit in units_a[len(units_a) - tail :]),
    ]
    return list(_joined(steps))


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many units two sequences begin with alike."""
    count = 0
    for mine, yours in zip(one, other, strict=False):
        if mine != yours:
            break
        count += 1
    return count


def _middle(one: list[str], other: list[str]) -> list[Step]:
    if one and other:
        trail = _search(one, other)
        if trail is not None:
            return _walk_back(one, other, trail)
    return [*(("delete", unit) for unit in one), *(("insert", unit) for unit in other)]


def _search(one: list[str], other: list[str]) -> list[dict[int, int]] | None:
    """Return, for each number of edits, how far each diagonal was reached before; None where it takes too many."""
    reach = {1: 0}
    trail: list[dict[int, int]] = []
    for edits in range(min(MOST_EDITS, len(one) + len(other)) + 1):
        trail.append(dict(reach))
        for diagonal in range(-edits, edits + 1, 2):
            x = _entry(reach, diagonal, edits)
            while x < len(one) and x - diagonal < len(other) and one[x] == other[x - diagonal]:
                x += 1
            reach[diagonal] = x
            if x >= len(one) and x - diagonal >= len(other):
                return trail
    return None


def _entry(reach: dict[int, int], diagonal: int, edits: int) -> int:
    """Return where a diagonal is entered with one edit more: from above, or from the left."""
    if _from_above(reach, diagonal, edits):
        return reach[diagonal + 1]
    return reach[diagonal - 1] + 1


def _from_above(reach: dict[int, int], diagonal: int, edits: int) -> bool:
    if diagonal == -edits:
        return True
    return diagonal != edits and reach.get(diagonal - 1, -1) < reach.get(diagonal + 1, -1)


def _walk_back(one: list[str], other: list[str], trail: list[dict[int, int]]) -> list[Step]:
    steps: list[Step] = []
    x, y = len(one), len(other)
    for edits in range(len(trail) - 1, -1, -1):
        reach, diagonal = trail[edits], x - y
        above = _from_above(reach, diagonal, edits)
        start = reach[diagonal + 1] if above else reach[diagonal - 1] + 1
        while x > start and y > 0 and edits >= 0 and x > 0:
            x, y = x - 1, y - 1
            steps.append(("equal", one[x]))
        if edits and above:
            y -= 1
            steps.append(("insert", other[y]))
        elif edits:
            x -= 1
            steps.append(("delete", one[x]))
    steps.reverse()
    return steps


def _joined(steps: Sequence[Step]) -> Iterator[TextPiece]:
    """Put neighbours of a kind together; between two equal pieces, all deletions before all insertions."""
    deleted: list[str] = []
    inserted: list[str] = []
    equal: list[str] = []
    for operation, unit in steps:
        if operation == "equal":
            yield from _changes(deleted, inserted)
            equal.append(unit)
            continue
        yield from _taken("equal", equal)
        (deleted if operation == "delete" else inserted).append(unit)
    yield from _changes(deleted, inserted)
    yield from _taken("equal", equal)


def _changes(deleted: list[str], inserted: list[str]) -> Iterator[TextPiece]:
    yield from _taken("delete", deleted)
    yield from _taken("insert", inserted)


def _taken(operation: Operation, units: list[str]) -> Iterator[TextPiece]:
    if units:
        yield TextPiece(operation, "".join(units))
        units.clear()
