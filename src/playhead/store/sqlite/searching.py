"""Searching: the texts that match a query, best first.

Reads the project's own index in ``search.db``, the sessions that hits belong to, and the events of one page of hits.
Of many matching texts the newest ``RANKED`` are ranked and the others follow by age, and above ``EXACT_UP_TO`` the
total is an estimate: so the commonest word costs little more than a rare one. Ranking is by where a text's words
stand and how often, which only the text itself tells: it is read of the ``COUNTED`` texts that come first by what the
index knows, and of all that have the words of a phrase.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from statistics import fmean, pstdev
from typing import Any, Final, TypeAlias

import apsw
from msgspec import Struct
from msgspec.structs import replace

from playhead.model.filters import SessionFilter
from playhead.model.results import EXACT_UP_TO, Hit, HitPage
from playhead.model.session import Session
from playhead.replay.words import Term, parse_query
from playhead.store.payload import from_json
from playhead.store.rows import MAX_INT, SESSION_COLUMNS, Row, seq_of, session_no_of, session_of
from playhead.store.spans import EVERY
from playhead.store.sqlite.asking import has_texts, match_of, narrowed_match_of, texts_table
from playhead.store.sqlite.counting import matching_of, sampled_sessions, total_of
from playhead.store.sqlite.filters_sql import matching_sessions_sql
from playhead.store.sqlite.narrowing import few_sessions, listings_of
from playhead.store.sqlite.phrases import LOOKED, are_indexed, look
from playhead.store.sqlite.places import (
    BLOCK_BITS,
    BLOCK_OF_SESSION,
    EVENT_NO,
    SESSION_NO,
    event_no_sql,
    joined_sql,
    texts_of_session_sql,
    varints,
)
from playhead.store.sqlite.reading import read_any_events
from playhead.store.sqlite.weighing import Counts, Weigher, rarity

FEW: Final = 300
"""Sessions that are looked through one by one rather than all texts with the words, where these are many."""
FEW_LISTED: Final = 5_000
"""Sessions whose blocks are listed, where all texts with the words would else be looked up with theirs."""
MOST_BLOCKS: Final = 100_000
TEXTS_OF_SEEK: Final = 300
"""Texts that are looked up with their sessions in about the time in which the texts of one session are sought."""
RANKED: Final = 1_000
COUNTED: Final = 100
"""Texts that are read to count a query's words in them."""
SAMPLED: Final = 150
NEWEST: Final = 2_000
"""Texts whose places tell how many there are in all."""
LOOKED_FIRST: Final = 4_000
"""Texts that are looked into for a phrase, however many hold it."""
AT_ONCE: Final = 1_000
"""Texts that are looked into at once thereafter, as long as a page is not full."""


_Text: TypeAlias = tuple[int, int, int, int]
"""A text that has the words: its place, its event's number, how many words it has, when its session started."""
_Ranked: TypeAlias = tuple[float, int, int, int]
"""A text in the order of hits, the greatest first: its score, its session's start, its event's number, its words."""


class _Found(Struct, frozen=True):
    """SQL for the texts that match in sessions that match, what it binds, and the table of texts; the places of all, in
    order, where they are known."""

    table: str
    sql: str
    bound: list[Any]
    places: array[int] | None = None

    def count(self, db: apsw.Connection, limit: int) -> int:
        """Return how many texts there are, up to a limit."""
        return int(db.execute(f"SELECT count(*) FROM (SELECT 1 {self.sql} LIMIT ?)", [*self.bound, limit]).get)

    def listed(self, db: apsw.Connection, limit: int) -> tuple[_Found, int]:
        """Return the same with all places known where these are no more than a limit, and how many there are, up to one
        more."""
        sql = f"SELECT json_group_array(place) FROM (SELECT {self.table}.rowid AS place {self.sql} LIMIT ?)"
        places = array("q", sorted(from_json(db.execute(sql, [*self.bound, limit + 1]).get)))
        return (self if len(places) > limit else replace(self, places=places)), len(places)

    def newest(self, db: apsw.Connection, limit: int, before: int = MAX_INT) -> list[_Text]:
        """Return the newest texts, those before a place; as one value, because each row costs a lock."""
        if self.places is not None:
            last = bisect_left(self.places, before)
            return self._of_places(db, self.places[max(0, last - limit) : last])
        place = f"{self.table}.rowid"
        bound = f"{'+' if _is_of_few(self) else ''}{place} < ?"  # FTS5 heeds one bound alone: a session's, or this one
        texts = (
            f"SELECT {place} AS place, {event_no_sql(self.table)} AS no, s.started_us AS started {self.sql} AND {bound}"
            f" ORDER BY {place} DESC LIMIT ?"
        )
        return self._texts(db, texts, [*self.bound, before, limit])

    def _of_places(self, db: apsw.Connection, places: array[int]) -> list[_Text]:
        """Return the texts that have some places, the newest first."""
        if not places:
            return []
        texts = (
            f"SELECT asked.value AS place, {EVENT_NO.format(place='asked.value')} AS no, s.started_us AS started"
            f" FROM carray(?) AS asked CROSS JOIN search.blocks b ON b.no = asked.value >> {BLOCK_BITS}"
            f" CROSS JOIN sessions s ON s.no = {SESSION_NO}"
        )
        return self._texts(db, texts, [apsw.carray(places[::-1])])

    def _texts(self, db: apsw.Connection, texts: str, values: list[Any]) -> list[_Text]:
        size = f"(SELECT hex(sz) FROM search.{self.table}_docsize WHERE id = place)"
        sql = f"SELECT json_group_array(json_array(place, no, {size}, started)) FROM ({texts})"
        found = from_json(str(db.execute(sql, values).get))
        return [(place, no, _words(size), started) for place, no, size, started in found]


@lru_cache(maxsize=4096)
def _words(size: str) -> int:
    """Return how many words a text has, of what FTS5 keeps of it."""
    return next(varints(bytes.fromhex(size)))


class _Looked(Struct, frozen=True):
    """Texts that hold all terms, of so many that were looked into, and whether these were all that have the words."""

    holding: list[tuple[_Text, Counts]]
    looked: int
    is_whole: bool

    def estimate(self, of_texts: int) -> int:
        """Return how many texts hold all terms where so many have the words."""
        if self.is_whole:
            return len(self.holding)
        return round(len(self.holding) / max(1, self.looked) * max(self.looked, of_texts))


def search(
    db: apsw.Connection, project: int, query: str, where: SessionFilter, *, limit: int = 20, offset: int = 0
) -> HitPage:
    """Return the texts that hold all terms of a query, in sessions that match; equal scores by newest first."""
    terms = parse_query(query)
    if not terms or not has_texts(db, project):
        return HitPage([], 0)
    found = _found(db, project, terms, where)
    if found is None:
        return HitPage([], 0)
    if are_indexed(terms):
        found, total = _counted(db, project, found, where)
        return _searched(db, found, terms, total, (limit, offset))
    looked = _look_into(db, found, terms, offset + limit)
    number = looked.estimate(0 if looked.is_whole else _counted(db, project, found, where)[1][0])
    return _looked(db, found, terms, (looked, number), (limit, offset))


def _searched(
    db: apsw.Connection, found: _Found, terms: list[Term], total: tuple[int, bool], asked: tuple[int, int]
) -> HitPage:
    """Return a page of what the index finds; ``asked`` are limit and offset."""
    limit, offset = asked
    number, is_estimate = total
    page = _best(db, found, terms, min(number, RANKED))[offset : offset + limit]
    if number > RANKED and len(page) < limit:
        page += _others(db, found, limit - len(page), max(offset, RANKED))
    ranked = RANKED if number > RANKED else None
    return HitPage(_hits(db, page), number, total_is_estimate=is_estimate, ranked=ranked)


def _looked(
    db: apsw.Connection, found: _Found, terms: list[Term], known: tuple[_Looked, int], asked: tuple[int, int]
) -> HitPage:
    """Return a page of what holds the phrases and of how many there are; ``asked`` are limit and offset."""
    limit, offset = asked
    looked, number = known
    weigher = _weigher(db, found.table, terms, [text for text, _ in looked.holding[:RANKED]])
    best: list[_Ranked] = [
        (weigher.weight(counts, size), started_us, no, size)
        for (_, no, size, started_us), counts in looked.holding[:RANKED]
    ]
    best.sort(reverse=True)
    rows = [(no, score) for score, _, no, _ in best] + [(no, 0.0) for (_, no, _, _), _ in looked.holding[RANKED:]]
    return HitPage(
        _hits(db, rows[offset : offset + limit]),
        number,
        total_is_estimate=not looked.is_whole,
        ranked=RANKED if number > RANKED else None,
    )


def _look_into(db: apsw.Connection, found: _Found, terms: list[Term], wanted: int) -> _Looked:
    """Look into the newest texts that have the words, until enough hold the terms; into ``LOOKED`` at most."""
    holding: list[tuple[_Text, Counts]] = []
    looked, last, is_end = 0, MAX_INT, False
    for most in (LOOKED_FIRST, *[AT_ONCE] * ((LOOKED - LOOKED_FIRST) // AT_ONCE)):
        texts = found.newest(db, most, last)
        for text, (_, counts) in zip(texts, look(db, terms, [no for _, no, _, _ in texts]), strict=False):
            looked, last = looked + 1, text[0]
            if all(counts):
                holding.append((text, counts))
        is_cut = bool(texts) and last > texts[-1][0]
        is_end = len(texts) < most and not is_cut
        if is_end or is_cut or len(holding) >= max(RANKED, wanted):
            break
    return _Looked(holding, looked, is_whole=is_end or not found.newest(db, 1, last))


def _found(db: apsw.Connection, project: int, terms: list[Term], where: SessionFilter) -> _Found | None:
    """Return the texts that have the words in sessions that match; None where no session does."""
    table = texts_table(project)
    match = match_of(terms) if are_indexed(terms) else narrowed_match_of(db, table, terms)
    condition, values = matching_sessions_sql(db, project, where)
    few = None if where == EVERY else few_sessions(db, listings_of(project, where), FEW)
    if few is not None and not few:
        return None
    if few is not None and _everywhere(table, match).count(db, TEXTS_OF_SEEK * len(few) + 1) > TEXTS_OF_SEEK * len(few):
        sql = (
            f"FROM carray(?) AS few CROSS JOIN sessions s ON s.no = few.value CROSS JOIN {texts_of_session_sql(table)}"
            f" AND {BLOCK_OF_SESSION} WHERE {table} MATCH ? AND {condition}"
        )
        return _Found(table, sql, [apsw.carray(few), match, *values])
    sql = f"FROM {joined_sql(table)} CROSS JOIN sessions s ON s.no = {SESSION_NO} WHERE {table} MATCH ? AND {condition}"
    return _Found(table, sql, [match, *values])


def _everywhere(table: str, match: str) -> _Found:
    """Return the texts that have the words, in any session."""
    return _Found(table, f"FROM search.{table} WHERE {table} MATCH ?", [match])


def _hits(db: apsw.Connection, ranked: Sequence[Row]) -> list[Hit]:
    sessions = _sessions(db, {session_no_of(no) for no, _ in ranked})
    events = read_any_events(db, [no for no, _ in ranked if seq_of(no)])
    return [Hit(sessions[session_no_of(no)], events.get(no), score) for no, score in ranked]


def _sessions(db: apsw.Connection, numbers: set[int]) -> dict[int, Session]:
    if not numbers:  # carray takes no empty list
        return {}
    asked = apsw.carray(array("q", numbers))
    sql = f"SELECT {SESSION_COLUMNS} FROM carray(?) AS asked CROSS JOIN sessions s ON s.no = asked.value"
    rows: list[Row] = db.execute(sql, (asked,)).fetchall()
    return {row[0]: session_of(row) for row in rows}


# --- how many --------------------------------------------------------------------------------------------------------


def _counted(db: apsw.Connection, project: int, found: _Found, where: SessionFilter) -> tuple[_Found, tuple[int, bool]]:
    """Return how many texts there are, and whether that is an estimate; with them where all had to be listed for it."""
    everywhere = _everywhere(found.table, _match(found))
    if _is_of_few(found) or everywhere.count(db, EXACT_UP_TO + 1) <= EXACT_UP_TO:
        return _listed(db, found)
    if where == EVERY:
        return found, (max(EXACT_UP_TO + 1, _extrapolated(db, everywhere)), True)
    estimate = _from_sample(db, project, found, where)
    if estimate is not None:
        return found, (estimate, True)
    return _listed(db, found, _in_blocks(db, project, found, where))


def _listed(db: apsw.Connection, found: _Found, same: _Found | None = None) -> tuple[_Found, tuple[int, bool]]:
    """Return how many texts there are, and these with all places where that is exact; ``same`` are quicker to list."""
    listed, count = (same or found).listed(db, EXACT_UP_TO)
    return replace(found, places=listed.places), (count, count > EXACT_UP_TO)


def _in_blocks(db: apsw.Connection, project: int, found: _Found, where: SessionFilter) -> _Found | None:
    """Return the same texts as those that lie in the blocks of sessions that match; None where these are many.

    To look a text's block up in a list takes a tenth of the time in which its session is read.
    """
    few = few_sessions(db, listings_of(project, where), FEW_LISTED)
    numbers = matching_of(db, matching_sessions_sql(db, project, where), few) if few is not None else ()
    if not numbers:
        return None
    of_sessions = (
        f"SELECT b.no FROM carray(?) AS asked CROSS JOIN sessions s ON s.no = asked.value"
        f" CROSS JOIN search.blocks b ON {BLOCK_OF_SESSION} LIMIT ?"
    )
    asked = [apsw.carray(array("q", numbers)), MOST_BLOCKS + 1]
    blocks = array("q", from_json(db.execute(f"SELECT json_group_array(no) FROM ({of_sessions})", asked).get))
    if not 0 < len(blocks) <= MOST_BLOCKS:
        return None
    table = found.table
    one_of = f"{table}.rowid >> {BLOCK_BITS} IN (SELECT asked.value FROM carray(?) AS asked)"
    return _Found(
        table, f"FROM search.{table} WHERE {table} MATCH ? AND {one_of}", [_match(found), apsw.carray(blocks)]
    )


def _is_of_few(found: _Found) -> bool:
    return found.sql.startswith("FROM carray")


def _match(found: _Found) -> Any:
    return found.bound[1 if _is_of_few(found) else 0]


def _extrapolated(db: apsw.Connection, everywhere: _Found) -> int:
    """Return about how many texts there are, from how closely the newest of them lie."""
    last: int = db.execute(f"SELECT max(id) FROM search.{everywhere.table}_docsize").get
    newest = f"SELECT {everywhere.table}.rowid AS place {everywhere.sql} ORDER BY 1 DESC LIMIT ?"
    count, first = db.execute(f"SELECT count(*), min(place) FROM ({newest})", [*everywhere.bound, NEWEST]).get
    return int(count * last / (last - first + 1))


def _from_sample(db: apsw.Connection, project: int, found: _Found, where: SessionFilter) -> int | None:
    """Return an estimate where it is as good as certain (by five deviations) that more than ``EXACT_UP_TO`` match."""
    condition, values = matching_sessions_sql(db, project, where)
    numbers = sampled_sessions(db, project, (condition, values))[:SAMPLED]
    if not numbers:
        return None
    sql = (
        f"SELECT json_group_array((SELECT count(*) FROM {texts_of_session_sql(found.table)} AND {BLOCK_OF_SESSION}"
        f" WHERE {found.table} MATCH ?)) FROM carray(?) AS asked CROSS JOIN sessions s ON s.no = asked.value"
    )
    counts: list[int] = from_json(db.execute(sql, [_match(found), apsw.carray(array("q", numbers))]).get)
    mean, spread = fmean(counts), pstdev(counts) / math.sqrt(len(counts))
    sessions, _ = total_of(db, project, where, listings_of(project, where))
    return round(mean * sessions) if (mean - 5 * spread) * sessions > EXACT_UP_TO else None


# --- which -----------------------------------------------------------------------------------------------------------


def _best(db: apsw.Connection, found: _Found, terms: list[Term], most: int) -> list[Row]:
    """Return number and score of the newest texts, the best first.

    What the index knows of a text is the least that it weighs; those that come first by that are read to count.
    """
    texts = found.newest(db, most) if most else []
    weigher = _weigher(db, found.table, terms, texts)
    best: list[_Ranked] = [(weigher.least(no, size), started_us, no, size) for _, no, size, started_us in texts]
    best.sort(reverse=True)
    looked = look(db, terms, [no for _, _, no, _ in best[:COUNTED]])
    counted: list[_Ranked] = [
        (max(least, weigher.weight(counts, size)), started_us, no, size)
        for (least, started_us, no, size), (_, counts) in zip(best, looked, strict=False)
    ]
    counted.sort(reverse=True)
    return [(no, score) for score, _, no, _ in (*counted, *best[len(counted) :])]


def _weigher(db: apsw.Connection, table: str, terms: list[Term], texts: Sequence[_Text]) -> Weigher:
    return Weigher(_rarities(db, table, terms), fmean(size for _, _, size, _ in texts) if texts else 1.0)


def _rarities(db: apsw.Connection, table: str, terms: list[Term]) -> list[float]:
    """Return how rare each term is, among so many texts as the last has a place for."""
    last: int = db.execute(f"SELECT max(id) FROM search.{table}_docsize").get or 0
    counts = (
        _Found(table, f"FROM search.{table} WHERE {table} MATCH ?", [narrowed_match_of(db, table, [term])]).count(
            db, NEWEST
        )
        for term in terms
    )
    return [rarity(count, last) for count in counts]


def _others(db: apsw.Connection, found: _Found, limit: int, offset: int) -> list[Row]:
    """Return the texts that are not ranked, the newest first."""
    rows: list[Row] = db.execute(
        f"SELECT {event_no_sql(found.table)}, 0.0 {found.sql} ORDER BY {found.table}.rowid DESC LIMIT ? OFFSET ?",
        [*found.bound, limit, min(offset, MAX_INT)],
    ).fetchall()
    return rows
