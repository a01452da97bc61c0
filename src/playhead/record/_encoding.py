"""From an event's data to the line that is sent: encoded once, and never refused.

What JSON cannot hold is altered rather than lost, by ``_softener``. Knows no queue and no network.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any

import msgspec

from playhead.record._softener import MAX_DEPTH, nearer, soften

MANY_BRACKETS = 30
FEW_LEVELS = 2

Alterations = frozenset[str]
UNALTERED: Alterations = frozenset()


def _hook(value: Any) -> Any:
    """Turn what msgspec does not know into something nearer to JSON. Raises for what has no JSON form."""
    if isinstance(value, Enum):
        return value.value
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, AbstractSet):
        return list(value)
    return nearer(value)


_encode = msgspec.json.Encoder(enc_hook=_hook).encode


def encode(event: dict[str, Any]) -> tuple[bytes, Alterations]:
    """Return an event as JSON in one line, and what had to be altered in its ``data`` for it.

    msgspec writes a NaN as null. Data of a few texts and numbers is seen through at a glance; of anything larger only
    a line with a null in it can hold one, and only then the data is looked through.
    """
    data = event["data"]
    try:
        line = _encode(event)
        if not _is_simple(data, FEW_LEVELS) and _is_suspect(line) and not _sound(data, 1):
            return encode_softly(event)
    except Exception:  # noqa: BLE001 - whatever an application's objects raise, the slower way says which it was
        return encode_softly(event)
    return line, UNALTERED


def _is_simple(value: dict[str, Any], levels: int) -> bool:
    """Say whether there is nothing but texts and finite numbers in a value, and in few levels of dictionaries."""
    for item in value.values():
        kind = type(item)
        if kind is str or kind is int:
            continue
        if kind is float:
            if item - item:  # NaN for NaN and the infinities, else 0
                return False
        elif kind is not dict or not levels or not _is_simple(item, levels - 1):
            return False
    return True


def _is_suspect(line: bytes) -> bool:
    """Say whether a line may hold what was a NaN, or may be too deep."""
    return b"null" in line or _has_many(line, b"{") or _has_many(line, b"[")


def _has_many(line: bytes, bracket: bytes) -> bool:
    """Say whether a bracket opens so often that it may open too deeply. Where it is rare, finding is four times as
    quick as counting."""
    count, place = 0, line.find(bracket)
    while place >= 0:
        count += 1
        if count > MANY_BRACKETS:
            return True
        place = line.find(bracket, place + 1)
    return False


def encode_softly(value: Any) -> tuple[bytes, Alterations]:
    """Encode member by member, altering what JSON cannot hold."""
    alterations: set[str] = set()
    line = _encode(soften(value, alterations))
    return line, frozenset(alterations)


def _sound(value: Any, depth: int) -> bool:
    """Say whether msgspec wrote a value as it is: built-in types only, no NaN, not too deep."""
    kind = type(value)
    if kind is dict:
        return depth < MAX_DEPTH and all(_sound(item, depth + 1) for item in value.values())
    if kind is list or kind is tuple:
        return depth < MAX_DEPTH and all(_sound(item, depth + 1) for item in value)
    if kind is float:
        return math.isfinite(value)
    return value is None or kind is str or kind is int or kind is bool
