"""Dictionaries in the database: which there are, when another is due, what it is trained from.

Owns the table ``dictionaries``. A row is there before any payload names it, and is learned by every transaction that
reads payloads, so that a reader, in this process or another, knows whatever it can see. Making one is
``store.dictionaries``; when to look whether one is due is ``upkeep``'s.
"""

from __future__ import annotations

from collections.abc import Iterator

import apsw
from msgspec import Struct

from playhead.errors import PlayheadError
from playhead.store.dictionaries import pays, train
from playhead.store.payload import is_learned, learn, unpack_whole
from playhead.store.rows import MAX_SEQ, event_no

KIND = "payload"
FIRST_BYTES = 4 << 20
"""How large a database is when its first dictionary is trained."""
GROWTH = 4
"""How many times as large it is when the next one is."""
SAMPLED_SESSIONS = 400
FAR_APART = 149  # has no divisor in common with the number of sessions: each place once, neighbours late
SAMPLED_TEXTS = 16
LARGEST_SAMPLE = 32 << 10
MOST_SAMPLED = 6 << 20


class Trained(Struct, frozen=True):
    """A dictionary that is not in the database yet, and what it was trained at: the latest arrival, the size."""

    id: int
    content: bytes
    trained_us: int
    database_bytes: int


def learn_dictionaries(db: apsw.Connection) -> None:
    """Learn every dictionary that this transaction can see."""
    for id_ in _ids(db):
        if not is_learned(id_):
            learn(db.execute("SELECT content FROM dictionaries WHERE id = ?", (id_,)).get)


def newest_dictionary(db: apsw.Connection) -> int:
    """Return the id of the dictionary to make payloads with, learned, or 0."""
    learn_dictionaries(db)
    return db.execute("SELECT id FROM dictionaries ORDER BY no DESC LIMIT 1").get or 0


def _ids(db: apsw.Connection) -> list[int]:
    found: str | None = db.execute("SELECT group_concat(id) FROM dictionaries").get
    return [int(id_) for id_ in found.split(",")] if found else []


def is_due(db: apsw.Connection, tried_bytes: int = 0) -> bool:
    """Say whether the database has grown enough for another; ``tried_bytes`` is its size when that came to nothing."""
    last: int | None = db.execute("SELECT database_bytes FROM dictionaries ORDER BY no DESC LIMIT 1").get
    return database_bytes(db) >= max(FIRST_BYTES, GROWTH * (last or 0), 2 * tried_bytes)


def database_bytes(db: apsw.Connection) -> int:
    """Return the size of the database as a transaction sees it."""
    return int(db.pragma("page_count")) * int(db.pragma("page_size"))


class Samples(Struct, frozen=True):
    """Payloads of sessions from all over the database, as JSON, and what the database was like when they were drawn."""

    sessions: list[list[bytes]]
    latest_us: int
    database_bytes: int


def draw_samples(db: apsw.Connection) -> Samples:
    """Read the samples to train a dictionary from, in one read transaction."""
    sessions: list[list[bytes]] = []
    drawn = 0
    for no in _session_numbers(db):
        texts = [text for text in _texts(db, no) if len(text) <= LARGEST_SAMPLE]
        sessions.append(texts)
        drawn += sum(map(len, texts))
        if drawn > MOST_SAMPLED:
            break
    latest: int | None = db.execute("SELECT last_arrival_us FROM sessions ORDER BY no DESC LIMIT 1").get
    return Samples(sessions, latest or 0, database_bytes(db))


def _session_numbers(db: apsw.Connection) -> Iterator[int]:
    """Yield sessions from all over the database, so that those before any limit are from everywhere too."""
    first, last = db.execute("SELECT (SELECT min(no) FROM sessions), (SELECT max(no) FROM sessions)").get
    if first is None:
        return
    drawn: set[int] = set()
    for place in range(SAMPLED_SESSIONS):
        start = first + (last - first) * (place * FAR_APART % SAMPLED_SESSIONS) // SAMPLED_SESSIONS
        no: int = db.execute("SELECT no FROM sessions WHERE no >= ? ORDER BY no LIMIT 1", (start,)).get
        if no not in drawn:
            drawn.add(no)
            yield no


def _texts(db: apsw.Connection, session_no: int) -> Iterator[bytes]:
    events = db.execute(
        "SELECT payload FROM events WHERE no BETWEEN ? AND ? LIMIT ?",
        (event_no(session_no, 1), event_no(session_no, MAX_SEQ), SAMPLED_TEXTS),
    )
    messages = db.execute("SELECT body FROM messages WHERE session_no = ? LIMIT ?", (session_no, SAMPLED_TEXTS))
    for rows in (events, messages):
        yield from (text for (blob,) in rows if (text := unpack_whole(blob)) is not None)


def train_dictionary(samples: Samples) -> Trained | None:
    """Return a dictionary of the samples, learned; None when it would not pay. Takes a second of computing."""
    held_out = samples.sessions[::4]
    content = train([session for place, session in enumerate(samples.sessions) if place % 4])
    if content is None:
        return None
    try:
        id_ = learn(content)
    except ValueError as error:
        raise PlayheadError(f"The dictionary cannot be used: {error}") from error
    if not pays(id_, held_out):
        return None
    return Trained(id_, content, samples.latest_us, samples.database_bytes)


def keep_dictionary(db: apsw.Connection, trained: Trained) -> None:
    """Insert a dictionary; payloads may name it when this is on stable storage."""
    db.execute(
        "INSERT INTO dictionaries (id, kind, trained_us, database_bytes, content) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (trained.id, KIND, trained.trained_us, trained.database_bytes, trained.content),
    )
