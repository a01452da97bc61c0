"""Indexing: one step of the follower, from ``index_queue`` into ``texts``.

A step is one transaction, so that what leaves the queue and what enters the index never disagree. One server at a time
takes a step, so that no older state of an event overtakes a newer one; the others try again a moment later.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from msgspec import Struct

from playhead.store.payload import decode, from_json
from playhead.store.postgres.bulk import Columns, insert_rows
from playhead.store.postgres.connection import Db
from playhead.store.postgres.lexemes import indexed
from playhead.store.postgres.reading import Place, new_messages
from playhead.store.rows import TYPE_NAMES, Row
from playhead.store.texts import Document, event_document, label_document

LOCK: Final = 0x706C6179_00000003
"""The advisory lock that a step is taken under."""
STEP_ROWS: Final = 500
STEP_TEXTS: Final = 2_000
STEP_CHARS: Final = 4 << 20
PAGE: Final = 200

_QUEUED: Final = (
    "SELECT q.no, q.session_no, q.project_no, q.first_seq, q.last_seq FROM index_queue AS q ORDER BY q.no LIMIT %s"
)
_KEEP: Final = "SELECT no, month, label, tags FROM sessions WHERE no = ANY(%s) ORDER BY no FOR KEY SHARE"
"""Keeps the sessions from being erased until the step is done; who writes to them is not held up."""
_TEXTS: Final[Columns] = {
    "session_no": "bigint",
    "month": "integer",
    "project_no": "integer",
    "seq": "integer",
    "tsv": "tsvector",
    "words": "text",
}
_REPLACE: Final = "ON CONFLICT (session_no, seq, month) DO UPDATE SET tsv = excluded.tsv, words = excluded.words"

log = logging.getLogger("playhead.store")


class _Queued(Struct, frozen=True, array_like=True):
    no: int
    session_no: int
    project_no: int
    first_seq: int
    last_seq: int


class _Step:
    """Gathers the texts of one step, so that they are written together; knows how many are enough."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._rows: dict[tuple[int, int], Row] = {}
        self._gone: dict[tuple[int, int], int] = {}
        self._texts = STEP_TEXTS
        self._chars = STEP_CHARS

    def put(self, place: Place, project: int, seq: int, document: Document) -> None:
        key = place.no, seq
        self._gone.pop(key, None)
        self._rows.pop(key, None)
        found = indexed(project, document)
        self._texts -= 1
        if found is None:
            self._gone[key] = place.month
            return
        self._chars -= len(found.tsv or "") + len(found.words or "")
        self._rows[key] = (place.no, place.month, project, seq, *found)

    def is_full(self) -> bool:
        return self._texts <= 0 or self._chars <= 0

    def write(self) -> None:
        insert_rows(self._db, f"INSERT INTO texts ({', '.join(_TEXTS)})", _TEXTS, list(self._rows.values()), _REPLACE)
        for (session_no, seq), month in self._gone.items():
            self._db.execute(
                "DELETE FROM texts WHERE month = %s AND session_no = %s AND seq = %s", (month, session_no, seq)
            )


def last_queued(db: Db) -> int:
    """Return the number of the last row in ``index_queue``, 0 when it is empty."""
    row = db.execute("SELECT coalesce(max(no), 0) FROM index_queue").fetchone()
    return 0 if row is None else int(row[0])


def first_queued(db: Db) -> int:
    """Return the number of the first row in ``index_queue``, 0 when it is empty."""
    row = db.execute("SELECT coalesce(min(no), 0) FROM index_queue").fetchone()
    return 0 if row is None else int(row[0])


def step(db: Db) -> bool | None:
    """Bring the next texts into the index; say whether there may be more, or None when another server is at it."""
    with db.transaction():
        locked = db.execute("SELECT pg_try_advisory_xact_lock(%s)", (LOCK,)).fetchone()
        if locked is None or not locked[0]:
            return None
        queued = [_Queued(*row) for row in db.execute(_QUEUED, (STEP_ROWS,))]
        if not queued:
            return False
        sessions = {row[0]: row[1:] for row in db.execute(_KEEP, ([row.session_no for row in queued],))}
        gathered = _Step(db)
        done = [row.no for row in _gather(db, gathered, queued, sessions)]
        gathered.write()
        db.execute("DELETE FROM index_queue WHERE no = ANY(%s)", (done,))
        return True


def _gather(db: Db, step_: _Step, queued: list[_Queued], sessions: dict[int, Row]) -> Iterator[_Queued]:
    """Gather texts until they are enough; yield each row that is done, and shorten the one that is not."""
    for row in queued:
        if step_.is_full():
            return
        session = sessions.get(row.session_no)
        stopped_at = None if session is None else _index(db, step_, row, session)
        if stopped_at is not None:
            db.execute("UPDATE index_queue SET first_seq = %s WHERE no = %s", (stopped_at + 1, row.no))
            return
        yield row


def _index(db: Db, step_: _Step, row: _Queued, session: Row) -> int | None:
    """Gather a row's texts; return the last seq that was, or None when the row is done."""
    month, label, tags = session
    place = Place(month, row.session_no)
    if row.first_seq == 0:
        step_.put(place, row.project_no, 0, label_document(label, from_json(tags)))
    for seq, document in _documents(db, place, max(row.first_seq, 1), row.last_seq):
        step_.put(place, row.project_no, seq, document)
        if step_.is_full() and seq < row.last_seq:
            return seq
    return None


def _documents(db: Db, place: Place, first: int, last: int) -> Iterator[tuple[int, Document]]:
    for start in range(first, last + 1, PAGE):
        end = min(start + PAGE - 1, last)
        found = groupby(new_messages(db, place, start, end), key=lambda pair: pair[0])
        messages = {seq: [message for _, message in pairs] for seq, pairs in found}
        events = db.execute(
            "SELECT seq, type, payload FROM events WHERE month = %s AND session_no = %s AND seq BETWEEN %s AND %s"
            " ORDER BY seq",
            (*place, start, end),
        )
        for seq, type_, payload in events:
            yield seq, _event_document(place, seq, type_, payload, messages.get(seq, []))


def _event_document(place: Place, seq: int, type_: int, payload: bytes, messages: list[Any]) -> Document:
    try:
        return event_document(TYPE_NAMES[type_], decode(payload), messages)
    except Exception:  # one strange event must not keep all others from being found
        log.exception("Event %d of session %d cannot be searched for: its texts cannot be read", seq, place.no)
        return Document()
