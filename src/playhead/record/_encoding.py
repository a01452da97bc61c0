"""From an event's data to the line that is sent: encoded once, and never refused.

What JSON cannot hold is altered rather than lost, and said by name: ``not_finite`` (a NaN or an infinity becomes null),
``surrogate`` (half a character becomes U+FFFD), ``no_json_form`` (an object becomes its type's name in brackets),
``number_too_large``, ``too_deep``. Knows no queue and no network.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import time, timedelta
from enum import Enum
from typing import Any

import msgspec

from playhead.record.plain import unfold

MAX_DEPTH = 60
"""Below the server's 64, which counts from the data's own braces."""
MANY_BRACKETS = 30
FEW_LEVELS = 2
MAX_BITS = 14_000
"""Of a whole number: more than 4,300 digits are neither written nor read by Python unless it is told to."""

Alterations = frozenset[str]
UNALTERED: Alterations = frozenset()

_KNOWN = (msgspec.Struct, bytes, bytearray, memoryview, time, timedelta)


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
    return unfold(value, "data")


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


def soften(value: Any, alterations: set[str], depth: int = 0) -> Any:
    """Return a value as JSON knows it; what had to be altered is added to ``alterations``."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, Enum):
        return soften(value.value, alterations, depth)
    if isinstance(value, str | int | float):
        return _scalar(value, alterations)
    if depth >= MAX_DEPTH:
        alterations.add("too_deep")
        return "[nested too deeply]"
    if isinstance(value, Mapping):
        return {_key(key, alterations): soften(item, alterations, depth + 1) for key, item in list(value.items())}
    return _unfolded(value, alterations, depth)


def _unfolded(value: Any, alterations: set[str], depth: int) -> Any:
    if isinstance(value, list | tuple | AbstractSet):
        return [soften(item, alterations, depth + 1) for item in list(value)]
    try:
        nearer = msgspec.to_builtins(value) if isinstance(value, _KNOWN) else unfold(value, "data")
        return soften(nearer, alterations, depth + 1)
    except Exception:  # noqa: BLE001 - a foreign object's own conversion may raise anything
        alterations.add("no_json_form")
        return f"[{type(value).__qualname__}]"


def _scalar(value: str | float, alterations: set[str]) -> Any:
    if isinstance(value, str):
        return _text(value, alterations)
    if isinstance(value, int):
        if value.bit_length() <= MAX_BITS:
            return int(value)
        alterations.add("number_too_large")
        return hex(value)
    if math.isfinite(value):
        return float(value)
    alterations.add("not_finite")
    return None


def _text(value: str, alterations: set[str]) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        alterations.add("surrogate")
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return str(value)


def _key(key: Any, alterations: set[str]) -> str:
    if isinstance(key, str):
        return _text(key, alterations)
    if isinstance(key, int | float | None):
        return str(key)
    alterations.add("no_json_form")
    return f"[{type(key).__qualname__}]"


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
