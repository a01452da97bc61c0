"""Holders: the sessions with a text that holds all terms of a search, every one of them or those among some.

The index of words lists texts in no order that a list has, and each text that it lists is read. So a rare word is
answered by all that have it, and a common one by asking about the sessions that come next in the list's order,
together: each one's texts one behind the other until one holds the terms, or, where these texts are many beside those
that have the words, by what both the index of words and that of sessions list. What is named here matches no other
member of a filter yet, and is the project's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import Final, NamedTuple

from playhead.replay.words import Term, parse_query
from playhead.store.postgres.bulk import Columns, arrays, given
from playhead.store.postgres.connection import Db
from playhead.store.postgres.lexemes import Clause, matching_texts, matching_texts_apart
from playhead.store.postgres.rollups import read
from playhead.store.postgres.samples import estimate_rows

FEW_TEXTS: Final = 10_000
"""Up to so many are listed without asking what would be quicker."""
SURELY_MORE: Final = 4
"""How many times as many texts have to be expected, that it is not tried to list them."""
EVENTS_READ: Final = 2_000
"""So many events of sessions are gone through in any case, rather than to ask two indexes."""
TEXTS_OF_EVENT: Final = 1.4
"""Texts that the index of words lists in about the time in which one event's text is read and does not hold them."""
TEXTS_OF_SESSION: Final = 8
"""Texts that are listed with their sessions in about the time in which one session is asked."""
LISTED_OF_SESSION: Final = 2
"""Listed sessions that are looked up in about the time in which one is met on a walk."""
_DISTINCT: Final = "array_agg(DISTINCT t.session_no)"
_ASKED: Final[Columns] = {"month": "integer", "no": "bigint"}


class Asked(NamedTuple):
    """A session that is asked for a search, and how many events it has."""

    no: int
    month: int
    events: int


class Holders:
    """The sessions that one search of a project leaves, in the state that one transaction sees."""

    def __init__(self, db: Db, project: int, query: str) -> None:
        self._db = db
        self._project = project
        self._terms = parse_query(query)
        self._every: list[int] | None = None

    @cached_property
    def texts(self) -> int:
        """How many texts the planner expects to have the words."""
        if not self._terms:
            return 0
        condition, values = matching_texts(self._project, _words(self._terms))
        return estimate_rows(self._db, f"SELECT FROM texts AS t WHERE {condition}", values)

    @property
    def listed(self) -> list[int] | None:
        """The numbers of all sessions with such a text where they have been listed."""
        return self._every

    def few(self) -> list[int] | None:
        """Return the numbers of all, or None where more than ``FEW_TEXTS`` texts have the words."""
        if self._every is None and self.texts <= SURELY_MORE * FEW_TEXTS:
            self._every = self._list(FEW_TEXTS)
        return self._every

    def every(self) -> list[int]:
        """Return the numbers of all, each once."""
        if self._every is None:
            sql, values = self.every_sql()
            ((found,),) = read(self._db, f"SELECT array_agg(no) FROM ({sql}) AS held", values)
            self._every = found or []
        return self._every

    def every_sql(self) -> Clause:
        """Return SQL for the numbers (``no``) of all, each once, and what it binds."""
        if not self._terms:
            return "SELECT NULL::bigint AS no WHERE FALSE", []
        texts, values = _union("t.session_no", matching_texts_apart(self._project, self._terms))
        return f"SELECT DISTINCT t.session_no AS no FROM ({texts}) AS t", values

    def is_better_listed(self, sessions: float) -> bool:
        """Say whether to look at all that are listed, or to list them, likely takes less time than to ask so many
        sessions."""
        if self._every is not None:
            return sessions * LISTED_OF_SESSION > len(self._every)
        return sessions * TEXTS_OF_SESSION > self.texts

    def among(self, asked: Sequence[Asked]) -> frozenset[int]:
        """Return the numbers of those of some sessions that have such a text."""
        if not asked or not self._terms:
            return frozenset()
        if self._every is not None:
            return frozenset(self._every).intersection(one.no for one in asked)
        events = sum(one.events for one in asked)
        is_long = events > EVENTS_READ and events * TEXTS_OF_EVENT > self.texts
        return frozenset(self._of_both_indexes(asked) if is_long else self._one_by_one(asked))

    def _list(self, most: int) -> list[int] | None:
        """Return the sessions of all texts that hold the terms, or None where more than so many have their words."""
        if not self._terms:
            return []
        words = matching_texts_apart(self._project, _words(self._terms))
        condition, values = matching_texts(self._project, self._terms) if _are_phrases(self._terms) else ("TRUE", [])
        texts, bound = _union("t.session_no, t.project_no, t.tsv, t.words", words)
        ((count, found),) = read(
            self._db,
            f"SELECT count(*), {_DISTINCT} FILTER (WHERE {condition}) FROM ({texts} LIMIT %s) AS t",
            [*values, *bound, most + 1],
        )
        return None if count > most else found or []

    def _one_by_one(self, asked: Sequence[Asked]) -> list[int]:
        """Return those that hold the terms, of whose texts those behind the first that does are not read."""
        condition, values = matching_texts(self._project, self._terms)
        of_session = f"SELECT FROM texts AS t WHERE t.month = given.month AND t.session_no = given.no AND {condition}"
        rows = read(
            self._db,
            f"SELECT array_agg(given.no) FROM {given(_ASKED)} CROSS JOIN LATERAL ({of_session} LIMIT 1) AS held",
            [*arrays(_ASKED, [(one.month, one.no) for one in asked]), *values],
        )
        return rows[0][0] or []

    def _of_both_indexes(self, asked: Sequence[Asked]) -> list[int]:
        """Return those that hold the terms, by texts that both indexes list."""
        by_month: defaultdict[int, list[int]] = defaultdict(list)
        for one in asked:
            by_month[one.month].append(one.no)
        clauses: list[Clause] = [
            (f"t.month = %s AND t.session_no = ANY(%s) AND {condition}", [month, numbers, *values])
            for month, numbers in by_month.items()
            for condition, values in matching_texts_apart(self._project, self._terms)
        ]
        texts, bound = _union("t.session_no", clauses)
        rows = read(self._db, f"SELECT {_DISTINCT} FROM ({texts}) AS t", bound)
        return rows[0][0] or []


def _union(columns: str, clauses: Sequence[Clause]) -> Clause:
    """Return SQL for the texts that any of some conditions holds for, of which no two hold for one."""
    texts = " UNION ALL ".join(f"SELECT {columns} FROM texts AS t WHERE {condition}" for condition, _ in clauses)
    return texts, [value for _, values in clauses for value in values]


def _are_phrases(terms: Sequence[Term]) -> bool:
    return any(len(term.tokens) > 1 for term in terms)


def _words(terms: Sequence[Term]) -> list[Term]:
    """Return terms that ask for the words alone, of phrases too, wherever they stand."""
    inner = [Term((token,)) for term in terms for token in term.tokens[:-1]]
    return [*inner, *(Term(term.tokens[-1:], term.prefix) for term in terms)]
