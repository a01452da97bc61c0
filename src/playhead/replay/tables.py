"""Tables: events as rows of CSV (RFC 4180) that are safe to open in a spreadsheet.

One row an event, with whole texts; what has no column of its own stands in ``data`` as JSON, so that nothing is left
out. Every cell is quoted, and one that would start a formula gets an apostrophe before it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from playhead.model.event import EventType, Object, StoredEvent
from playhead.model.moment import format_us
from playhead.replay.cost import NANOS

NAMES: Final[dict[EventType, str]] = {"user_action": "action", "code_context": "file"}
TEXTS: Final[dict[EventType, str]] = {"code_context": "snippet", "feedback": "comment"}
PLAIN: Final = ("prompt", "response", "input", "output", "model", "provider", "latency", "timeToFirstToken", "error")
COLUMNS: Final = (
    "sessionId",
    "seq",
    "id",
    "type",
    "timestamp",
    "receivedAt",
    "failed",
    "name",
    "text",
    *PLAIN,
    "inputTokens",
    "outputTokens",
    "cost",
    "costSource",
    "data",
)
"""``name`` is an action's, a file's or a step's; ``text`` a code snippet or a comment."""

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # Excel takes the wide ones too

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
        _take(rest, NAMES.get(event.type, "name")),
        _take(rest, TEXTS.get(event.type)),
        *(_take(rest, name) for name in PLAIN),
        call.input_tokens if call else None,
        call.output_tokens if call else None,
        _dollars(call.cost_nanos) if call and call.cost_source != "unknown" else None,
        call.cost_source if call else None,
        rest or None,
    ]
    return line(cells)


def line(cells: list[Any]) -> bytes:
    """Return cells as one line: strings as they are, None as nothing, anything else as JSON."""
    return ",".join(map(_cell, cells)).encode() + b"\r\n"


def _take(rest: Object, name: str | None) -> Any:
    return None if name is None else rest.pop(name, None)


def _dollars(nano_dollars: int) -> str:
    """Return an amount in full, without an exponent."""
    return f"{nano_dollars // NANOS}.{nano_dollars % NANOS:09}".rstrip("0").rstrip(".")


def _cell(value: Any) -> str:
    if value is None:
        return '""'
    text = value if isinstance(value, str) else _encode(value).decode()
    safe = f"'{text}" if text.startswith(FORMULA) else text
    return '"' + safe.replace('"', '""') + '"'
