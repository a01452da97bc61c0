"""Indexing: one step of the follower, from ``index_queue`` to the tables of ``search.db``.

Owns what is written into ``search.db``: the texts of queued events, the removal of erased sessions, the position, and
the rebuilding. Each step is one transaction, so that the position and the texts never disagree; to repeat one does no
harm.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
from msgspec import Struct

from playhead.store.payload import decode, from_json
from playhead.store.rows import TYPE_NAMES, event_no, seq_of
from playhead.store.sqlite.bulk import insert_rows
from playhead.store.sqlite.connection import SEARCH_DATABASE, open_search
from playhead.store.sqlite.dictionaries import learn_dictionaries
from playhead.store.sqlite.filters_sql import texts_table
from playhead.store.sqlite.places import find_places, remove_session, remove_text
from playhead.store.sqlite.reading import new_messages
from playhead.store.sqlite.schema import TEXTS
from playhead.store.texts import Document, event_document, label_document

STEP_ROWS = 1000
STEP_TEXTS = 2000
STEP_CHARS = 4 << 20

log = logging.getLogger("playhead.store")


class Queued(Struct, frozen=True, array_like=True):
    """One row of ``index_queue``."""

    no: int
    session_no: int
    project_no: int
    first_seq: int
    last_seq: int
    erased: int


class _Texts:
    """Gathers the texts of one step, so that they are written in few statements; knows how many are enough."""

    def __init__(self, index: apsw.Connection) -> None:
        self._index = index
        self._gathered: defaultdict[str, dict[int, tuple[str, ...]]] = defaultdict(dict)
        self._tables: set[str] = set()
        self._texts = STEP_TEXTS
        self._chars = STEP_CHARS

    def put(self, project: int, no: int, columns: tuple[str, ...]) -> None:
        self._gathered[self._table(project)][no] = columns
        self._texts -= 1
        self._chars -= sum(map(len, columns))

    def remove(self, project: int, no: int) -> None:
        """Remove a text at once: what is gathered cannot be of the same event, because a step sees one state."""
        remove_text(self._index, self._table(project), no)

    def remove_session(self, project: int, session_no: int) -> bool:
        """Remove texts of an erased session; return whether it was all of them."""
        return remove_session(self._index, self._table(project), session_no)

    def is_full(self) -> bool:
        return self._texts <= 0 or self._chars <= 0

    def write(self) -> None:
        for table, texts in self._gathered.items():
            places = find_places(self._index, texts.keys())
            rows = [(places[no], *columns) for no, columns in texts.items()]
            insert_rows(self._index, f"INSERT OR REPLACE INTO {table} (rowid, text, prompt, label)", rows)
        self._gathered.clear()

    def _table(self, project: int) -> str:
        """Return a project's table, made when it is the first text."""
        table = texts_table(project)
        if table not in self._tables:
            if self._index.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)).get is None:
                self._index.execute(TEXTS.format(table=table))
            self._tables.add(table)
        return table


def last_queued(database: apsw.Connection, schema: str = "main") -> int:
    """Return the number of the last row that was ever put into ``index_queue``."""
    return database.execute(f"SELECT seq FROM {schema}.sqlite_sequence WHERE name = 'index_queue'").get or 0


def position(index: apsw.Connection) -> tuple[int, int]:
    """Return how far the index has come: a row of ``index_queue`` that is done, and the seq within the next."""
    queue_no, seq = index.execute("SELECT queue_no, seq FROM position").get
    return int(queue_no), int(seq)


def step(source: apsw.Connection, index: apsw.Connection) -> int:
    """Bring the next texts into the index; return the last row of the queue that is done.

    ``source`` reads ``playhead.db``, ``index`` writes ``search.db``.
    """
    with index, source:
        index.execute("UPDATE position SET queue_no = queue_no")  # takes the write lock before the position is read
        learn_dictionaries(source)
        done, seq = position(index)
        texts = _Texts(index)
        for row in _queued(source, done):
            if row.erased:
                if not texts.remove_session(row.project_no, row.session_no):
                    break
            elif (stopped_at := _index(source, texts, row, seq + 1)) is not None:
                seq = stopped_at
                break
            done, seq = row.no, -1
        texts.write()
        index.execute("UPDATE position SET queue_no = ?, seq = ?", (done, seq))
    return done


def _queued(source: apsw.Connection, done: int) -> list[Queued]:
    rows = source.execute(
        "SELECT no, session_no, project_no, first_seq, last_seq, erased FROM index_queue"
        " WHERE no > ? ORDER BY no LIMIT ?",
        (done, STEP_ROWS),
    )
    return [Queued(*row) for row in rows]


def _index(source: apsw.Connection, texts: _Texts, row: Queued, first: int) -> int | None:
    """Gather a row's texts from a seq on; return the last seq that was, or None when the row is done."""
    if texts.is_full():
        return first - 1
    for seq, document in _documents(source, row, max(first, row.first_seq)):
        no, columns = event_no(row.session_no, seq), document.by_weight()
        if columns is not None:
            texts.put(row.project_no, no, columns)
        elif seq == 0 or row.first_seq == seq == row.last_seq:  # what may have had a text before
            texts.remove(row.project_no, no)
        if texts.is_full() and seq < row.last_seq:
            return seq
    return None


def _documents(source: apsw.Connection, row: Queued, first: int) -> Iterator[tuple[int, Document]]:
    if first == 0:
        yield from ((0, document) for document in _label(source, row.session_no))
    if row.last_seq < 1:
        return
    first = max(first, 1)
    messages = _Messages(new_messages(source, row.session_no, first, row.last_seq))
    events = source.execute(
        "SELECT no, type, payload FROM events WHERE no BETWEEN ? AND ?",
        (event_no(row.session_no, first), event_no(row.session_no, row.last_seq)),
    )
    for no, type_, payload in events:
        yield seq_of(no), _event_document(no, type_, payload, messages.of(seq_of(no)))


def _label(source: apsw.Connection, session_no: int) -> Iterator[Document]:
    for label, tags in source.execute("SELECT label, tags FROM sessions WHERE no = ?", (session_no,)):
        yield label_document(label, from_json(tags))


def _event_document(no: int, type_: int, payload: bytes, messages: list[Any]) -> Document:
    try:
        return event_document(TYPE_NAMES[type_], decode(payload), messages)
    except Exception:  # one strange event must not keep all others from being found
        log.exception("Event %d cannot be searched for: its texts cannot be read", no)
        return Document()


class _Messages:
    """Deals out messages, which come by seq, to the events that brought them."""

    def __init__(self, messages: Iterator[tuple[int, Any]]) -> None:
        self._messages = messages
        self._head = next(messages, None)

    def of(self, seq: int) -> list[Any]:
        found = []
        while self._head is not None and self._head[0] <= seq:
            found.append(self._head[1])
            self._head = next(self._messages, None)
        return found


# --- rebuilding ------------------------------------------------------------------------------------------------------


def prepare_index(database: apsw.Connection, data_dir: Path) -> None:
    """Make ``search.db`` where it is missing, and have everything indexed anew where it does not fit ``playhead.db``.

    ``database`` writes ``playhead.db``. To be called when a store is opened, before there are readers.
    """
    index = _opened(data_dir)
    try:
        if not _fits(database, index):
            log.warning("The search index does not fit the database: rebuilding it")
            _start_anew(database, index)
    finally:
        index.close()


def _opened(data_dir: Path) -> apsw.Connection:
    try:
        index = open_search(data_dir)
        position(index)
    except (apsw.NotADBError, apsw.CorruptError):
        log.warning("The search index cannot be read: making it anew")
        for suffix in ("", "-wal", "-shm"):
            (data_dir / (SEARCH_DATABASE + suffix)).unlink(missing_ok=True)
        return open_search(data_dir)
    return index


def _fits(database: apsw.Connection, index: apsw.Connection) -> bool:
    """Say whether what is queued begins where the index ends.

    The order of reading allows for another process at work.
    """
    first: int | None = database.execute("SELECT min(no) FROM index_queue").get
    done, _ = position(index)
    last = last_queued(database)
    return done <= last and (first <= done + 1 if first is not None else done == last)


def _start_anew(database: apsw.Connection, index: apsw.Connection) -> None:
    with index:
        index.execute("UPDATE position SET queue_no = 0, seq = -1")
        tables = index.execute("SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%'").fetchall()
        for (table,) in tables:
            index.execute(f"DROP TABLE {table}")
        index.execute("DELETE FROM blocks; DELETE FROM purges")
        with database:
            database.execute("DELETE FROM index_queue")
            done = last_queued(database)
            database.execute(
                "INSERT INTO index_queue (session_no, project_no, first_seq, last_seq)"
                " SELECT no, project_no, 0, last_seq FROM sessions ORDER BY no"
            )
        index.execute("UPDATE position SET queue_no = ?", (done,))
