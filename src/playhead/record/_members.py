"""Event data from what an application's code gave: by mapping, by name, or both; read as the client reads it.

Where the client would refuse a value, the recorder takes it and lets the encoding alter what it must.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Any

from playhead.model.moment import to_us
from playhead.record import contents
from playhead.record._softener import soften
from playhead.record._start import words
from playhead.record.events import WIRE_NAMES

PLAIN = (str, list)
MILLISECONDS = ("latency", "timeToFirstToken")


def said(**named: Any) -> dict[str, Any]:
    """Return the members that say something: None is nothing."""
    return {name: value for name, value in named.items() if value is not None}


def members(kind: str, given: Mapping[str, Any] | None, named: dict[str, Any]) -> dict[str, Any]:
    """Return an event's data under the wire's names, from a mapping and from named members, which win."""
    data = named if given is None else {WIRE_NAMES.get(name, name): value for name, value in given.items()} | named
    if kind == "interaction":
        data = interaction(data)
    for name in MILLISECONDS:
        if isinstance(data.get(name), timedelta):
            data[name] = data[name] / timedelta(milliseconds=1)
    if isinstance(data.get("error"), BaseException):
        data["error"] = failure(data["error"])
    return data


def interaction(data: dict[str, Any]) -> dict[str, Any]:
    """Return an interaction with a provider's whole answer taken apart and its token counts under our names."""
    response, prompt, tokens = data.get("response"), data.get("prompt"), data.get("tokens")
    if response is not None and type(response) not in PLAIN:
        rest = {name: value for name, value in data.items() if name != "response"}
        data = {**contents.read_response(soften(response, set())), **rest}
    if prompt is not None and type(prompt) not in PLAIN:
        data["prompt"] = contents.content(soften(prompt, set()), "prompt")
    if tokens is not None:
        data["tokens"] = _tokens(tokens)
    return data


def failure(error: BaseException | str) -> dict[str, Any] | str:
    """Return an exception as it is recorded: its type and its words."""
    if isinstance(error, str):
        return error
    return {"type": type(error).__name__, "message": words(error)}


def moment_ms(value: Any) -> float | str | None:
    """Return a time as epoch milliseconds, finite, or as text; None for what is no time, or none on this machine."""
    if isinstance(value, datetime):
        try:
            return to_us(value.astimezone()) / 1000
        except (ValueError, OverflowError, OSError):
            return None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not isfinite(value):
        return None
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return value
    return None


OURS = frozenset({"input", "output", "cached", "reasoning"})


def _tokens(value: Any) -> Any:
    return value if type(value) is dict and value.keys() <= OURS else contents.tokens(soften(value, set()))
