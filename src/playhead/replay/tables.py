"""Tables: events as rows of CSV (RFC 4180) that are safe to open in a spreadsheet.

One row an event, with whole texts; what has no column of its own stands in ``data`` as JSON, so that nothing is left out.
Every cell is quoted, and one that would start a formula gets an apostrophe before it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from playhead.model.event import EventType, Object, StoredEvent
from playhead.model.moment import format_us
from playhead.replay.cost import dollars

NAMES: Final[dict[EventType, str]] = {"user_action": "action", "code_context": "file", "step": "name"}
INPUTS: Final[dict[EventType, str]] = {"interaction": "prompt", "step": "input", "code_context": "snippet"}
OUTPUTS: Final[dict[EventType, str]] = {"interaction": "response", "step": "output", "feedback": "comment"}
PLAIN: Final = ("model", "provider", "latency", "timeToFirstToken", "error")
COLUMNS: Final = (
    "sessionId",
    "seq",
    "id",
    "type",
    "timestamp",
    "receivedAt",
    "failed",
    "name",
    "input",
    "output",
    "model",
    "provider",
    "latency",
    "timeToFirstToken",
    "error",
    "inputTokens",
    "outputTokens",
    "cost",
    "costSource",
    "data",
)
"""``name`` is an action, a file or a step; ``input`` and ``output`` are prompt and response, or what a kind has of them."""

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  # Excel takes these too

_encode = msgspec.json.Encoder().encode


def header() -> bytes:
    """Return the first line."""
    return line(list(COLUMNS))


def row(session_id: str, event: StoredEvent) -> bytes:
    """Return an event's line."""
    rest = dict(event.data)
    call = event.call
    cells = [
        session_id,
        event.seq,
        event.id,
        event.type,
        format_us(event.timestamp_us),
        format_us(event.received_us),
        event.error,
        _take(rest, NAMES.get(event.type)),
        _take(rest, INPUTS.get(event.type)),
        _take(rest, OUTPUTS.get(event.type)),
        *(_take(rest, name) for name in PLAIN),
        call.input_tokens if call else None,
        call.output_tokens if call else None,
        dollars(call.cost_nanos) if call and call.cost_source != "unknown" else None,
        call.cost_source if call else None,
        rest or None,
    ]
    return line(cells)


def line(cells: list[Any]) -> bytes:
    """Return cells as one line: strings as they are, None as nothing, anything else as JSON."""
    return ",".join(map(_cell, cells)).encode() + b"\r\n"


def _take(rest: Object, name: str | None) -> Any:
    return None if name is None else rest.pop(name, None)


def _cell(value: Any) -> str:
    if value is None:
        return '""'
    text = value if isinstance(value, str) else _encode(value).decode()
    safe = f"'{text}" if text.startswith(FORMULA) else text
    return '"' + safe.replace('"', '""') + '"'
