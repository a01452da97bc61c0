"""Phrases: which of the texts that have a phrase's words hold the phrase.

The index does not know where words stand (see ``schema``), so these texts are read, the newest first, and so many at
most that a question stays one of a second. A query without phrases never gets here.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Final

import apsw
from msgspec import Struct

from playhead.replay.words import Finder, Term, is_indexed
from playhead.store.payload import from_json
from playhead.store.rows import session_no_of
from playhead.store.sqlite.asking import narrowed_match_of, texts_table
from playhead.store.sqlite.documents import read_texts
from playhead.store.sqlite.places import event_no_sql, joined_sql
from playhead.store.sqlite.weighing import Counts, weighted_counts

LOOKED: Final = 20_000
"""Texts that are looked into for one query at most."""
LOOKED_CHARS: Final = 64 << 20
FIRST: Final = 20
AT_ONCE: Final = 200
CHARS_AT_ONCE: Final = 4 << 20


class Holding(Struct, frozen=True):
    """Sessions in which texts hold all terms, and of which share of the texts that have the words these are."""

    sessions: array[int]
    share: float


def are_indexed(terms: Sequence[Term]) -> bool:
    """Say whether what the index finds holds all terms."""
    return all(map(is_indexed, terms))


def look(db: apsw.Connection, terms: Sequence[Term], numbers: Sequence[int]) -> Iterator[tuple[int, Counts]]:
    """Yield how often terms stand in the texts of events, in order, until ``LOOKED_CHARS`` have been read.

    Reads so many at once as are ``CHARS_AT_ONCE`` together, by what those before them were.
    """
    finders = [Finder(term) for term in terms]
    looked, chars = 0, 0
    while chars < LOOKED_CHARS and looked < len(numbers):
        most = min(AT_ONCE, max(1, CHARS_AT_ONCE * looked // chars)) if chars else FIRST
        some = numbers[looked : looked + most]
        counts = dict.fromkeys(some, [0.0] * len(finders))
        for no, document in read_texts(db, some):
            counts[no] = weighted_counts(document, finders)
            chars += document.chars()
        yield from counts.items()
        looked += len(some)


def holding_sessions(db: apsw.Connection, project: int, terms: Sequence[Term]) -> Holding:
    """Return the sessions of a project with a text that holds all terms, which must not be indexed ones; something of
    the project must be indexed. Reads what a reading transaction sees."""
    table = texts_table(project)
    asked = narrowed_match_of(db, table, terms)
    matching = f"FROM {joined_sql(table)} WHERE {table} MATCH ?"
    newest = f"SELECT {event_no_sql(table)} AS no {matching} ORDER BY {table}.rowid DESC LIMIT ?"
    numbers: list[int] = from_json(db.execute(f"SELECT json_group_array(no) FROM ({newest})", (asked, LOOKED + 1)).get)
    sessions: set[int] = set()
    looked = 0
    for no, counts in look(db, terms, numbers[:LOOKED]):
        looked += 1
        if all(counts):
            sessions.add(session_no_of(no))
    if looked == len(numbers):
        return Holding(array("q", sorted(sessions)), 1.0)
    every: int = db.execute(f"SELECT count(*) FROM search.{table} WHERE {table} MATCH ?", (asked,)).get
    return Holding(array("q", sorted(sessions)), looked / every)
