"""Copying: events as another store can take them, with what answers leave out: sizes, latencies, brought messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from playhead.store.clickhouse.connection import Connection
from playhead.store.clickhouse.lookups import parts
from playhead.store.clickhouse.reading import OF_SESSION, Head, read_events
from playhead.store.copies import EventCopy, event_copy
from playhead.store.payload import from_json
from playhead.store.rows import MAX_SEQ

_MEASURED: Final = (
    f"SELECT seq, latency_ms, size_bytes FROM events FINAL WHERE {OF_SESSION} AND slot <= {{slots:UInt32}}"
    " AND seq IN {seqs:Array(UInt32)} ORDER BY slot"
)
_BROUGHT: Final = (
    f"SELECT seq, body FROM messages FINAL WHERE {OF_SESSION} AND number <= {{messages:UInt32}}"
    " AND seq IN {seqs:Array(UInt32)} ORDER BY number"
)


def copy_events(connection: Connection, head: Head, seqs: Sequence[int]) -> list[EventCopy]:
    """Return events by their seqs, with all that is kept of them, in order of seq."""
    wanted = sorted({seq for seq in seqs if 0 < seq <= MAX_SEQ})
    events = sorted(read_events(connection, head, wanted), key=lambda event: event.seq)
    measured: dict[int, tuple[float | None, int]] = {}
    for part in parts(wanted, lambda _: 10):
        rows = connection.query(_MEASURED, head.values(seqs=part))
        measured |= {seq: (latency_ms, size_bytes) for seq, latency_ms, size_bytes in rows}
    brought = _brought(connection, head, [event.seq for event in events if event.change])
    return [event_copy(event, *measured[event.seq], brought.get(event.seq, [])) for event in events]


def _brought(connection: Connection, head: Head, seqs: Sequence[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for part in parts(seqs, lambda _: 10):
        values = head.values(seqs=part, messages=head.messages)
        for seq, body in connection.query(_BROUGHT, values, raw=["body"]):
            found.setdefault(seq, []).append(from_json(body))
    return found
