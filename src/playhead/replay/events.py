"""From what was sent to what is stored: an event's data is checked, brought to its first names, priced and judged.

Members that no struct names are kept as they came. Nothing is stored here and no clock is read.
"""

from __future__ import annotations

from typing import Any, TypeGuard, cast

import msgspec
from msgspec import Struct

from playhead.errors import Invalid, InvalidJson
from playhead.model.event import (
    ALIASES,
    DATA_OF,
    EVENT_TYPES,
    Call,
    Data,
    EventType,
    GapData,
    InteractionData,
    NewEvent,
    Object,
    RawEvent,
    StepData,
)
from playhead.model.moment import Moment, parse_us
from playhead.replay.cost import PriceTable
from playhead.replay.failures import says_failed
from playhead.replay.refusals import refusal, unreadable

MAX_ID = 200
STATUSES = frozenset({"status", "statusCode", "status_code"})
_decode = msgspec.json.Decoder().decode


def check_event(event: RawEvent, *, event_id: str, received_us: int, prices: PriceTable) -> NewEvent:
    """Return an event ready to be stored, or raise Invalid or InvalidJson, naming the member that is wrong.

    ``event_id`` is used when the event brings no id of its own, ``received_us`` when it brings no timestamp. Event data
    is decoded here, so that one bad event of a batch fails alone.
    """
    if not is_event_type(event.type):
        raise Invalid.field("type", f"expected one of {', '.join(EVENT_TYPES)}, got {event.type[:80]!r}")
    data, size = decode_data(event.data)
    own_id = take_id(data) if event.id is None else event.id
    return check_data(
        event.type,
        data,
        event_id=own_id or event_id,
        timestamp=event.timestamp,
        received_us=received_us,
        prices=prices,
        size_bytes=size,
    )


def check_data(
    kind: EventType,
    data: Object,
    *,
    event_id: str,
    timestamp: Moment | None,
    received_us: int,
    prices: PriceTable,
    size_bytes: int = 0,
) -> NewEvent:
    """Check decoded data of a kind. ``data`` becomes the event's own: it is changed in place."""
    for alias, name in ALIASES.get(kind, {}).items():
        if alias in data and name not in data:
            data[name] = data.pop(alias)
    known = convert_data(kind, data)
    if timestamp is None:
        timestamp = known.timestamp
        data.pop("timestamp", None)
    found = facts(known, timestamp, received_us, prices)
    return NewEvent(
        event_id,
        kind,
        found.timestamp_us,
        received_us,
        data,
        found.error,
        found.latency_ms,
        found.call,
        size_bytes,
        found.pending,
        found.dropped,
    )


class Facts(Struct, frozen=True, gc=False):
    """What is read out of an event's data: the members of the same names of a ``NewEvent``."""

    timestamp_us: int
    error: bool = False
    latency_ms: float | None = None
    call: Call | None = None
    pending: bool = False
    dropped: int = 0


def facts(known: Data, timestamp: Moment | None, received_us: int, prices: PriceTable) -> Facts:
    """Return what the data of an event says of it, at its own moment if it has one. Raises Invalid."""
    timestamp_us = default_us(known, received_us) if timestamp is None else moment_us("timestamp", timestamp)
    if isinstance(known, InteractionData):
        if known.pending:
            return Facts(timestamp_us, pending=True)
        return Facts(timestamp_us, is_error(known), known.latency, call_of(known, prices, timestamp_us))
    dropped = known.count if isinstance(known, GapData) else 0
    return Facts(timestamp_us, is_error(known), lasted_ms(known, timestamp_us), dropped=dropped)


def is_event_type(name: str) -> TypeGuard[EventType]:
    """Say whether a name is one of the eight kinds."""
    return name in DATA_OF


def decode_data(raw: msgspec.Raw | msgspec.UnsetType) -> tuple[Object, int]:
    """Decode an event's data, which must be an object, and return it with its size in bytes."""
    if isinstance(raw, msgspec.UnsetType):
        raise Invalid.field("data", "is required")
    view = memoryview(raw)
    data = decode_json(view)
    if not isinstance(data, dict):
        raise Invalid.field("data", f"expected an object, got {type_name(data)}")
    return data, len(view)


def decode_json(raw: bytes | memoryview) -> Any:
    """Decode JSON, or raise InvalidJson with the reason: broken syntax, a lone surrogate, a number out of range."""
    try:
        return _decode(raw)
    except RecursionError:
        raise InvalidJson("the JSON is nested too deeply") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidJson(unreadable(error)) from None


def take_id(data: Object) -> str | None:
    """Take a usable id out of the data, for events whose envelope has none."""
    own = data.get("id")
    if isinstance(own, str) and 0 < len(own) <= MAX_ID and own.isprintable():
        return cast(str, data.pop("id"))
    return None


def convert_data(kind: EventType, data: Object) -> Data:
    """Check the known members of an event's data against its struct; raise Invalid naming the first wrong one."""
    try:
        return msgspec.convert(data, DATA_OF[kind])
    except msgspec.ValidationError as error:
        raise refusal(error, "data") from None


def moment_us(field: str, moment: Moment) -> int:
    """Return a sent moment in microseconds, or raise Invalid naming the field."""
    try:
        return parse_us(moment)
    except ValueError as error:
        raise Invalid.field(field, str(error)) from None


def default_us(known: Data, received_us: int) -> int:
    """Return the time of an event that brings none: its arrival, or when a gap was over. Raises Invalid."""
    until = known.until if isinstance(known, GapData) else None
    return received_us if until is None else moment_us("data.until", until)


def lasted_ms(known: Data, timestamp_us: int) -> float | None:
    """Return how long before its timestamp an event began, in milliseconds. Raises Invalid for a gap's moments."""
    if isinstance(known, StepData):
        return known.latency
    if not isinstance(known, GapData):
        return None
    if known.until is not None:
        moment_us("data.until", known.until)
    return None if known.from_ is None else max(0.0, (timestamp_us - moment_us("data.from", known.from_)) / 1000)


def call_of(known: InteractionData, prices: PriceTable, timestamp_us: int) -> Call:
    """Return the measurable side of an interaction, priced."""
    tokens = known.tokens
    cost_nanos, source = prices.cost(known.model, known.provider, tokens, known.cost, timestamp_us)
    return Call(
        model=known.model,
        provider=known.provider,
        input_tokens=tokens.input if tokens else None,
        output_tokens=tokens.output if tokens else None,
        cached_tokens=tokens.cached if tokens else None,
        reasoning_tokens=tokens.reasoning if tokens else None,
        cost_nanos=cost_nanos,
        cost_source=source,
        latency_ms=known.latency,
        first_token_ms=known.time_to_first_token,
    )


def is_error(known: Data) -> bool:
    """Say whether an event failed: an ``error`` that is set, one in the response's metadata, or a status that says
    so."""
    if isinstance(known, InteractionData):
        return bool(known.error) or _answered_failure(known.response_metadata)
    return isinstance(known, StepData) and (bool(known.error) or says_failed(known.status))


def _answered_failure(answer: Object | None) -> bool:
    if not answer:
        return False
    if STATUSES.isdisjoint(answer):
        return bool(answer.get("error"))
    return bool(answer.get("error")) or any(says_failed(answer[name]) for name in STATUSES if name in answer)


def type_name(value: Any) -> str:
    """Return JSON's word for a value's type."""
    if value is None:
        return "null"
    names = {bool: "bool", str: "str", int: "int", float: "float", list: "array", dict: "object"}
    return names.get(type(value), type(value).__name__)
