"""Places: the rowids of texts in ``search.db``, and how their words are removed from its file.

Owns the tables ``blocks`` and ``purges`` (see ``schema``). A text is taken out of an index at once, so that nobody
finds it; its words stay in the index's pages until these are written anew, in steps that hold nothing up.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator
from typing import Any

import apsw

from playhead.store.rows import MAX_SEQ, SEQ_BITS, event_no
from playhead.store.sqlite.bulk import insert_rows

BLOCK_BITS = 5
LOWER = (1 << BLOCK_BITS) - 1
REMOVED_BLOCKS = 1000
"""How many blocks of an erased session are removed in one step."""
PURGED_PAGES = 200
STRUCTURE = 10
"""The row of an index's data in which FTS5 lists its segments."""
WITH_TOMBSTONES = b"\xff\x00\x00\x01"

EVENT_NO = f"((b.first << {BLOCK_BITS}) | ({{place}} & {LOWER}))"
BLOCK_OF_SESSION = (
    f"b.first BETWEEN s.no << {SEQ_BITS - BLOCK_BITS} AND (s.no << {SEQ_BITS - BLOCK_BITS}) + {MAX_SEQ >> BLOCK_BITS}"
)
SESSION_NO = f"b.first >> {SEQ_BITS - BLOCK_BITS}"


def joined_sql(table: str) -> str:
    """Return SQL for the texts of an index and the blocks (``b``) that say whose they are."""
    return f"search.{table} CROSS JOIN search.blocks b ON b.no = {table}.rowid >> {BLOCK_BITS}"


def texts_of_session_sql(table: str) -> str:
    """Return SQL for the texts of a session ``s``, with ``BLOCK_OF_SESSION`` as a condition."""
    span = f"b.no << {BLOCK_BITS} AND (b.no << {BLOCK_BITS}) + {LOWER}"
    return f"search.blocks b CROSS JOIN search.{table} ON {table}.rowid BETWEEN {span}"


def event_no_sql(table: str) -> str:
    """Return SQL for the number of a text's event, beside ``joined_sql``."""
    return EVENT_NO.format(place=f"{table}.rowid")


def find_places(index: apsw.Connection, numbers: Collection[int]) -> dict[int, int]:
    """Return the place of each event's text, given out where there is none yet."""
    firsts = {no >> BLOCK_BITS for no in numbers}
    if not firsts:
        return {}
    asked = apsw.carray(array("q", firsts))
    rows: list[Any] = index.execute(
        "SELECT first, no FROM blocks WHERE first IN (SELECT value FROM carray(?))", (asked,)
    ).fetchall()
    blocks: dict[int, int] = dict(rows)
    new = sorted(firsts - blocks.keys())
    if new:
        top = index.execute("SELECT max(no) FROM blocks").get or 0
        blocks |= {first: top + 1 + place for place, first in enumerate(new)}
        insert_rows(index, "INSERT INTO blocks (first, no)", [(first, blocks[first]) for first in new])
    return {no: blocks[no >> BLOCK_BITS] << BLOCK_BITS | no & LOWER for no in numbers}


def remove_text(index: apsw.Connection, table: str, no: int) -> None:
    """Take one event's text out of an index, if it has one."""
    block = index.execute("SELECT no FROM blocks WHERE first = ?", (no >> BLOCK_BITS,)).get
    if block is not None:
        index.execute(f"DELETE FROM {table} WHERE rowid = ?", (block << BLOCK_BITS | no & LOWER,))


def remove_session(index: apsw.Connection, table: str, session_no: int) -> bool:
    """Take a session's texts out of an index, some blocks at a time; return whether all are. They are to be purged."""
    blocks = index.execute(
        "SELECT no FROM blocks WHERE first BETWEEN ? AND ? LIMIT ?",
        (event_no(session_no, 0) >> BLOCK_BITS, event_no(session_no, MAX_SEQ) >> BLOCK_BITS, REMOVED_BLOCKS),
    ).fetchall()
    numbers = apsw.carray(array("q", [no for (no,) in blocks])) if blocks else None
    if numbers is not None:
        index.execute(
            f"DELETE FROM {table} WHERE rowid IN (SELECT d.id FROM carray(?) AS b CROSS JOIN {table}_docsize AS d"
            f" ON d.id BETWEEN b.value << {BLOCK_BITS} AND (b.value << {BLOCK_BITS}) + {LOWER})",
            (numbers,),
        )
        index.execute("DELETE FROM blocks WHERE no IN (SELECT value FROM carray(?))", (numbers,))
        index.execute("INSERT OR IGNORE INTO purges VALUES (?)", (table,))
    return len(blocks) < REMOVED_BLOCKS


# --- purging ---------------------------------------------------------------------------------------------------------


def is_purged(index: apsw.Connection) -> bool:
    """Say whether no word of an erased text is in the file."""
    return index.execute("SELECT 1 FROM purges").get is None


def purge_step(index: apsw.Connection) -> None:
    """Write some more pages of an index anew that has words of erased texts, without these; one transaction."""
    with index:
        index.execute("UPDATE purges SET name = name")  # takes the write lock before anything is read
        table = index.execute("SELECT name FROM purges").get
        if table is None:
            return
        if has_tombstones(index, table):
            index.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)", (-PURGED_PAGES,))
        else:
            index.execute("DELETE FROM purges WHERE name = ?", (table,))


def has_tombstones(index: apsw.Connection, table: str) -> bool:
    """Say whether any segment of an index still holds what was taken out of it."""
    found = index.execute(f"SELECT block FROM {table}_data WHERE id = ?", (STRUCTURE,)).get
    return any(pages for pages in _tombstone_pages(bytes(found)))


def _tombstone_pages(structure: bytes) -> Iterator[int]:
    """Yield for each segment how many pages name rows taken out of it.

    The record: a cookie of four bytes; four that say that there are such pages; then integers of SQLite's own varying
    length: levels, segments, a counter; for each level how many of its segments are being merged and how many it has;
    for each segment its id, first and last page, first and last origin, pages and entries of rows taken out, entries.
    """
    if structure[4:8] != WITH_TOMBSTONES:
        return
    numbers = varints(structure[8:])
    levels = next(numbers)
    next(numbers), next(numbers)
    for _ in range(levels):
        next(numbers)
        for _ in range(next(numbers)):
            _, _, _, _, _, pages, _, _ = (next(numbers) for _ in range(8))
            yield pages


def varints(data: bytes) -> Iterator[int]:
    """Yield whole numbers of SQLite's own varying length."""
    at = 0
    while at < len(data):
        value = 0
        for place in range(9):
            byte = data[at]
            at += 1
            if place == 8:
                value = value << 8 | byte
                break
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                break
        yield value


def merge_step(index: apsw.Connection, table: str) -> bool:
    """Bring an index closer to one segment by some pages; return whether there was anything to do."""
    before = index.total_changes()
    with index:
        index.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('merge', ?)", (-PURGED_PAGES,))
    return index.total_changes() - before >= 2
