"""Any value as JSON values: what JSON cannot hold is altered rather than refused, and said by name.

``not_finite`` (a NaN or an infinity becomes null), ``surrogate`` (half a character becomes U+FFFD), ``no_json_form``
(an object becomes its type's name in brackets), ``number_too_large``, ``too_deep``, ``circular`` (what contains itself
is cut there), ``too_many`` (more members than anybody reads; a net of objects would have no end). Raises nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import time, timedelta
from enum import Enum
from itertools import islice
from typing import Any

import msgspec

from playhead.errors import Invalid
from playhead.record.plain import unfold

MAX_DEPTH = 60
"""Below the server's 64, which counts from the data's own braces."""
MAX_MEMBERS = 500_000
"""Of one value, at all levels together: about a second's work."""
MAX_BITS = 14_000
"""Of a whole number: more than 4,300 digits are neither written nor read by Python unless it is told to."""
MAX_KEY = 200

_KNOWN = (msgspec.Struct, bytes, bytearray, memoryview, time, timedelta)


def soften(value: Any, alterations: set[str]) -> Any:
    """Return a value as JSON knows it; what had to be altered is added to ``alterations``."""
    return Softener(alterations).soften(value, 0)


def nearer(value: Any) -> Any:
    """Turn an object into something nearer to JSON; an array of more members than are recorded is not even copied.

    Raises Invalid for what has no JSON form, and whatever the object's own conversion raises.
    """
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and math.prod(shape) > MAX_MEMBERS:
        raise Invalid.field("data", f"{type(value).__name__} of {math.prod(shape)} members")
    return unfold(value, "data")


class Softener:
    """Softens one value. ``alterations`` is added to."""

    def __init__(self, alterations: set[str]) -> None:
        self._alterations = alterations
        self._left = MAX_MEMBERS
        self._around: set[int] = set()

    def soften(self, value: Any, depth: int) -> Any:
        """Return a value as JSON knows it."""
        if value is None or value is True or value is False:
            return value
        if isinstance(value, Enum):
            return self.soften(value.value, depth)
        if isinstance(value, str | int | float):
            return _scalar(value, self._alterations)
        if depth >= MAX_DEPTH:
            return self._altered("too_deep", "[nested too deeply]")
        return self._guarded(value, depth)

    def _guarded(self, value: Any, depth: int) -> Any:
        if id(value) in self._around:
            return self._altered("circular", "[contains itself]")
        if self._left <= 0:
            return self._altered("too_many", "[left out]")
        self._around.add(id(value))
        try:
            return self._unfolded(value, depth)
        except Exception:  # noqa: BLE001 - a foreign object's own conversion may raise anything
            return self._altered("no_json_form", f"[{type(value).__qualname__}]")
        finally:
            self._around.discard(id(value))

    def _unfolded(self, value: Any, depth: int) -> Any:
        if isinstance(value, Mapping):
            members: dict[str, Any] = {}
            for key, item in self._first(value.items()):
                members[self._key(key, members)] = self.soften(item, depth + 1)
            return members
        if isinstance(value, list | tuple | AbstractSet):
            return [self.soften(item, depth + 1) for item in self._first(value)]
        return self.soften(msgspec.to_builtins(value) if isinstance(value, _KNOWN) else nearer(value), depth + 1)

    def _first(self, items: Iterable[Any]) -> list[Any]:
        """Return as many items as may still be recorded."""
        kept = list(islice(items, self._left + 1))
        if len(kept) > self._left:
            self._alterations.add("too_many")
            kept.pop()
        self._left -= len(kept)
        return kept

    def _key(self, key: Any, others: Mapping[str, Any]) -> str:
        """Return a member's name as a text. One that is none may look like another, whose place it must not take."""
        plain = key.value if isinstance(key, Enum) else key
        if isinstance(plain, str):
            return _text(plain, self._alterations)
        if isinstance(plain, int | float | None):
            return str(plain)
        self._alterations.add("no_json_form")
        name = _text(_words(plain), self._alterations)
        return name if name not in others else f"{name} ({len(others)})"

    def _altered(self, name: str, words: str) -> str:
        self._alterations.add(name)
        return words


def _words(value: Any) -> str:
    try:
        return str(value)[:MAX_KEY]
    except Exception:  # noqa: BLE001 - as any conversion of a foreign object
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
