"""Reading sessions and their events: everything that asks for one session by name.

Each function takes a reading connection inside a transaction. Events come in pages and never as a whole session; a
timeline's marks are read without payloads. Lists, search and statistics live elsewhere.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import apsw

from playhead.errors import EventNotFound, SessionNotFound
from playhead.model.event import EventType, StoredEvent
from playhead.model.results import CallMark, EventPage, KindCount
from playhead.model.session import Session
from playhead.store.conversations import Prompts
from playhead.store.payload import decode
from playhead.store.rows import (
    EVENT_COLUMNS,
    MARK_COLUMNS,
    MAX_SEQ,
    SESSION_COLUMNS,
    TYPE_NAMES,
    TYPE_NUMBERS,
    Row,
    event_no,
    event_of,
    mark_of,
    seq_of,
    session_no_of,
    session_of,
)
from playhead.store.sqlite.event_ids import id_of, key_of
from playhead.store.sqlite.messages import read_prompts

EVENTS = (
    f"SELECT e.no, e.id, e.node, e.payload, {EVENT_COLUMNS} FROM carray(?) AS asked"
    " CROSS JOIN events AS e ON e.no = asked.value LEFT JOIN calls AS c ON c.no = e.no"
)
NODE, PAYLOAD = 2, 3
SUMMED = ("interactions", "steps")
"""Kinds that a session's row counts."""
OTHERS = [kind for kind, name in TYPE_NAMES.items() if f"{name}s" not in SUMMED]
KINDS = ", ".join(f"count(*) FILTER (WHERE type = {kind})" for kind in OTHERS)


def numbers_sql(wanted: str = "") -> str:
    """Return the statement for event numbers in time order, of session ?1 behind time ?2 and number ?3, at most ?4.

    In two halves, because SQLite does not look up a row value that holds the rowid: without them, finding a place
    among events of one time would walk through all of these.
    """
    columns, where = "SELECT timestamp_us, no FROM events", f"session_no = ?1 {wanted}"
    return (
        f"{columns} WHERE {where} AND timestamp_us = ?2 AND no > ?3"
        f" UNION ALL {columns} WHERE {where} AND timestamp_us > ?2 ORDER BY timestamp_us, no LIMIT ?4"
    )


MARKS = (
    f"SELECT e.no, e.id, {MARK_COLUMNS} FROM ({numbers_sql()}) AS n JOIN events AS e ON e.no = n.no"
    " LEFT JOIN calls AS c ON c.no = e.no ORDER BY n.timestamp_us, n.no"
)


def session_number(db: apsw.Connection, project: int, session_id: str) -> int:
    """Return the number by which the tables know a session. Raises SessionNotFound."""
    no: int | None = db.execute("SELECT no FROM sessions WHERE project_no = ? AND id = ?", (project, session_id)).get
    if no is None:
        raise SessionNotFound
    return no


def get_session(db: apsw.Connection, project: int, session_id: str) -> Session:
    """Return one session with its summary. Raises SessionNotFound."""
    row = db.execute(
        f"SELECT {SESSION_COLUMNS} FROM sessions AS s WHERE s.project_no = ? AND s.id = ?", (project, session_id)
    ).fetchone()
    if row is None:
        raise SessionNotFound
    return session_of(row)


def find_event(db: apsw.Connection, project: int, session_id: str, event_id: str) -> int:
    """Return the seq of an event by its id. Raises SessionNotFound, EventNotFound."""
    session_no = session_number(db, project, session_id)
    no: int | None = db.execute(
        "SELECT no FROM events WHERE session_no = ? AND id = ?", (session_no, key_of(event_id))
    ).get
    if no is None:
        raise EventNotFound
    return seq_of(no)


def get_events(
    db: apsw.Connection, session_no: int, *, after: int = 0, limit: int = 1000, types: Sequence[EventType] = ()
) -> EventPage:
    """Return events in time order, equal times by seq, from behind the event with seq ``after``."""
    numbers = _numbers_in_time_order(db, session_no, after=after, limit=limit, types=types)
    return _page(db, session_no, numbers, limit)


def get_events_since(db: apsw.Connection, session_no: int, seq: int, limit: int = 1000) -> EventPage:
    """Return events in order of arrival, with a seq above ``seq``."""
    rows = db.execute(
        "SELECT no FROM events WHERE no > ? AND no <= ? ORDER BY no LIMIT ?",
        (event_no(session_no, min(max(seq, 0), MAX_SEQ)), event_no(session_no, MAX_SEQ), limit + 1),
    )
    return _page(db, session_no, [no for (no,) in rows], limit)


def get_changed(db: apsw.Connection, session_no: int, change: int, seq: int, limit: int = 1000) -> EventPage:
    """Return events up to ``seq`` that were completed by a change above ``change``, in order of their changes."""
    rows = db.execute(
        "SELECT no FROM events WHERE session_no = ? AND change > 0 AND change > ? AND no <= ? ORDER BY change LIMIT ?",
        (session_no, max(change, 0), event_no(session_no, min(max(seq, 0), MAX_SEQ)), limit + 1),
    )
    numbers = [no for (no,) in rows]
    events = read_events(db, session_no, numbers[:limit])
    return EventPage(events, events[-1].change if len(numbers) > limit else None)


def get_events_by_seq(db: apsw.Connection, session_no: int, seqs: Sequence[int]) -> EventPage:
    """Return the events with these seqs, each once, in time order; absent ones are left out."""
    numbers = [event_no(session_no, seq) for seq in sorted(set(seqs)) if 0 < seq <= MAX_SEQ]
    events = read_events(db, session_no, numbers)
    return EventPage(sorted(events, key=lambda event: (event.timestamp_us, event.seq)))


def read_events(db: apsw.Connection, session_no: int, numbers: Sequence[int]) -> list[StoredEvent]:
    """Return events of one session by ``events.no``, whole, in the order asked for; absent ones are left out.

    Messages that several prompts contain are the same objects in each: copy before changing one.
    """
    rows = _rows(db, numbers)
    prompts = read_prompts(db, session_no, {row[NODE] for row in rows if row[NODE] is not None})
    return [_event(row, prompts) for row in rows]


def read_any_events(db: apsw.Connection, numbers: Sequence[int]) -> dict[int, StoredEvent]:
    """Return events of several sessions by ``events.no``, as ``read_events`` does those of one."""
    rows = _rows(db, numbers)
    ends: defaultdict[int, set[bytes]] = defaultdict(set)
    for row in rows:
        if row[NODE] is not None:
            ends[session_no_of(row[0])].add(row[NODE])
    prompts = {session_no: read_prompts(db, session_no, ends[session_no]) for session_no in ends}
    without = Prompts({}, {})
    return {row[0]: _event(row, prompts.get(session_no_of(row[0]), without)) for row in rows}


def _rows(db: apsw.Connection, numbers: Sequence[int]) -> list[Row]:
    return db.execute(EVENTS, (apsw.carray(array("q", numbers)),)).fetchall() if numbers else []


def _event(row: Row, prompts: Prompts) -> StoredEvent:
    return event_of(seq_of(row[0]), id_of(row[1]), prompts.data(row[PAYLOAD], row[NODE]), row)


def new_messages(db: apsw.Connection, session_no: int, first_seq: int, last_seq: int) -> Iterator[tuple[int, Any]]:
    """Yield each message that came first with one of these events, and that event's seq, by seq."""
    rows = db.execute(
        "SELECT seq, body FROM messages WHERE session_no = ? AND seq BETWEEN ? AND ? ORDER BY seq, no",
        (session_no, first_seq, last_seq),
    )
    for seq, body in rows:
        yield seq, decode(body)


def get_marks(db: apsw.Connection, session_no: int, *, after: int = 0, limit: int = 20_000) -> list[CallMark]:
    """Return what a timeline draws of each event, in time order from behind seq ``after``."""
    start = _start(db, session_no, after)
    if start is None:
        return []
    rows = db.execute(MARKS, (session_no, *start, limit))
    return [mark_of(seq_of(row[0]), id_of(row[1]), row) for row in rows]


def count_events(db: apsw.Connection, session_no: int) -> list[KindCount]:
    """Return how many events and errors of each kind a session has: its row and two indexes know, and no event is
    read; one of calls and steps alone is not gone through at all."""
    events, *summed = db.execute(f"SELECT events, {', '.join(SUMMED)} FROM sessions WHERE no = ?", (session_no,)).get
    counts = dict(zip((TYPE_NUMBERS["interaction"], TYPE_NUMBERS["step"]), summed, strict=True))
    if events > sum(summed):
        others = f"SELECT {KINDS} FROM events INDEXED BY events_time WHERE session_no = ?"
        counts |= zip(OTHERS, db.execute(others, (session_no,)).get, strict=True)
    failed = "SELECT type, count(*) FROM events WHERE session_no = ? AND error = 1 GROUP BY type"
    errors: dict[int, int] = dict(db.execute(failed, (session_no,)))
    found = ((kind, name, counts.get(kind, 0)) for kind, name in TYPE_NAMES.items())
    return [KindCount(name, count, errors.get(kind, 0)) for kind, name, count in found if count]


def _numbers_in_time_order(
    db: apsw.Connection, session_no: int, *, after: int, limit: int, types: Sequence[EventType]
) -> list[int]:
    start = _start(db, session_no, after)
    if start is None:
        return []
    kinds = ", ".join(str(TYPE_NUMBERS[name]) for name in sorted(types))
    rows = db.execute(numbers_sql(f"AND type IN ({kinds})" if kinds else ""), (session_no, *start, limit + 1))
    return [no for _, no in rows]


def _start(db: apsw.Connection, session_no: int, after: int) -> tuple[int, int] | None:
    """Return the place in time order behind which to begin, or None for an event that does not exist."""
    if after == 0:
        return -(1 << 63), 0
    if not 0 < after <= MAX_SEQ:
        return None
    row: Row | None = db.execute(
        "SELECT timestamp_us, no FROM events WHERE no = ?", (event_no(session_no, after),)
    ).fetchone()
    return None if row is None else (row[0], row[1])


def _page(db: apsw.Connection, session_no: int, numbers: list[int], limit: int) -> EventPage:
    events = read_events(db, session_no, numbers[:limit])
    return EventPage(events, events[-1].seq if events and len(numbers) > limit else None)
