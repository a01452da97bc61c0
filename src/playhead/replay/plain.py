"""Plain events: seen through at one look, and kept as they came.

Most events bring nothing but the members that their kind knows, each what it must be, as compact JSON. Such data is
decoded straight into its struct, and its text is what is stored. Whatever is not as plain as that is left to
``events``, which knows every other form and says what is wrong with it: nothing is refused here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from playhead.errors import Invalid
from playhead.model.event import (
    DATA_OF,
    CodeContextData,
    CursorPosition,
    Data,
    InteractionData,
    Name,
    Network,
    Object,
    RawEvent,
    SentEvent,
    SystemMetricsData,
    Tokens,
)
from playhead.model.moment import Moment
from playhead.replay.cost import PriceTable
from playhead.replay.events import facts, is_event_type

BLANKS = b" \t\r\n"
INNER: dict[type[Data], tuple[str, type[Struct]]] = {
    InteractionData: ("tokens", Tokens),
    CodeContextData: ("cursor_position", CursorPosition),
    SystemMetricsData: ("network", Network),
}
"""Members that are structs themselves."""
ELSEWHERE: Object = {}
"""What stands in the place of the data of an event whose data is its text."""


def _closed(kind: type[Struct], fields: Sequence[Any] = ()) -> Any:
    """Return a struct like another that has no other members: what is passed over would be stored without a look."""
    name = f"Plain{kind.__name__}"
    return msgspec.defstruct(name, fields, bases=(kind,), frozen=True, forbid_unknown_fields=True, kw_only=True)


def _decoder(kind: type[Data]) -> msgspec.json.Decoder[Any]:
    """Return a decoder for data of a kind that has no other members and tells whether it has a timestamp.

    The names in an interaction are texts to it: they are few, and looked at once (``_is_name``).
    """
    fields: list[Any] = [("timestamp", Moment | None | UnsetType, UNSET)]
    if kind in INNER:
        name, inner = INNER[kind]
        fields.append((name, _closed(inner) | None, None))
    if kind is InteractionData:
        fields += [("model", str), ("provider", str | None, None)]
    return msgspec.json.Decoder(_closed(kind, fields))


_DECODERS = {name: _decoder(kind) for name, kind in DATA_OF.items()}


@lru_cache(maxsize=4096)
def _is_name(text: str | None) -> bool:
    """Say whether a text may stand for a model or a provider."""
    try:
        msgspec.convert(text, Name | None)
    except msgspec.ValidationError:
        return False
    return True


def plain_event(
    event: RawEvent, text: bytes, *, event_id: str, received_us: int, prices: PriceTable
) -> SentEvent | None:
    """Return an event ready to be stored when its data, whose JSON is ``text``, is plain; else None.

    ``received_us`` is its time when it brings none. How deep and how long the text is has been checked.
    """
    if not is_event_type(event.type) or not _is_compact(text):
        return None
    try:
        known = _DECODERS[event.type].decode(text)
        found = facts(known, event.timestamp, received_us, prices)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, Invalid):
        return None
    prompt = None
    if isinstance(known, InteractionData):
        prompt = known.prompt
        if not (_is_name(known.model) and _is_name(known.provider)):
            return None
    if known.timestamp is not UNSET or (isinstance(prompt, str) and text.isascii() and not prompt.isascii()):
        return None
    return SentEvent(
        event_id,
        event.type,
        found.timestamp_us,
        received_us,
        ELSEWHERE,
        found.error,
        found.latency_ms,
        found.call,
        len(text),
        found.pending,
        found.dropped,
        text=text,
        messages=prompt if isinstance(prompt, list) else None,
    )


def _is_compact(text: bytes) -> bool:
    """Say whether no blank stands behind the first name of an object, and so most likely none between any members."""
    value = text.find(b":") + 1
    return text[value : value + 1] not in BLANKS
