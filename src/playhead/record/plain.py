"""Python values as JSON values, each checked, so that nothing is sent that would be stored as something else.

NaN and lone surrogates have no JSON: a failure names the member that holds them. Objects that know how to become a
dict (pydantic, msgspec, dataclasses) do so. Reads nothing, sends nothing.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

import msgspec

from playhead.errors import Invalid
from playhead.model.moment import format_us, to_us

MAX_DEPTH = 64


def plain(value: Any, name: str) -> Any:
    """Return a value as JSON knows it: dict, list, str, number, bool or None. ``name`` is what a failure calls it.

    Raises Invalid for NaN, infinities, lone surrogates, keys that are no text, nesting deeper than 64, and objects
    that have no JSON form.
    """
    return _plain(value, name, 0)


def moment(value: Any, name: str) -> Any:
    """Return a time as the wire takes it: a datetime as RFC 3339 in UTC (without a zone it is local time, as Python
    reads it), a date as its day; text and epoch milliseconds as they are."""
    if isinstance(value, datetime):
        return format_us(to_us(value.astimezone()))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Invalid.field(name, "expected a datetime, a date, RFC 3339 text or epoch milliseconds")
    return plain(value, name)


def milliseconds(value: Any, name: str) -> Any:
    """Return a length of time in milliseconds; a timedelta is converted."""
    if isinstance(value, timedelta):
        return value / timedelta(milliseconds=1)
    return plain(value, name)


def _plain(value: Any, name: str, depth: int) -> Any:
    if value is None or isinstance(value, bool | str | int | float):
        return _scalar(value, name)
    if depth >= MAX_DEPTH:
        raise Invalid.field(name, f"nested deeper than {MAX_DEPTH}, or contains itself")
    if isinstance(value, Mapping):
        return {_key(key, name): _plain(item, f"{name}.{key}", depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | AbstractSet):
        return [_plain(item, f"{name}[{index}]", depth + 1) for index, item in enumerate(value)]
    return _plain(unfold(value, name), name, depth + 1)


def _scalar(value: Any, name: str) -> Any:
    if isinstance(value, Enum):
        return _scalar(value.value, name)
    if isinstance(value, str):
        return _text(value, name)
    if isinstance(value, float):
        return _finite(float(value), name)
    return value


def _text(value: str, name: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Invalid.field(name, f"lone surrogate at position {error.start}: not text that UTF-8 can hold") from None
    return str(value)


def _finite(value: float, name: str) -> float:
    if not math.isfinite(value):
        raise Invalid.field(name, f"{value} is not a number that JSON can hold")
    return value


def _key(key: Any, name: str) -> str:
    if isinstance(key, str):
        return _text(key, f"{name} (key)")
    if isinstance(key, int) and not isinstance(key, bool):
        return str(key)
    raise Invalid.field(name, f"keys are texts, not {type(key).__name__}")


def unfold(value: Any, name: str) -> Any:
    """Turn an object into something nearer to JSON, by the first way that it offers. Raises Invalid without one."""
    if isinstance(value, BaseException):
        return {"type": type(value).__name__, "message": str(value)}
    if isinstance(value, date):
        return moment(value, name)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID | PurePath | Decimal):
        return str(value)
    return _members(value, name)


def _members(value: Any, name: str) -> Any:
    if isinstance(value, msgspec.Struct):
        return msgspec.to_builtins(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    method = _own_conversion(value)
    if method is not None:
        return method()
    raise Invalid.field(name, f"{type(value).__name__} has no JSON form; pass text, numbers, lists or dicts")


def _own_conversion(value: Any) -> Callable[[], Any] | None:
    for name in ("model_dump", "to_dict", "dict", "_asdict", "tolist"):
        method = getattr(type(value), name, None)
        if callable(method):
            return method.__get__(value)  # type: ignore[no-any-return]
    return None
