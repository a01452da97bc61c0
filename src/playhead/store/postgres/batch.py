"""A batch: the events that one run of writes adds, of all its sessions, on their way into the tables.

Owns the form of the rows of ``events``, ``calls``, ``nodes`` and ``messages``. Events are encoded before they are
added, so that one which cannot be is refused by itself; compressing, the search for known messages and the inserts are
done for all of them together, in as few statements as possible.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from playhead.model.event import Call, NewEvent
from playhead.store.conversations import Encoded, Link
from playhead.store.payload import pack_all
from playhead.store.postgres.bulk import Columns, add_rows, arrays, given, insert_rows
from playhead.store.postgres.connection import Db
from playhead.store.postgres.messages import KnownNodes
from playhead.store.rows import TYPE_NUMBERS, Row, clamp

_EVENTS: Final[Columns] = {
    "session_no": "int8",
    "month": "int4",
    "seq": "int4",
    "id": "text",
    "type": "int2",
    "timestamp_us": "int8",
    "received_us": "int8",
    "error": "bool",
    "latency_ms": "float8",
    "size_bytes": "int8",
    "node": "bytea",
    "payload": "bytea",
    "change": "int8",
}
_COMPLETED: Final[Columns] = {
    "session_no": "int8",
    "seq": "int4",
    **{
        name: _EVENTS[name]
        for name in ("timestamp_us", "error", "latency_ms", "size_bytes", "node", "payload", "change")
    },
}
_COMPLETE: Final = (
    f"UPDATE events AS e SET {', '.join(f'{name} = done.{name}' for name in list(_COMPLETED)[2:])}"
    f" FROM {given(_COMPLETED, 'done')} WHERE e.month = %s AND e.session_no = done.session_no AND e.seq = done.seq"
)
_CALLS: Final[Columns] = {
    "session_no": "int8",
    "month": "int4",
    "seq": "int4",
    "model": "text",
    "provider": "text",
    "timestamp_us": "int8",
    "latency_ms": "float8",
    "first_token_ms": "float8",
    "error": "bool",
    "cost_nanos": "int8",
    "cost_source": "text",
    "input_tokens": "int8",
    "output_tokens": "int8",
    "cached_tokens": "int8",
    "reasoning_tokens": "int8",
}
_NODES: Final[Columns] = {
    "session_no": "int8",
    "month": "int4",
    "key": "bytea",
    "parent": "bytea",
    "message": "bytea",
}
_MESSAGES: Final[Columns] = {
    "session_no": "int8",
    "month": "int4",
    "seq": "int4",
    "place": "int4",
    "hash": "bytea",
    "body": "bytea",
}


class _Added(Struct, frozen=True):
    month: int
    session_no: int
    seq: int
    event: NewEvent
    links: Sequence[Link]
    text: bytes
    change: int | None

    @property
    def is_new(self) -> bool:
        """Whether the event gets a row, or takes the place of the pending one in it."""
        return not self.change


class Batch:
    """Events of one run; ``store`` puts them into the tables. ``months`` are those of its sessions, by number."""

    def __init__(self, known: KnownNodes) -> None:
        self.months: dict[int, int] = {}
        self._known = known
        self._added: list[_Added] = []

    def add(self, session_no: int, seq: int, event: NewEvent, encoded: Encoded) -> None:
        """Take an event under its seq."""
        change = 0 if event.pending else None
        month = self.months[session_no]
        self._added.append(_Added(month, session_no, seq, event, encoded.links, encoded.text, change))

    def complete(self, session_no: int, seq: int, event: NewEvent, encoded: Encoded, *, change: int) -> None:
        """Take the interaction that a pending one has become, by a change of the session."""
        month = self.months[session_no]
        self._added.append(_Added(month, session_no, seq, event, encoded.links, encoded.text, change))

    def store(self, db: Db) -> None:
        """Insert all rows, and complete those that were pending."""
        if not self._added:
            return
        payloads = pack_all([each.text for each in self._added])
        packed = list(zip(self._added, payloads, strict=True))
        add_rows(db, "events", _EVENTS, [_event_row(each, payload) for each, payload in packed if each.is_new])
        self._complete(db, [(each, payload) for each, payload in packed if not each.is_new])
        calls = [_call_row(each, each.event.call) for each in self._added if each.event.call is not None]
        add_rows(db, "calls", _CALLS, calls)
        new = list(self._new_links())
        add_rows(db, "nodes", _NODES, [_node_row(each, link) for each, _, link in new])
        self._store_messages(db, new)

    def _complete(self, db: Db, completed: Sequence[tuple[_Added, bytes]]) -> None:
        by_month: defaultdict[int, list[Row]] = defaultdict(list)
        for each, payload in completed:
            by_month[each.month].append(_completed_row(each, payload))
        for month, rows in by_month.items():
            db.execute(_COMPLETE, [*arrays(_COMPLETED, rows), month])

    def _new_links(self) -> Iterator[tuple[_Added, int, Link]]:
        with_links = [each for each in self._added if each.links]
        self._known.look_up([(each.month, each.session_no, each.links) for each in with_links])
        for each in with_links:
            links = self._known.new_links(each.month, each.session_no, each.links)
            yield from ((each, place, link) for place, link in enumerate(links))

    def _store_messages(self, db: Db, new: Sequence[tuple[_Added, int, Link]]) -> None:
        """Insert the messages of new nodes, each with the event that brought it, where the session has them not."""
        first: dict[tuple[int, bytes], tuple[_Added, int, bytes]] = {}
        for each, place, link in new:
            first.setdefault((each.session_no, link.message), (each, place, link.text))
        bodies = pack_all([text for _, _, text in first.values()])
        rows = [
            (session_no, each.month, each.seq, place, hash_, body)
            for ((session_no, hash_), (each, place, _)), body in zip(first.items(), bodies, strict=True)
        ]
        head = f"INSERT INTO messages ({', '.join(_MESSAGES)})"
        insert_rows(db, head, _MESSAGES, rows, "ON CONFLICT DO NOTHING")


def _event_row(added: _Added, payload: bytes) -> Row:
    event = added.event
    return (
        added.session_no,
        added.month,
        added.seq,
        event.id,
        TYPE_NUMBERS[event.type],
        event.timestamp_us,
        event.received_us,
        event.error,
        event.latency_ms,
        event.size_bytes,
        _last_node(added),
        payload,
        added.change,
    )


def _completed_row(added: _Added, payload: bytes) -> Row:
    event = added.event
    return (
        added.session_no,
        added.seq,
        event.timestamp_us,
        event.error,
        event.latency_ms,
        event.size_bytes,
        _last_node(added),
        payload,
        added.change,
    )


def _last_node(added: _Added) -> bytes | None:
    return added.links[-1].key if added.links else None


def _node_row(added: _Added, link: Link) -> Row:
    return added.session_no, added.month, link.key, link.parent, link.message


def _call_row(added: _Added, call: Call) -> Row:
    return (
        added.session_no,
        added.month,
        added.seq,
        call.model,
        call.provider,
        added.event.timestamp_us,
        call.latency_ms,
        call.first_token_ms,
        added.event.error,
        clamp(call.cost_nanos),
        call.cost_source,
        call.input_tokens,
        call.output_tokens,
        call.cached_tokens,
        call.reasoning_tokens,
    )
