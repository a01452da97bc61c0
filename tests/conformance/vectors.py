"""The vectors of ``conformance/``, and what matches a pattern: both as the README there has it."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

Vector: TypeAlias = dict[str, Any]

ABSENT = "(absent)"
FOLDER = Path(__file__).resolve().parents[2] / "conformance"
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")


def vectors(file: str, *members: str) -> list[Vector]:
    """Return the vectors of a file that have these members."""
    every: list[Vector] = json.loads((FOLDER / f"{file}.json").read_text(encoding="utf-8"))["vectors"]
    return [vector for vector in every if all(member in vector for member in members)]


def name_of(vector: Vector) -> str:
    return str(vector["name"])


def differences(pattern: Any, found: Any, *, exact: bool = False, at: str = "$") -> list[str]:
    """Return where something does not match a pattern; ``exact``: objects have these members and no others."""
    if isinstance(pattern, dict) and isinstance(found, dict):
        names = pattern.keys() | found.keys() if exact else pattern.keys()
        absent = ABSENT if exact else None
        inside = ((pattern.get(name, absent), found.get(name, absent), f"{at}.{name}") for name in sorted(names))
        return [each for one in inside for each in differences(one[0], one[1], exact=exact, at=one[2])]
    if isinstance(pattern, list) and isinstance(found, list) and len(pattern) == len(found):
        inside = ((one, found[place], f"{at}[{place}]") for place, one in enumerate(pattern))
        return [each for one in inside for each in differences(one[0], one[1], exact=exact, at=one[2])]
    return [] if _same(pattern, found) else [f"{at}: expected {pattern!r:.200}, found {found!r:.200}"]


def _same(pattern: Any, found: Any) -> bool:
    if pattern == "$text":
        return isinstance(found, str) and found != ""
    if pattern == "$moment":
        return _is_whole(found) or (isinstance(found, str) and MOMENT.fullmatch(found) is not None)
    if _is_number(pattern) and _is_number(found):
        return math.isclose(pattern, found, rel_tol=0, abs_tol=1e-9)
    if isinstance(pattern, str) and isinstance(found, str) and MOMENT.fullmatch(pattern) and MOMENT.fullmatch(found):
        return datetime.fromisoformat(pattern) == datetime.fromisoformat(found)
    return type(pattern) is type(found) and bool(pattern == found)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
