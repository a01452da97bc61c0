"""Documents: the searchable texts of events and of sessions' labels, read from ``playhead.db``.

One way for the follower, which indexes them, and for searches that have to look into a text. Runs few statements for
many documents; knows no index.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

import apsw
from msgspec import Struct

from playhead.store.payload import decode, from_json, to_json
from playhead.store.rows import TYPE_NAMES, event_no, seq_of, session_no_of
from playhead.store.texts import Document, event_document, label_document

READ_BYTES = 4 << 20

Span: TypeAlias = tuple[int, int, int]
"""A session's number, and the first and last seq of its events; 0 is its own label and tags."""

log = logging.getLogger("playhead.store")


class Tables(Struct, frozen=True):
    """What is read of ranges that are given as JSON (``span``): SQL for columns, for a payload, and for where from."""

    columns: str
    payload: str
    source: str


_EVENTS: Final = Tables(
    "span.key, e.no, e.type",
    "e.payload",
    "FROM json_each(?) AS span CROSS JOIN events AS e ON e.no BETWEEN span.value ->> 0 AND span.value ->> 1",
)
_MESSAGES: Final = Tables(
    "span.key, m.seq, m.no",
    "m.body",
    "FROM json_each(?) AS span CROSS JOIN messages AS m ON m.session_no = span.value ->> 0"
    " AND m.seq BETWEEN span.value ->> 1 AND span.value ->> 2",
)
_LABELS: Final = (
    "SELECT json_group_array(json_array(span.key, s.label, s.tags)) FROM json_each(?) AS span"
    " CROSS JOIN sessions AS s ON s.no = span.value ->> 0 WHERE span.value ->> 1 = 0"
)


def read_documents(db: apsw.Connection, spans: Sequence[Span]) -> Iterator[tuple[int, int, Document]]:
    """Yield the place of each span, and the seq and texts of each event in it; an event that is gone is left out.

    Dictionaries must be learned. What cannot be read has no texts.
    """
    for key, label, tags in from_json(str(db.execute(_LABELS, (to_json(spans).decode(),)).get)):
        yield key, 0, label_document(label, from_json(tags))
    messages = _messages(db, spans)
    ranges = [(event_no(session_no, max(1, first)), event_no(session_no, last)) for session_no, first, last in spans]
    for key, no, type_, payload in _read(db, _EVENTS, ranges):
        seq = seq_of(no)
        yield key, seq, _event_document(no, type_, payload, messages[key, seq])


def read_texts(db: apsw.Connection, numbers: Sequence[int]) -> Iterator[tuple[int, Document]]:
    """Yield the texts of events with their numbers, in any order; those that are there."""
    spans = [(session_no_of(no), seq_of(no), seq_of(no)) for no in numbers]
    return ((numbers[key], document) for key, _, document in read_documents(db, spans))


def _messages(db: apsw.Connection, spans: Sequence[Span]) -> defaultdict[tuple[int, int], list[Any]]:
    """Return the messages that came first with each event, by the span's place and the event's seq."""
    found: defaultdict[tuple[int, int], list[Any]] = defaultdict(list)
    asked = [(session_no, max(1, first), last) for session_no, first, last in spans]
    for key, seq, _, body in _read(db, _MESSAGES, asked):
        found[key, seq].append(_message(body))
    return found


def _message(body: bytes) -> Any:
    try:
        return decode(body)
    except Exception:
        log.exception("A message cannot be searched for: it cannot be read")
        return None


def _read(db: apsw.Connection, tables: Tables, asked: Sequence[tuple[int, ...]]) -> Iterator[tuple[Any, ...]]:
    """Yield rows whose last column is a payload, in the order asked for.

    All of them as one row where they are not too large together, because each call of SQLite gives up the
    interpreter's lock (see ``bulk``).
    """
    ranges = to_json(asked).decode()
    total = db.execute(f"SELECT total(octet_length({tables.payload})) {tables.source}", (ranges,)).get
    if total > READ_BYTES:
        yield from db.execute(f"SELECT {tables.columns}, {tables.payload} {tables.source}", (ranges,))
        return
    row = f"json_array({tables.columns}, hex({tables.payload}))"
    decode_hex = bytes.fromhex
    for *columns, payload in from_json(
        str(db.execute(f"SELECT json_group_array({row}) {tables.source}", (ranges,)).get)
    ):
        yield (*columns, decode_hex(payload))


def _event_document(no: int, type_: int, payload: bytes, messages: list[Any]) -> Document:
    try:
        return event_document(TYPE_NAMES[type_], decode(payload), messages)
    except Exception:  # one strange event must not keep all others from being found
        log.exception("Event %d cannot be searched for: its texts cannot be read", no)
        return Document()
