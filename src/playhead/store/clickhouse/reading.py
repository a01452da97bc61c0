"""Reading sessions and their events: everything that asks for one session by name.

A session's row is read first; it says where its log ends, and nothing behind that is looked at. Events come in pages;
a timeline's marks are read without payloads. Lists, search and statistics live elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from msgspec import Struct

from playhead.errors import EventNotFound, SessionNotFound
from playhead.model.event import EventType, StoredEvent
from playhead.model.results import CallMark, EventPage
from playhead.model.session import Session
from playhead.store.clickhouse.batch import unfold
from playhead.store.clickhouse.connection import Connection
from playhead.store.clickhouse.lookups import parts
from playhead.store.clickhouse.state import decode_state, session_of
from playhead.store.payload import from_json
from playhead.store.rows import MAX_SEQ, TYPE_NUMBERS, Row, event_of, mark_of

EVENT_COLUMNS: Final = (
    "seq, id, prompt, payload, type, timestamp_us, received_us, error, pending, change,"
    " if(cost_source = '', NULL, model), provider, input_tokens, output_tokens, cached_tokens, reasoning_tokens,"
    " cost_nanos, cost_source, latency_ms, first_token_ms"
)
"""An event's place, id, prompt and payload, and what ``event_of`` reads."""
PROMPT, PAYLOAD = 2, 3
MARK_COLUMNS: Final = (
    "seq, id, type, timestamp_us, error, latency_ms, first_token_ms, if(cost_source = '', NULL, model), cost_nanos,"
    " input_tokens, output_tokens, size_bytes, pending"
)
"""An event's place and id, and what ``mark_of`` reads."""
OF_SESSION: Final = "project_no = {project:UInt32} AND no = {no:UInt64} AND created = {created:Date}"
LOG: Final = f"{OF_SESSION} AND slot <= {{slots:UInt32}}"
COMPLETED: Final = f"(SELECT seq FROM events FINAL WHERE {LOG} AND change > 0)"
BY_TIME: Final = "ORDER BY timestamp_us, seq"


class Head(Struct, frozen=True):
    """What must be known of a session to read its log."""

    project: int
    no: int
    created: date
    slots: int
    changes: int
    messages: int

    @property
    def log(self) -> str:
        """The condition that an event is in the log, and not a pending one that has been completed."""
        return f"{LOG} AND NOT (pending AND seq IN {COMPLETED})" if self.changes else LOG

    def values(self, **more: Any) -> dict[str, Any]:
        """Return the values that the log's condition binds, with others."""
        return {"project": self.project, "no": self.no, "created": self.created, "slots": self.slots, **more}


def get_head(connection: Connection, project: int, session_id: str) -> Head:
    """Return where a session's log is and where it ends. Raises SessionNotFound."""
    return Head(project, *_row(connection, project, session_id, "no, created, slots, changes, messages"))


def get_session(connection: Connection, project: int, session_id: str) -> Session:
    """Return one session with its summary. Raises SessionNotFound."""
    (state,) = _row(connection, project, session_id, "state")
    return session_of(session_id, decode_state(state))


def _row(connection: Connection, project: int, session_id: str, columns: str) -> Row:
    rows = connection.query(
        f"SELECT {columns} FROM sessions FINAL WHERE project_no = {{project:UInt32}} AND id = {{id:String}}",
        {"project": project, "id": session_id},
        raw=["state"],
    )
    if not rows:
        raise SessionNotFound
    return rows[0]


def find_event(connection: Connection, head: Head, event_id: str) -> int:
    """Return the seq of an event by its id. Raises EventNotFound."""
    rows = connection.query(
        f"SELECT seq FROM events FINAL WHERE {LOG} AND id = {{id:String}} LIMIT 1", head.values(id=event_id)
    )
    if not rows:
        raise EventNotFound
    return int(rows[0][0])


def get_events(
    connection: Connection, head: Head, *, after: int = 0, limit: int = 1000, types: Sequence[EventType] = ()
) -> EventPage:
    """Return events in time order, equal times by seq, from behind the event with seq ``after``."""
    start = _start(connection, head, after)
    if start is None:
        return EventPage([])
    kinds = ", ".join(str(TYPE_NUMBERS[name]) for name in sorted(types))
    wanted = f"{_BEHIND} AND type IN ({kinds})" if kinds else _BEHIND
    rows = _select(connection, head, f"{wanted} {BY_TIME} LIMIT {int(limit) + 1}", **start)
    return _page(connection, head, rows, limit)


def get_events_since(connection: Connection, head: Head, seq: int, limit: int = 1000) -> EventPage:
    """Return events in order of arrival, with a seq above ``seq``."""
    rows = _select(connection, head, f"seq > {{seq:Int64}} ORDER BY seq LIMIT {int(limit) + 1}", seq=_clamped(seq))
    return _page(connection, head, rows, limit)


def get_changed(connection: Connection, head: Head, change: int, seq: int, limit: int = 1000) -> EventPage:
    """Return events up to ``seq`` that were completed by a change above ``change``, in order of their changes."""
    rows = _select(
        connection,
        head,
        f"change > {{change:Int64}} AND seq <= {{seq:Int64}} ORDER BY change LIMIT {int(limit) + 1}",
        change=_clamped(change),
        seq=_clamped(seq),
    )
    events = _events(connection, head, rows[:limit])
    return EventPage(events, events[-1].change if len(rows) > limit else None)


def get_events_by_seq(connection: Connection, head: Head, seqs: Iterable[int]) -> EventPage:
    """Return the events with these seqs, each once, in time order; absent ones are left out."""
    events = read_events(connection, head, {seq for seq in seqs if 0 < seq <= MAX_SEQ})
    return EventPage(sorted(events, key=lambda event: (event.timestamp_us, event.seq)))


def read_events(connection: Connection, head: Head, seqs: Collection[int]) -> list[StoredEvent]:
    """Return events of one session by seq, whole, in any order; absent ones are left out."""
    found: list[StoredEvent] = []
    for part in parts(sorted(seqs), lambda _: 10):
        rows = _select(connection, head, "seq IN {seqs:Array(UInt32)}", seqs=part)
        found += _events(connection, head, rows)
    return found


def read_many(
    connection: Connection, heads: Mapping[int, Head], wanted: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], StoredEvent]:
    """Return events of several sessions of one project by session number and seq; absent ones are left out."""
    found: dict[tuple[int, int], StoredEvent] = {}
    for part in parts(sorted(wanted), lambda _: 24):
        numbers = sorted({no for no, _ in part})
        rows = connection.query(
            f"SELECT no, slot, {EVENT_COLUMNS} FROM events FINAL WHERE project_no = {{project:UInt32}}"
            " AND no IN {numbers:Array(UInt64)} AND (no, seq) IN {wanted:Array(Tuple(UInt64, UInt32))} ORDER BY slot",
            {"project": heads[numbers[0]].project, "numbers": numbers, "wanted": part},
            raw=["payload"],
        )
        latest = {(no, row[0]): row for no, slot, *row in rows if slot <= heads[no].slots}
        messages = _messages_of_many(connection, heads, latest)
        found |= {place: _event_of(tuple(row), messages[place[0]]) for place, row in latest.items()}
    return found


def _messages_of_many(
    connection: Connection, heads: Mapping[int, Head], rows: Mapping[tuple[int, int], Sequence[Any]]
) -> dict[int, dict[int, Any]]:
    found: dict[int, dict[int, Any]] = {no: {} for no, _ in rows}
    wanted = {(no, number) for (no, _), row in rows.items() for number in unfold(row[PROMPT])}
    for part in parts(sorted(wanted), lambda _: 24):
        numbers = sorted({no for no, _ in part})
        bodies = connection.query(
            "SELECT no, number, body FROM messages FINAL WHERE project_no = {project:UInt32} AND no IN"
            " {numbers:Array(UInt64)} AND (no, number) IN {wanted:Array(Tuple(UInt64, UInt32))}",
            {"project": heads[numbers[0]].project, "numbers": numbers, "wanted": part},
            raw=["body"],
        )
        for no, number, body in bodies:
            found[no][number] = from_json(body)
    return found


def get_marks(connection: Connection, head: Head, *, after: int = 0, limit: int = 20_000) -> list[CallMark]:
    """Return what a timeline draws of each event, in time order from behind seq ``after``."""
    start = _start(connection, head, after)
    if start is None:
        return []
    rows = connection.query(
        f"SELECT {MARK_COLUMNS} FROM events FINAL WHERE {head.log} AND {_BEHIND} {BY_TIME} LIMIT {int(limit)}",
        head.values(**start),
    )
    return [mark_of(row[0], row[1], row) for row in rows]


_BEHIND: Final = "(timestamp_us, seq) > ({time:Int64}, {after:Int64})"


def _start(connection: Connection, head: Head, after: int) -> dict[str, int] | None:
    """Return the place in time order behind which to begin, or None for an event that does not exist."""
    if after == 0:
        return {"time": -(1 << 63), "after": 0}
    rows = connection.query(
        f"SELECT timestamp_us FROM events FINAL WHERE {head.log} AND seq = {{seq:Int64}}",
        head.values(seq=_clamped(after)),
    )
    return {"time": rows[0][0], "after": after} if rows else None


def _clamped(number: int) -> int:
    """Return a number within what seqs can be, and one beyond on either side."""
    return max(-1, min(number, MAX_SEQ + 1))


def _select(connection: Connection, head: Head, rest: str, **values: Any) -> Sequence[Row]:
    return connection.query(
        f"SELECT {EVENT_COLUMNS} FROM events FINAL WHERE {head.log} AND {rest}",
        head.values(**values),
        raw=["payload"],
    )


def _page(connection: Connection, head: Head, rows: Sequence[Row], limit: int) -> EventPage:
    events = _events(connection, head, rows[:limit])
    return EventPage(events, events[-1].seq if events and len(rows) > limit else None)


# --- events ----------------------------------------------------------------------------------------------------------


def _events(connection: Connection, head: Head, rows: Sequence[Row]) -> list[StoredEvent]:
    """Return the events of rows. Messages that several prompts contain are the same objects in each."""
    numbers = {number for row in rows for number in unfold(row[PROMPT])}
    messages = _messages(connection, head, numbers)
    return [_event_of(row, messages) for row in rows]


def _messages(connection: Connection, head: Head, numbers: Collection[int]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for part in parts(sorted(numbers), lambda _: 10):
        rows = connection.query(
            f"SELECT number, body FROM messages FINAL WHERE {OF_SESSION} AND number IN {{numbers:Array(UInt32)}}",
            head.values(numbers=part),
            raw=["body"],
        )
        found |= {number: from_json(body) for number, body in rows}
    return found


def _event_of(row: Row, messages: dict[int, Any]) -> StoredEvent:
    data = from_json(row[PAYLOAD])
    if row[PROMPT]:
        data["prompt"] = [messages[number] for number in unfold(row[PROMPT])]
    return event_of(row[0], row[1], data, row)
