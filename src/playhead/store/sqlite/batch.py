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
from playhead.store.sqlite.messages import KnownNodes

_EVENTS = (
    "INSERT INTO events (no, session_no, id, type, timestamp_us, received_us, error, latency_ms, size_bytes, node,"
    " payload, change)"
)
_CHANGED = ("timestamp_us", "error", "latency_ms", "size_bytes", "node", "payload", "change")
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


class _Added(Struct, frozen=True):
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
    """Events of one write; ``store`` puts them into the tables."""

    def __init__(self, known: KnownNodes, packer: Packer) -> None:
        self._known = known
        self._packer = packer
        self._added: list[_Added] = []

    def add(self, session_no: int, seq: int, event: NewEvent, encoded: Encoded) -> None:
        """Take an event under its seq."""
        change = 0 if event.pending else None
        self._added.append(_Added(session_no, seq, event, encoded.links, encoded.text, change))

    def complete(self, session_no: int, seq: int, event: NewEvent, encoded: Encoded, *, change: int) -> None:
        """Take the interaction that a pending one has become, by a change of the session."""
        self._added.append(_Added(session_no, seq, event, encoded.links, encoded.text, change))

    def store(self, db: apsw.Connection) -> None:
        """Insert all rows, and complete those that were pending."""
        payloads = self._packer.pack_all([each.text for each in self._added])
        packed = list(zip(self._added, payloads, strict=True))
        insert_rows(db, _EVENTS, [_event_row(each, payload) for each, payload in packed if each.is_new])
        completed = [_completed_row(each, payload) for each, payload in packed if not each.is_new]
        insert_rows(db, _COMPLETED, completed, _COMPLETED_TAIL)
        insert_rows(
            db, _CALLS, [_call_row(each, each.event.call) for each in self._added if each.event.call is not None]
        )
        new = [(each.session_no, each.seq, link) for each, links in self._new_links() for link in links]
        insert_rows(db, _NODES, [(no, link.key, link.parent, link.message) for no, _, link in new])
        self._store_messages(db, new)

    def _new_links(self) -> Iterator[tuple[_Added, Sequence[Link]]]:
        with_links = [each for each in self._added if each.links]
        self._known.look_up([(each.session_no, each.links) for each in with_links])
        for each in with_links:
            yield each, self._known.new_links(each.session_no, each.links)

    def _store_messages(self, db: apsw.Connection, new: Sequence[tuple[int, int, Link]]) -> None:
        """Insert the messages of new nodes, each with its session and seq, where the session does not have them."""
        first: dict[tuple[int, bytes], tuple[int, bytes]] = {}
        for session_no, seq, link in new:
            first.setdefault((session_no, link.message), (seq, link.text))
        bodies = self._packer.pack_all([text for _, text in first.values()])
        rows = [(*key, seq, body) for (key, (seq, _)), body in zip(first.items(), bodies, strict=True)]
        insert_rows(db, _MESSAGES, rows, "ON CONFLICT DO NOTHING")


def _event_row(added: _Added, payload: bytes) -> Row:
    event = added.event
    return (
        event_no(added.session_no, added.seq),
        added.session_no,
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
        event_no(added.session_no, added.seq),
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


def _call_row(added: _Added, call: Call) -> Row:
    return (
        event_no(added.session_no, added.seq),
        added.session_no,
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
