"""Events as the wire takes them, from what a caller of the client gave: names, times and ids. Sends nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from playhead.errors import Invalid
from playhead.model.event import DATA_OF
from playhead.record import contents
from playhead.record.ids import new_event_id, now_ms
from playhead.record.plain import milliseconds, moment, plain

Event = dict[str, Any]

ENVELOPE = ("id", "type", "timestamp", "session_id", "sessionId", "data")


def camel(name: str) -> str:
    """Return a Python name as the wire spells it."""
    return re.sub(r"_([a-z])", lambda letter: letter.group(1).upper(), name)


WIRE_NAMES = {
    name: wire
    for kind in DATA_OF.values()
    for name, wire in zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)
}
"""Python spellings of the members of event data; any other name is the caller's own and is sent as it stands."""


def event(kind: str, given: Mapping[str, Any] | None, named: Mapping[str, Any]) -> Event:
    """Return an event out of a mapping and of named members, which win; a named None says nothing.

    ``id`` and ``timestamp`` belong to the event itself. Without them it gets a new id and the present time here, so
    that each attempt to send it carries the same.
    """
    if given is not None and not isinstance(given, Mapping):
        raise Invalid.field(kind, f"expected a mapping of its members, not {type(given).__name__}")
    members = {WIRE_NAMES.get(name, name): value for name, value in (given or {}).items()}
    members |= {WIRE_NAMES.get(name, name): value for name, value in named.items() if value is not None}
    own = members.pop("id", None), members.pop("timestamp", None)
    return _envelope(kind, *own, _data(kind, members))


def from_mapping(item: Mapping[str, Any], index: int) -> Event:
    """Return an event of a batch from ``{"session_id", "type", "data", "id", "timestamp"}``, or wire names."""
    if not isinstance(item, Mapping):
        raise Invalid.field(f"events[{index}]", f"expected a mapping, not {type(item).__name__}")
    unknown = [str(name) for name in item if name not in ENVELOPE]
    if unknown:
        raise Invalid.field(f"events[{index}].{unknown[0]}", "unknown; what belongs to the event itself stands in data")
    session_id = item.get("session_id", item.get("sessionId"))
    if not isinstance(session_id, str) or not isinstance(item.get("type"), str):
        raise Invalid.field(f"events[{index}]", "needs session_id and type")
    kind, data = item["type"], item.get("data") or {}
    if kind in DATA_OF:
        own = {name: item[name] for name in ("id", "timestamp") if item.get(name) is not None}
        return {"sessionId": plain(session_id, "session_id"), **event(kind, data, own)}
    told = {camel(name): value for name, value in plain(data, f"events[{index}].data").items()}
    return {
        "sessionId": plain(session_id, "session_id"),
        **_envelope(kind, item.get("id"), item.get("timestamp"), told),
    }


def _envelope(kind: str, event_id: Any, timestamp: Any, data: dict[str, Any]) -> Event:
    return {
        "id": plain(event_id, "id") if event_id is not None else new_event_id(),
        "type": kind,
        "timestamp": moment(timestamp, "timestamp") if timestamp is not None else now_ms(),
        "data": data,
    }


def _data(kind: str, members: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if kind == "interaction":
        members, data = _interaction(members)
    for name, value in members.items():
        data[name] = milliseconds(value, name) if name in ("latency", "timeToFirstToken") else plain(value, name)
    return data


def _interaction(members: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split an interaction into what is still to be made plain and what has been read."""
    rest = dict(members)
    data: dict[str, Any] = {}
    if "response" in rest:
        data |= contents.read_response(rest.pop("response"))
    if "prompt" in rest:
        data["prompt"] = contents.content(rest.pop("prompt"), "prompt")
    if "tokens" in rest:
        data["tokens"] = contents.tokens(rest.pop("tokens"))
    if rest.get("error") is not None and not isinstance(rest["error"], Mapping | str):
        rest["error"] = plain(rest["error"], "error")
    return rest, data
