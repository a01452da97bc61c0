"""Reading sessions and their events: everything that asks for one session by name.

Each function takes a connection inside a transaction. Events come in pages and never as a whole session; a timeline's
marks are read without payloads. Lists, search and statistics live elsewhere. A session is found once, as a ``Place``;
all that belongs to it is then read from its own partition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from playhead.errors import EventNotFound, SessionNotFound
from playhead.model.event import EventType, StoredEvent
from playhead.model.results import CallMark, EventPage
from playhead.model.session import Session
from playhead.store.payload import decode
from playhead.store.postgres.connection import Db
from playhead.store.postgres.messages import read_prompts
from playhead.store.rows import (
    EVENT_COLUMNS,
    MARK_COLUMNS,
    MAX_SEQ,
    SESSION_COLUMNS,
    TYPE_NUMBERS,
    Row,
    event_of,
    mark_of,
    session_of,
)

COLUMNS: Final = f"e.seq, e.id, e.node, e.payload, {EVENT_COLUMNS}"
NODE, PAYLOAD = 2, 3
WITH_CALLS: Final = (
    "events AS e LEFT JOIN calls AS c ON c.month = %(month)s AND c.session_no = %(no)s AND c.seq = e.seq"
)
OF_SESSION: Final = "e.month = %(month)s AND e.session_no = %(no)s"
IN_TIME_ORDER: Final = f"{OF_SESSION} AND (e.timestamp_us, e.seq) > (%(time)s, %(seq)s)"


class Place(NamedTuple):
    """Where a session lies: its partition, and the number by which the tables know it."""

    month: int
    no: int


def find_place(db: Db, project: int, session_id: str) -> Place:
    """Return where a session lies. Raises SessionNotFound."""
    if "\x00" not in session_id:
        asked = "SELECT month, no FROM sessions WHERE project_no = %s AND id = %s"
        row = db.execute(asked, (project, session_id)).fetchone()
        if row is not None:
            return Place(*row)
    raise SessionNotFound


def get_session(db: Db, project: int, session_id: str) -> Session:
    """Return one session with its summary. Raises SessionNotFound."""
    if "\x00" not in session_id:
        asked = f"SELECT {SESSION_COLUMNS} FROM sessions AS s WHERE s.project_no = %s AND s.id = %s"
        row = db.execute(asked, (project, session_id)).fetchone()
        if row is not None:
            return session_of(row)
    raise SessionNotFound


def find_event(db: Db, place: Place, event_id: str) -> int:
    """Return the seq of an event by its id. Raises EventNotFound."""
    if "\x00" not in event_id:
        asked = "SELECT seq FROM events WHERE month = %s AND session_no = %s AND id = %s"
        row = db.execute(asked, (*place, event_id)).fetchone()
        if row is not None:
            return int(row[0])
    raise EventNotFound


def get_events(
    db: Db, place: Place, *, after: int = 0, limit: int = 1000, types: Sequence[EventType] = ()
) -> EventPage:
    """Return events in time order, equal times by seq, from behind the event with seq ``after``."""
    start = _start(db, place, after)
    if start is None:
        return EventPage([])
    wanted = "AND e.type = ANY(%(types)s)" if types else ""
    rows = db.execute(
        f"SELECT {COLUMNS} FROM {WITH_CALLS} WHERE {IN_TIME_ORDER} {wanted}"
        " ORDER BY e.timestamp_us, e.seq LIMIT %(limit)s",
        {**start, "types": [TYPE_NUMBERS[name] for name in types], "limit": limit + 1},
    ).fetchall()
    return _page(db, place, rows, limit)


def get_events_since(db: Db, place: Place, seq: int, limit: int = 1000) -> EventPage:
    """Return events in order of arrival, with a seq above ``seq``."""
    rows = db.execute(
        f"SELECT {COLUMNS} FROM {WITH_CALLS} WHERE {OF_SESSION} AND e.seq > %(seq)s ORDER BY e.seq LIMIT %(limit)s",
        {**place._asdict(), "seq": _bounded(seq), "limit": limit + 1},
    ).fetchall()
    return _page(db, place, rows, limit)


def get_changed(db: Db, place: Place, change: int, seq: int, limit: int = 1000) -> EventPage:
    """Return events up to ``seq`` that were completed by a change above ``change``, in order of their changes."""
    rows = db.execute(
        f"SELECT {COLUMNS} FROM {WITH_CALLS} WHERE {OF_SESSION} AND e.change > 0 AND e.change > %(change)s"
        " AND e.seq <= %(seq)s ORDER BY e.change LIMIT %(limit)s",
        {**place._asdict(), "change": max(change, 0), "seq": _bounded(seq), "limit": limit + 1},
    ).fetchall()
    events = _events(db, place, rows[:limit])
    return EventPage(events, events[-1].change if len(rows) > limit else None)


def get_events_by_seq(db: Db, place: Place, seqs: Sequence[int]) -> EventPage:
    """Return the events with these seqs, each once, in time order; absent ones are left out."""
    events = read_events(db, place, seqs)
    return EventPage(sorted(events, key=lambda event: (event.timestamp_us, event.seq)))


def read_events(db: Db, place: Place, seqs: Sequence[int]) -> list[StoredEvent]:
    """Return events of one session, whole, in order of seq; absent ones are left out.

    Messages that several prompts contain are the same objects in each: copy before changing one.
    """
    wanted = sorted({seq for seq in seqs if 0 < seq <= MAX_SEQ})
    if not wanted:
        return []
    rows = db.execute(
        f"SELECT {COLUMNS} FROM {WITH_CALLS} WHERE {OF_SESSION} AND e.seq = ANY(%(seqs)s) ORDER BY e.seq",
        {**place._asdict(), "seqs": wanted},
    ).fetchall()
    return _events(db, place, rows)


def new_messages(db: Db, place: Place, first_seq: int, last_seq: int) -> Iterator[tuple[int, Any]]:
    """Yield each message that came first with one of these events, and that event's seq, by seq."""
    rows = db.execute(
        "SELECT seq, body FROM messages WHERE month = %s AND session_no = %s AND seq BETWEEN %s AND %s"
        " ORDER BY seq, place",
        (*place, first_seq, last_seq),
    )
    for seq, body in rows:
        yield seq, decode(body)


def get_marks(db: Db, place: Place, *, after: int = 0, limit: int = 20_000) -> list[CallMark]:
    """Return what a timeline draws of each event, in time order from behind seq ``after``."""
    start = _start(db, place, after)
    if start is None:
        return []
    rows = db.execute(
        f"SELECT e.seq, e.id, {MARK_COLUMNS} FROM {WITH_CALLS} WHERE {IN_TIME_ORDER}"
        " ORDER BY e.timestamp_us, e.seq LIMIT %(limit)s",
        {**start, "limit": limit},
    )
    return [mark_of(row[0], row[1], row) for row in rows]


def _start(db: Db, place: Place, after: int) -> dict[str, int] | None:
    """Return the place in time order behind which to begin, or None for an event that does not exist."""
    if after == 0:
        return {**place._asdict(), "time": -(1 << 63), "seq": 0}
    if not 0 < after <= MAX_SEQ:
        return None
    asked = "SELECT timestamp_us FROM events WHERE month = %s AND session_no = %s AND seq = %s"
    row = db.execute(asked, (*place, after)).fetchone()
    return None if row is None else {**place._asdict(), "time": row[0], "seq": after}


def _bounded(seq: int) -> int:
    return min(max(seq, 0), MAX_SEQ)


def _page(db: Db, place: Place, rows: Sequence[Row], limit: int) -> EventPage:
    events = _events(db, place, rows[:limit])
    return EventPage(events, events[-1].seq if events and len(rows) > limit else None)


def _events(db: Db, place: Place, rows: Sequence[Row]) -> list[StoredEvent]:
    prompts = read_prompts(db, *place, {row[NODE] for row in rows if row[NODE] is not None})
    return [event_of(row[0], row[1], prompts.data(row[PAYLOAD], row[NODE]), row) for row in rows]
