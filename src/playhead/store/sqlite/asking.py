"""Asking: what a project's index in ``search.db`` is called, and what it is asked for.

An index knows the words of each text and not their order, so that it finds at least what holds a query's terms:
``is_indexed`` says whether it finds nothing else. What else there is, ``phrases`` tells apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import apsw

from playhead.replay.words import Term, index_words

MOST_WORDS: Final = 32
"""Words of one phrase that the index is asked for; the texts are read in any case."""


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


def _asked(terms: Sequence[Term]) -> Iterator[str]:
    for term in terms:
        for word, begins in index_words(term)[:MOST_WORDS]:
            yield f'"{word}"{" *" if begins else ""}'
