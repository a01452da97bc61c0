"""A batch: the events that one write adds, of all its sessions, on their way into the tables.

Owns the form of the rows of ``events``, ``calls``, ``nodes`` and ``messages``. Events are encoded before they are
added, so that one which cannot be is refused by itself; compressing, the search for known messages and the inserts are
done for all of them together, in as few steps as possible.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apsw
from msgspec import Struct

from playhead.model.event import Call, NewEvent
from playhead.store.conversations import Encoded, Link
from playhead.store.payload import Packer
from playhead.store.rows import TYPE_NUMBERS, Row, clamp, event_no
from playhead.store.sqlite.bulk import insert_rows
from playhead.store.sqlite.event_ids import key_of
from playhead.store.sqlite.messages import KnownNodes

_EVENTS = (
    "INSERT INTO events (no, session_no, id, type, timestamp_us, received_us, error, latency_ms, size_bytes, node,"
    " change, payload)"
)
_CHANGED = ("timestamp_us", "error", "latency_ms", "size_bytes", "node", "change", "payload")
_COMPLETED = f"WITH completed (no, {', '.join(_CHANGED)}) AS ("
_COMPLETED_TAIL = (
    f") UPDATE events SET {', '.join(f'{name} = completed.{name}' for name in _CHANGED)}"
    " FROM completed WHERE events.no = completed.no"
)
_CALLS = (
    "INSERT INTO calls (no, session_no, model, provider, timestamp_us, latency_ms, first_token_ms, error, cost_nanos,"
    " cost_source, input_tokens, output_tokens, cached_tokens, reasoning_tokens)"
)
_NODES = "INSERT INTO nodes (session_no, key, parent, message)"
_MESSAGES = "INSERT INTO messages (session_no, hash, seq, body)"


class _Linked(Struct, frozen=True):
    """A conversation that an event of a session ends."""

    session_no: int
    seq: int
    links: Sequence[Link]


class Batch:
    """Events of one write; ``store`` puts them into the tables."""

    def __init__(self, known: KnownNodes, packer: Packer) -> None:
        self._known = known
        self._packer = packer
        self._new = _Rows()
        self._completed = _Rows()
        self._calls: list[Row] = []
        self._linked: list[_Linked] = []

    def add(self, session_no: int, seq: int, event: NewEvent, encoded: Encoded) -> None:
        """Take an event under its seq."""
        no = event_no(session_no, seq)
        self._new.put(
            (
                no,
                session_no,
                key_of(event.id),
                TYPE_NUMBERS[event.type],
                event.timestamp_us,
                event.received_us,
                event.error,
                event.latency_ms,
                event.size_bytes,
                encoded.links[-1].key if encoded.links else None,
                0 if event.pending else None,
                encoded.payload,
            ),
            encoded,
        )
        self._take_parts(no, session_no, seq, event, encoded)

    def complete(self, session_no: int, seq: int, event: NewEvent, encoded: Encoded, *, change: int) -> None:
        """Take the interaction that a pending one has become, by a change of the session."""
        no = event_no(session_no, seq)
        self._completed.put(
            (
                no,
                event.timestamp_us,
                event.error,
                event.latency_ms,
                event.size_bytes,
                encoded.links[-1].key if encoded.links else None,
                change,
                encoded.payload,
            ),
            encoded,
        )
        self._take_parts(no, session_no, seq, event, encoded)

    def store(self, db: apsw.Connection) -> None:
        """Insert all rows, and complete those that were pending."""
        insert_rows(db, _EVENTS, self._new.packed(self._packer))
        insert_rows(db, _COMPLETED, self._completed.packed(self._packer), _COMPLETED_TAIL)
        insert_rows(db, _CALLS, self._calls)
        new = [(each.session_no, each.seq, link) for each, links in self._new_links() for link in links]
        insert_rows(db, _NODES, [(no, link.key, link.parent, link.message) for no, _, link in new])
        self._store_messages(db, new)

    def _take_parts(self, no: int, session_no: int, seq: int, event: NewEvent, encoded: Encoded) -> None:
        if event.call is not None:
            self._calls.append(_call_row(no, session_no, event, event.call))
        if encoded.links:
            self._linked.append(_Linked(session_no, seq, encoded.links))

    def _new_links(self) -> Iterator[tuple[_Linked, Sequence[Link]]]:
        self._known.look_up([(each.session_no, each.links) for each in self._linked])
        for each in self._linked:
            yield each, self._known.new_links(each.session_no, each.links)

    def _store_messages(self, db: apsw.Connection, new: Sequence[tuple[int, int, Link]]) -> None:
        """Insert the messages of new nodes, each with its session and seq, where the session does not have them."""
        first: dict[tuple[int, bytes], tuple[int, bytes]] = {}
        for session_no, seq, link in new:
            first.setdefault((session_no, link.message), (seq, link.text))
        bodies = self._packer.pack_all([text for _, text in first.values()])
        rows = [(*key, seq, body) for (key, (seq, _)), body in zip(first.items(), bodies, strict=True)]
        insert_rows(db, _MESSAGES, rows, "ON CONFLICT DO NOTHING")


class _Rows:
    """Rows whose last column is a payload, and the texts of those that lack it yet."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._unpacked: dict[int, bytes] = {}

    def put(self, row: Row, encoded: Encoded) -> None:
        if encoded.payload is None:
            self._unpacked[len(self._rows)] = encoded.text
        self._rows.append(row)

    def packed(self, packer: Packer) -> list[Row]:
        payloads = packer.pack_all(list(self._unpacked.values()))
        for place, payload in zip(self._unpacked, payloads, strict=True):
            self._rows[place] = (*self._rows[place][:-1], payload)
        return self._rows


def _call_row(no: int, session_no: int, event: NewEvent, call: Call) -> Row:
    return (
        no,
        session_no,
        call.model,
        call.provider,
        event.timestamp_us,
        call.latency_ms,
        call.first_token_ms,
        event.error,
        clamp(call.cost_nanos),
        call.cost_source,
        call.input_tokens,
        call.output_tokens,
        call.cached_tokens,
        call.reasoning_tokens,
    )
