"""Compacting: brings what is stored to its smallest form, beside a running server or without one.

Owns four steps, each of which may be cut off and done again: a dictionary is trained when that pays; payloads are made
anew with the newest, at a level that recording has no time for; the indexes are written as one segment; the files are
written without gaps. All but the last go in transactions of some milliseconds, so that a server that records meanwhile
waits for none. A file is written anew only when nobody else has it open; where somebody has, it is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import apsw

from playhead.errors import StoreBusy, StoreFull, Unavailable
from playhead.store.health import Compaction
from playhead.store.payload import (
    COMPACT_LEVEL,
    SHORTEST_WITH_DICTIONARY,
    Packer,
    dictionary_of,
    from_json,
    to_json,
    unpack_whole,
)
from playhead.store.sqlite.connection import DATABASE, SEARCH_DATABASE, open_database, open_search
from playhead.store.sqlite.dictionaries import (
    draw_samples,
    keep_dictionary,
    learn_dictionaries,
    newest_dictionary,
    train_dictionary,
)
from playhead.store.sqlite.indexing import prepare_index
from playhead.store.sqlite.places import is_purged, merge_step, purge_step
from playhead.store.sqlite.vacuum import give_back_step, is_due, rewrite

STEP_ROWS = 200
WORTH = 0.98
"""A payload is replaced by one below this share of its length."""
RETRAIN_GROWTH = 1.5
"""How many times as large as at its training a database is when another dictionary is tried."""
PAYLOADS: Final = (("events", "payload"), ("messages", "body"))

Say = Callable[[str], None]


class Repacked:
    """Counts payloads that were made anew, and their bytes."""

    def __init__(self) -> None:
        self.payloads = 0
        self.before_bytes = 0
        self.after_bytes = 0
        self.damaged = 0

    def add(self, before: bytes, after: bytes) -> None:
        """Count one."""
        self.payloads += 1
        self.before_bytes += len(before)
        self.after_bytes += len(after)


def compact(data_dir: Path, say: Say = lambda _: None) -> Compaction:
    """Do all steps; ``say`` is told what is being done.

    Raises StoreBusy when another program holds the database, StoreFull when there is no room, Unavailable when the
    database cannot be read; what has been done by then stays.
    """
    try:
        return _compact(data_dir, say)
    except (apsw.BusyError, apsw.LockedError) as error:
        raise StoreBusy("The database is locked by another program: try again") from error
    except apsw.FullError as error:
        raise StoreFull from error
    except apsw.Error as error:
        raise Unavailable(f"The database cannot be compacted: {error}. `playhead doctor` examines it") from error


def _compact(data_dir: Path, say: Say) -> Compaction:
    before = _bytes(data_dir)
    remarks: list[str] = []
    with closing(open_database(data_dir)) as db, closing(open_search(data_dir)) as index:
        say("training a dictionary")
        dictionary = _newest(db)
        say("compressing payloads")
        repacked = _repack_all(db, dictionary)
        prepare_index(db, data_dir)
        say("writing the search index as one")
        _merge_indexes(index)
    say("writing the files without gaps")
    for file in (DATABASE, SEARCH_DATABASE):
        remark = _shrink(data_dir, file)
        if remark:
            remarks.append(remark)
    if repacked.damaged:
        remarks.append(f"{repacked.damaged:,} payloads cannot be read and were left alone; see `playhead doctor`")
    return Compaction(
        before_bytes=before,
        after_bytes=_bytes(data_dir),
        dictionary=dictionary,
        repacked=repacked.payloads,
        repacked_before_bytes=repacked.before_bytes,
        repacked_after_bytes=repacked.after_bytes,
        remarks=remarks,
    )


def _bytes(data_dir: Path) -> int:
    return sum(path.stat().st_size for path in data_dir.glob("*.db*"))


# --- payloads --------------------------------------------------------------------------------------------------------


def _newest(db: apsw.Connection) -> int:
    """Return the dictionary to make payloads with: a new one, if there is much that the last was not trained from."""
    with db:
        learn_dictionaries(db)
        due = is_worth_training(db)
        samples = draw_samples(db) if due else None
    trained = train_dictionary(samples) if samples is not None else None
    if trained is not None:
        with db:
            keep_dictionary(db, trained)
    return newest_dictionary(db)


def is_worth_training(db: apsw.Connection) -> bool:
    """Say whether the database has grown by half since the last dictionary."""
    size = int(db.pragma("page_count")) * int(db.pragma("page_size"))
    last: int | None = db.execute("SELECT database_bytes FROM dictionaries ORDER BY no DESC LIMIT 1").get
    return last is None or size > RETRAIN_GROWTH * last


def _repack_all(db: apsw.Connection, dictionary: int) -> Repacked:
    repacked = Repacked()
    if dictionary:
        packer = Packer(dictionary, COMPACT_LEVEL)
        for table, column in PAYLOADS:
            done = _done_before(db, table, dictionary)
            for numbers, last in _to_repack(db, (table, column), dictionary, done):
                with db:
                    _note_done(db, table, dictionary, max(done, last))
                    _repack(db, (table, column), numbers, packer, repacked)
    return repacked


def _to_repack(
    db: apsw.Connection, place: tuple[str, str], dictionary: int, done: int
) -> Iterator[tuple[list[int], int]]:
    """Yield the numbers of rows to pack anew, a step's worth at a time, and the last number that was looked at.

    Up to ``done`` these are rows that another dictionary made, or none; behind it all.
    """
    table, column = place
    last = 0
    while True:
        rows: list[Any] = db.execute(
            f"SELECT no, substr({column}, 1, 18), length({column}) FROM {table} WHERE no > ? ORDER BY no LIMIT ?",
            (last, STEP_ROWS),
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        long = [(no, header) for no, header, length in rows if length >= SHORTEST_WITH_DICTIONARY]
        numbers = [no for no, header in long if no > done or dictionary_of(header) != dictionary]
        if numbers:
            yield numbers, last


def _repack(
    db: apsw.Connection, place: tuple[str, str], numbers: list[int], packer: Packer, repacked: Repacked
) -> None:
    """Make payloads anew, those that become shorter; inside a transaction that has the write lock."""
    table, column = place
    found = [(no, db.execute(f"SELECT {column} FROM {table} WHERE no = ?", (no,)).get) for no in numbers]
    there = [(no, blob) for no, blob in found if blob is not None]
    read = [(no, blob, text) for no, blob in there if (text := unpack_whole(blob)) is not None]
    repacked.damaged += len(there) - len(read)
    for (no, before, _), after in zip(read, packer.pack_all([text for _, _, text in read]), strict=True):
        if len(after) < len(before) * WORTH:
            db.execute(f"UPDATE {table} SET {column} = ? WHERE no = ?", (after, no))
            repacked.add(before, after)


def _done_before(db: apsw.Connection, table: str, dictionary: int) -> int:
    """Return up to which number an earlier run, cut off or not, packed a table with this dictionary."""
    noted = db.execute("SELECT value FROM installation WHERE name = ?", (f"compacted {table}",)).get
    by, last = from_json(bytes(noted)) if noted is not None else (0, 0)
    return last if by == dictionary else 0


def _note_done(db: apsw.Connection, table: str, dictionary: int, last: int) -> None:
    note = to_json([dictionary, last])
    db.execute("INSERT OR REPLACE INTO installation VALUES (?, ?)", (f"compacted {table}", note))


# --- files -----------------------------------------------------------------------------------------------------------


def _merge_indexes(index: apsw.Connection) -> None:
    """Remove what was erased, then write every index as one segment."""
    while not is_purged(index):
        purge_step(index)
    tables = index.execute("SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%'").fetchall()
    for (table,) in tables:
        pages = int(index.execute(f"SELECT count(*) FROM {table}_data").get)
        for _ in range(2 * pages):  # each step writes some hundred; a server that goes on indexing is no reason to
            if not merge_step(index, str(table)):
                break


def _shrink(data_dir: Path, file: str) -> str:
    """Write a file without gaps, when it is worth it and nobody else has it open; return what is to be told."""
    with closing(open_database(data_dir) if file == DATABASE else open_search(data_dir)) as db:
        if not is_due(db):
            return ""
        if rewrite(db):
            return ""
        while give_back_step(db):
            pass
    return f"{file} is in use: only its free pages were given back. Stop the server to write it without gaps"
