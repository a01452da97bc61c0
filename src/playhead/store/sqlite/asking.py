"""Asking: what a project's index in ``search.db`` is called, and what it is asked for.

An index knows the words of each text and not their order, so that it finds at least what holds a query's terms:
``is_indexed`` says whether it finds nothing else. What else there is, ``phrases`` tells apart; so of the words of a
sentence those are enough that hardly any other text has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import apsw

from playhead.replay.words import Term, index_words

MOST_WORDS: Final = 32
"""Words of one phrase that the index is asked for; the texts are read in any case."""
TELLING: Final = 3
"""Words that are asked for instead of all, where these tell enough; others are asked for with them until they do."""
MOST_COUNTED: Final = 20_000
"""Texts of a word that are counted; of more it is estimated how many have it."""
STRAY: Final = 10.0
"""Texts that may have all telling words by chance."""
FIRST_TEXTS: Final = 200
"""Texts whose places tell about how many have a word."""


def texts_table(project: int) -> str:
    """Return the name of a project's index in ``search.db``."""
    return f"texts_{project:d}"


def has_texts(db: apsw.Connection, project: int) -> bool:
    """Say whether anything of a project has been indexed yet."""
    found = db.execute("SELECT 1 FROM search.sqlite_schema WHERE name = ?", (texts_table(project),))
    return found.fetchone() is not None


def match_of(terms: Sequence[Term]) -> str:
    """Return an FTS5 expression that asks for the words of all terms; these hold letters and digits only, so nothing
    is escaped."""
    return " AND ".join(dict.fromkeys(_asked(terms)))


def narrowed_match_of(db: apsw.Connection, table: str, terms: Sequence[Term]) -> str:
    """Return an FTS5 expression that asks for the words of all terms, or for some of them that few texts have; with
    phrases, what is found is to be read in any case. ``table`` is the project's index, which must be there.

    To find the texts that have sixteen words takes as long as to list the texts of each.
    """
    every = dict.fromkeys(_asked(terms))
    whole = [word for word in every if not word.endswith("*")]
    if len(whole) <= TELLING:
        return " AND ".join(every)
    last: int = db.execute(f"SELECT max(id) FROM search.{table}_docsize").get or 1
    densities = {word: _density(db, table, word, last) for word in whole}
    rarest = sorted(whole, key=densities.__getitem__)
    stray = float(last)
    for place, word in enumerate(rarest, 1):
        stray *= max(_count(db, table, word) / last, densities[word])
        if place >= TELLING and stray <= STRAY:
            return " AND ".join(rarest[:place])
    return " AND ".join(every)


def _density(db: apsw.Connection, table: str, word: str, last: int) -> float:
    """Return how close the oldest texts lie that have a word, or all where these are few, up to the last place."""
    places = f"SELECT rowid AS place FROM search.{table} WHERE {table} MATCH ? ORDER BY rowid LIMIT {FIRST_TEXTS}"
    count, place = db.execute(f"SELECT count(*), max(place) FROM ({places})", (word,)).get
    return float(count / (place if count == FIRST_TEXTS else last))


def _count(db: apsw.Connection, table: str, word: str) -> int:
    found = f"SELECT 1 FROM search.{table} WHERE {table} MATCH ? LIMIT {MOST_COUNTED}"
    return int(db.execute(f"SELECT count(*) FROM ({found})", (word,)).get)


def _asked(terms: Sequence[Term]) -> Iterator[str]:
    for term in terms:
        for word, begins in index_words(term)[:MOST_WORDS]:
            yield f'"{word}"{" *" if begins else ""}'
