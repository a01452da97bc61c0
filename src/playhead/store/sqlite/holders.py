"""Holders: the sessions with a text that holds all terms of a search, every one of them or those among some.

The search index lists texts in the order in which they came. To list all that have a rare word is quick, and so is to
look for a common one in the texts of some sessions: this module does whichever costs less, and keeps what the last
question of a connection has found until anything is written. What it names may be erased by now or another project's:
sessions are still to be looked up.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final
from weakref import WeakKeyDictionary

import apsw

from playhead.replay.words import parse_query
from playhead.store.payload import from_json
from playhead.store.rows import MAX_SEQ, SEQ_BITS
from playhead.store.sqlite.asking import has_texts, match_of, texts_table
from playhead.store.sqlite.kept import kept
from playhead.store.sqlite.phrases import are_indexed, holding_sessions
from playhead.store.sqlite.places import BLOCK_BITS, LOWER, SESSION_NO, joined_sql

NEAR: Final = 200
"""Blocks between two that are passed in about the time in which the second is sought."""
FEW_SEEKS: Final = 32
TEXTS_OF_SEEK: Final = 2_000
"""Texts that are listed in about the time in which one block is sought."""
FIRST_BLOCKS: Final = 64
"""Blocks of a session that are looked for in any case."""
LENGTH_BITS: Final = 20
BISECTED: Final = 16
"""Numbers of a list that are gone through in about the time in which one is looked for in it."""
_FIRST_OF_SESSION: Final = f"asked.value << {SEQ_BITS - BLOCK_BITS}"


class Holders:
    """The sessions that one search of a project leaves, in one state of the files."""

    def __init__(self, project: int, query: str) -> None:
        self._project = project
        self._table = texts_table(project)
        self._terms = parse_query(query)
        self._every: array[int] | None = None
        self._share = 1.0
        self._more_than = 0

    def share(self, db: apsw.Connection) -> float:
        """Return of which share of the texts that may hold the terms ``every`` tells: less than all for a phrase of
        many."""
        if not are_indexed(self._terms):
            self.every(db)
        return self._share

    def every(self, db: apsw.Connection) -> array[int]:
        """Return the numbers of all sessions with such a text, in order."""
        if self._every is None:
            self._every = self._read(db)
        return self._every

    def few(self, db: apsw.Connection, most: int) -> array[int] | None:
        """Return the numbers of all, or None where these, or the texts that the index lists for them, are more than so
        many."""
        if self._every is None and self._is_sought(db):
            if most <= self._more_than:
                return None
            count, found = self._listed(db, most + 1)
            if count > most:
                self._more_than = most
                return None
            self._every = found
        every = self.every(db)
        return every if len(every) <= most else None

    def among(self, db: apsw.Connection, numbers: Sequence[int]) -> frozenset[int]:
        """Return those of some sessions that have such a text."""
        if not numbers:  # carray takes no empty list
            return frozenset()
        if self._every is None and self._is_sought(db):
            blocks = _blocks_of(db, numbers)
            ranges = array("q", _ranges(sorted(blocks)))
            if not self._are_better_listed(db, len(ranges)):
                held = frozenset(blocks[block] for block in self._in_ranges(db, ranges) if block in blocks)
                rest = set(numbers).difference(held)
                if not rest or not _has_long(db, rest):
                    return held
        return _common(self.every(db), numbers)

    def _is_sought(self, db: apsw.Connection) -> bool:
        """Say whether the index is to be asked, and knows all about the terms."""
        return bool(self._terms) and are_indexed(self._terms) and has_texts(db, self._project)

    def _are_better_listed(self, db: apsw.Connection, seeks: int) -> bool:
        """Say whether all are listed, which is found out by listing as many texts as take about the time of so many
        seeks; not again for a few more."""
        texts = TEXTS_OF_SEEK * seeks
        return seeks > FEW_SEEKS and texts >= 4 * self._more_than and self.few(db, texts) is not None

    def _read(self, db: apsw.Connection) -> array[int]:
        if self._is_sought(db):
            return self._listed(db, -1)[1]
        if not self._terms or not has_texts(db, self._project):
            return array("q")
        held = holding_sessions(db, self._project, self._terms)
        self._share = held.share
        return held.sessions

    def _listed(self, db: apsw.Connection, limit: int) -> tuple[int, array[int]]:
        """Return how many texts match, up to a limit, and the sessions that these are of."""
        texts = f"SELECT {SESSION_NO} AS no FROM {joined_sql(self._table)} WHERE {self._table} MATCH ? LIMIT ?"
        count, found = db.execute(
            f"SELECT count(*), json_group_array(DISTINCT no) FROM ({texts})", (match_of(self._terms), limit)
        ).get
        return count, array("q", sorted(from_json(found)))

    def _in_ranges(self, db: apsw.Connection, ranges: array[int]) -> list[int]:
        """Return the blocks with such a text in ranges of blocks, of which each is a first one and a length in one."""
        if not ranges:
            return []
        length = f"(value & {(1 << LENGTH_BITS) - 1})"
        low = f"(value >> {LENGTH_BITS}) << {BLOCK_BITS}"
        high = f"((value >> {LENGTH_BITS}) + {length} << {BLOCK_BITS}) + {LOWER}"
        place = f"{self._table}.rowid"
        blocks: list[int] = from_json(
            db.execute(
                # Materialized, because bounds are compared with each row.
                f"WITH asked AS MATERIALIZED (SELECT {low} AS low, {high} AS high FROM carray(?))"
                f" SELECT json_group_array(DISTINCT {place} >> {BLOCK_BITS}) FROM asked CROSS JOIN search.{self._table}"
                f" ON {place} BETWEEN asked.low AND asked.high WHERE {self._table} MATCH ?",
                (apsw.carray(ranges), match_of(self._terms)),
            ).get
        )
        return blocks


_LAST: Final[WeakKeyDictionary[apsw.Connection, tuple[object, Holders]]] = WeakKeyDictionary()
"""What each connection was asked last, and in which state of the files: one question asks for it several times."""


def holders_of(db: apsw.Connection, project: int, query: str) -> Holders:
    """Return the sessions that a search leaves, in the state of the files that a transaction sees."""
    asked = (kept(db).version, project, query)
    before = _LAST.get(db)
    if before is not None and before[0] == asked:
        return before[1]
    found = Holders(project, query)
    _LAST[db] = asked, found
    return found


def _common(every: array[int], numbers: Sequence[int]) -> frozenset[int]:
    """Return the numbers that are in a list, which is in order; a set of all of it would take ten times its room."""
    if BISECTED * len(numbers) > len(every):
        return frozenset(numbers).intersection(every)
    places = ((bisect_left(every, no), no) for no in numbers)
    return frozenset(no for place, no in places if place < len(every) and every[place] == no)


def _blocks_of(db: apsw.Connection, numbers: Sequence[int]) -> dict[int, int]:
    """Return the first blocks of texts of some sessions, and which session each is of."""
    pairs: list[tuple[int, int]] = from_json(
        db.execute(
            "SELECT json_group_array(json_array(b.no, asked.value)) FROM carray(?) AS asked CROSS JOIN search.blocks b"
            f" ON b.first BETWEEN {_FIRST_OF_SESSION} AND ({_FIRST_OF_SESSION}) + {FIRST_BLOCKS - 1}",
            (apsw.carray(array("q", numbers)),),
        ).get
    )
    return dict(pairs)


def _has_long(db: apsw.Connection, numbers: set[int]) -> bool:
    """Say whether any of some sessions has more blocks of texts than the first."""
    block = (
        f"SELECT 1 FROM search.blocks b WHERE b.first BETWEEN ({_FIRST_OF_SESSION}) + {FIRST_BLOCKS}"
        f" AND ({_FIRST_OF_SESSION}) + {MAX_SEQ >> BLOCK_BITS}"
    )
    asked = apsw.carray(array("q", numbers))
    return db.execute(f"SELECT 1 FROM carray(?) AS asked WHERE EXISTS ({block}) LIMIT 1", (asked,)).get is not None


def _ranges(blocks: Sequence[int]) -> Iterator[int]:
    """Yield ranges that have all of some blocks, in order, and little between them."""
    longest = (1 << LENGTH_BITS) - 1
    first = last = -1
    for block in blocks:
        if first >= 0 and block - last <= NEAR and block - first <= longest:
            last = block
            continue
        if first >= 0:
            yield first << LENGTH_BITS | last - first
        first = last = block
    if first >= 0:
        yield first << LENGTH_BITS | last - first
