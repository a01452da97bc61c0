"""Lexemes: a document as PostgreSQL's search types hold it, and a query's terms as conditions on them.

Tokens come from ``replay.words``, as for every engine; PostgreSQL only finds them. They hold letters, digits, marks and
symbols alone, so that nothing in a tsvector, a tsquery or a LIKE pattern needs escaping. A tsvector's limits decide how
a document is kept (see ``schema``); every way finds the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from playhead.replay.words import Term, tokens
from playhead.store.texts import BARRIER, COLUMNS, Document

Clause: TypeAlias = tuple[str, list[Any]]
"""A condition, and the values that it binds."""

LAST_POSITION: Final = 16_383
MOST_POSITIONS: Final = 255
LONGEST_LEXEME: Final = 1_000
"""In bytes; PostgreSQL takes 2,046."""
LARGEST_VECTOR: Final = 900_000
"""In bytes of lexemes and positions; PostgreSQL takes 1,048,575."""
POSITION_BYTES: Final = 4
WEIGHTS: Final = {"label": "A", "prompt": "B"}
WEIGHED: Final = "'{0.1, 0.1, 0.4, 1.0}'"
"""What the weights D, C, B and A count in ``ts_rank``."""


class Indexed(NamedTuple):
    """The columns ``tsv`` and ``words`` of a text."""

    tsv: str | None
    words: str | None


def indexed(project: int, document: Document) -> Indexed | None:
    """Return how a document is kept in a project's index, or None when there is nothing to find."""
    pieces = [(name, tokens(piece)) for name in COLUMNS for piece in getattr(document, name)]
    positions = _positions(pieces)
    if not positions:
        return None
    if _fits(positions):
        return Indexed(_vector(project, positions), None)
    words = f" {BARRIER.join(' '.join(found) for _, found in pieces)} "
    return Indexed(_plain_vector(project, positions), words)


def _positions(pieces: Sequence[tuple[str, list[str]]]) -> dict[str, list[str]]:
    """Return where each token stands and what it weighs there; no phrase spans two pieces."""
    positions: defaultdict[str, list[str]] = defaultdict(list)
    place = 0
    for name, found in pieces:
        weight = WEIGHTS.get(name, "")
        for token in found:
            place += 1
            positions[token].append(f"{place}{weight}")
        place += 1
    return positions


def _fits(positions: dict[str, list[str]]) -> bool:
    last = max(int(places[-1].rstrip("AB")) for places in positions.values())
    if last > LAST_POSITION or max(map(len, positions.values())) > MOST_POSITIONS:
        return False
    size = sum(len(token.encode()) + POSITION_BYTES * (1 + len(places)) for token, places in positions.items())
    return size <= LARGEST_VECTOR and not any(map(_is_long, positions))


def _vector(project: int, positions: dict[str, list[str]]) -> str:
    lexemes = (f"'{token}':{','.join(places)}" for token, places in positions.items())
    return " ".join([_project(project), *lexemes])


def _plain_vector(project: int, positions: dict[str, list[str]]) -> str | None:
    size = sum(len(token.encode()) + POSITION_BYTES for token in positions)
    if size > LARGEST_VECTOR or any(map(_is_long, positions)):
        return None
    return " ".join([_project(project), *(f"'{token}'" for token in positions)])


def _is_long(token: str) -> bool:
    return len(token) * 4 > LONGEST_LEXEME and len(token.encode()) > LONGEST_LEXEME


def _project(project: int) -> str:
    return f"'p:{project:d}'"


# --- queries ---------------------------------------------------------------------------------------------------------


def matching_texts(project: int, terms: Sequence[Term]) -> Clause:
    """Return the condition on ``texts t`` of those that hold all terms of a query."""
    apart = matching_texts_apart(project, terms)
    conditions = " OR ".join(f"({condition})" for condition, _ in apart)
    return f"({conditions})", [value for _, values in apart for value in values]


def matching_texts_apart(project: int, terms: Sequence[Term]) -> list[Clause]:
    """Return the same as conditions no two of which hold for one text: those that one index answers exactly need not
    be tested on each text again."""
    patterns = [_pattern(term) for term in terms]
    unheld = ["t.tsv IS NULL", "t.project_no = %s", *["t.words LIKE %s"] * len(patterns)]
    unheld_clause: Clause = (" AND ".join(unheld), [project, *patterns])
    if any(_is_long(token) for term in terms for token in term.tokens):
        return [unheld_clause]
    return [_held(project, terms), unheld_clause]


def rank_query(terms: Sequence[Term]) -> str:
    """Return a tsquery by whose words texts are ranked: those that a tsvector can hold."""
    return " & ".join(_words([term for term in terms if not any(map(_is_long, term.tokens))]))


def _held(project: int, terms: Sequence[Term]) -> Clause:
    """Return the condition for texts in a tsvector: its words by the index, then phrases where they stand."""
    condition, bound = "t.tsv @@ %s::tsquery", [" & ".join([_project(project), *_words(terms)])]
    phrases = [term for term in terms if len(term.tokens) > 1]
    if not phrases:
        return condition, bound
    patterns = [_pattern(term) for term in phrases]
    likes = " AND ".join(["t.words LIKE %s"] * len(patterns))
    exact = f"CASE WHEN t.words IS NULL THEN t.tsv @@ %s::tsquery ELSE {likes} END"
    return f"{condition} AND {exact}", [*bound, " & ".join(map(_phrase, phrases)), *patterns]


def _words(terms: Sequence[Term]) -> Iterator[str]:
    for term in terms:
        yield from (f"'{token}'" for token in term.tokens[:-1])
        yield _last(term)


def _phrase(term: Term) -> str:
    words = [*(f"'{token}'" for token in term.tokens[:-1]), _last(term)]
    return f"({' <-> '.join(words)})"


def _last(term: Term) -> str:
    return f"'{term.tokens[-1]}'{':*' if term.prefix else ''}"


def _pattern(term: Term) -> str:
    return f"% {' '.join(term.tokens)}{'' if term.prefix else ' '}%"
