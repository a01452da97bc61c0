"""Indexing: one step of the follower, from ``index_queue`` to the tables of ``search.db``.

Owns what is written into ``search.db``: the texts of queued events, the removal of erased sessions, the position, and
the rebuilding. Each step is one transaction, so that the position and the texts never disagree; to repeat one does no
harm.
"""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from collections.abc import Sequence
from pathlib import Path

import apsw
from msgspec import Struct

from playhead.store.payload import from_json
from playhead.store.rows import event_no
from playhead.store.sqlite.asking import texts_table
from playhead.store.sqlite.bulk import insert_rows
from playhead.store.sqlite.connection import SEARCH_DATABASE, open_search
from playhead.store.sqlite.dictionaries import learn_dictionaries
from playhead.store.sqlite.documents import read_documents
from playhead.store.sqlite.places import find_places, remove_session, remove_text
from playhead.store.sqlite.schema import TEXTS
from playhead.store.texts import Document

STEP_ROWS = 600
STEP_TEXTS = 600
STEP_CHARS = 4 << 20
SPAN_EVENTS = 256

log = logging.getLogger("playhead.store")


class Queued(Struct, frozen=True, array_like=True):
    """One row of ``index_queue``."""

    no: int
    session_no: int
    project_no: int
    first_seq: int
    last_seq: int
    erased: int


class Span(Struct, frozen=True):
    """Events of a session that are read together: those with seqs from ``first`` (0: with its label) to ``last``."""

    row: Queued
    first: int
    last: int

    @property
    def is_end(self) -> bool:
        """Whether this is the last of the row."""
        return self.last >= self.row.last_seq


class _Texts:
    """Gathers the texts of one step, so that they are written in few statements; knows how many are enough."""

    def __init__(self, index: apsw.Connection) -> None:
        self._index = index
        self._gathered: defaultdict[str, dict[int, str]] = defaultdict(dict)
        self._tables: set[str] = set()
        self._texts = STEP_TEXTS
        self._chars = STEP_CHARS

    def put(self, project: int, no: int, words: str) -> None:
        self._gathered[self._table(project)][no] = words
        self._texts -= 1
        self._chars -= len(words)

    def remove(self, project: int, no: int) -> None:
        """Remove a text at once: what is gathered cannot be of the same event, because a step sees one state."""
        remove_text(self._index, self._table(project), no)

    def remove_session(self, project: int, session_no: int) -> bool:
        """Remove texts of an erased session; return whether it was all of them."""
        return remove_session(self._index, self._table(project), session_no)

    @property
    def room(self) -> int:
        return max(1, self._texts)

    def is_full(self) -> bool:
        return self._texts <= 0 or self._chars <= 0

    def write(self) -> None:
        for table, texts in self._gathered.items():
            places = find_places(self._index, texts.keys())
            rows = [(places[no], words) for no, words in texts.items()]
            insert_rows(self._index, f"INSERT OR REPLACE INTO {table} (rowid, words)", rows)
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


def has_erased(source: apsw.Connection, after: int, until: int) -> bool:
    """Say whether a session was erased by a row of ``index_queue`` behind one, up to another."""
    asked = "SELECT 1 FROM index_queue WHERE no > ? AND no <= ? AND erased LIMIT 1"
    return source.execute(asked, (after, until)).get is not None


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
        rows = deque(_queued(source, done))
        while rows and not texts.is_full():
            if rows[0].erased:
                if not texts.remove_session(rows[0].project_no, rows[0].session_no):
                    break
                done, seq = rows.popleft().no, -1
                continue
            spans = _next_spans(rows, seq, min(SPAN_EVENTS, texts.room))
            _index(source, texts, spans)
            last = spans[-1]
            done, seq = (last.row.no, -1) if last.is_end else (last.row.no - 1, last.last)
        texts.write()
        index.execute("UPDATE position SET queue_no = ?, seq = ?", (done, seq))
    return done


def _queued(source: apsw.Connection, done: int) -> list[Queued]:
    found = source.execute(
        "SELECT json_group_array(json_array(no, session_no, project_no, first_seq, last_seq, erased)) FROM"
        " (SELECT * FROM index_queue WHERE no > ? ORDER BY no LIMIT ?)",
        (done, STEP_ROWS),
    ).get
    return [Queued(*row) for row in from_json(str(found))]


def _next_spans(rows: deque[Queued], seq: int, room: int) -> list[Span]:
    """Take from the queue what is to be read next: so many events at most, up to the next erased session.

    ``seq`` is how far the first row has come already; one that is taken in part stays.
    """
    spans: list[Span] = []
    while rows and room > 0 and not rows[0].erased:
        row = rows[0]
        first = max(seq + 1, row.first_seq)
        span = Span(row, first, min(row.last_seq, first + room - 1))
        spans.append(span)
        room -= max(1, span.last - span.first + 1)
        if not span.is_end:
            break
        rows.popleft()
        seq = -1
    return spans


def _index(source: apsw.Connection, texts: _Texts, spans: Sequence[Span]) -> None:
    """Gather the texts of the spans."""
    asked = [(span.row.session_no, span.first, span.last) for span in spans]
    for key, seq, document in read_documents(source, asked):
        _take(texts, spans[key], seq, document)


def _take(texts: _Texts, span: Span, seq: int, document: Document) -> None:
    no, words = event_no(span.row.session_no, seq), document.words()
    if words:
        texts.put(span.row.project_no, no, words)
    elif seq == 0 or span.row.first_seq == seq == span.row.last_seq:  # what may have had a text before
        texts.remove(span.row.project_no, no)


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
