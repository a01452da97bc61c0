"""Filters as SQL: which rows of ``sessions`` (called ``s``) a SessionFilter means.

Every condition is answered by the session row, by the narrow tables beside it or by the search index; none reads
``events``, but for a search that holds phrases (see ``phrases``). Values are always bound. This module runs no
statement but one look into the search index's schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import apsw

from playhead.model.filters import SessionFilter
from playhead.replay.words import parse_query
from playhead.store.rows import comparable
from playhead.store.sqlite.asking import has_texts, match_of, texts_table
from playhead.store.sqlite.holders import holders_of
from playhead.store.sqlite.phrases import are_indexed
from playhead.store.sqlite.places import SESSION_NO, joined_sql

Clause: TypeAlias = tuple[str, list[Any]]
"""A condition, and the values that it binds."""


EQUAL: Final = {
    "user_id": "s.user_id = ?",
    "workspace_id": "s.workspace_id = ?",
    "source": "s.source = ?",
    "label": "s.label = ?",
    "feature": "s.feature = ?",
    "status": "s.status = ?",
    "model": "EXISTS (SELECT 1 FROM session_models m WHERE m.session_no = s.no AND m.model = ?)",
    "provider": "EXISTS (SELECT 1 FROM session_models m WHERE m.session_no = s.no AND m.provider = nullif(?, ''))",
}
BOUND: Final = {
    "started_from_us": "s.started_us >= ?",
    "started_until_us": "s.started_us <= ?",
    "min_cost_nanos": "s.cost_nanos >= ?",
    "max_cost_nanos": "s.cost_nanos <= ?",
    "min_tokens": "s.tokens >= ?",
    "max_tokens": "s.tokens <= ?",
    "min_duration_us": "s.duration_us >= ?",
    "max_duration_us": "s.duration_us <= ?",
    "min_interactions": "s.interactions >= ?",
}
HAS_TAG: Final = "EXISTS (SELECT 1 FROM session_tags t WHERE t.session_no = s.no AND t.tag = ?)"
HAS_METADATA: Final = (
    "EXISTS (SELECT 1 FROM session_metadata d WHERE d.session_no = s.no AND d.name = ? AND d.value = ?)"
)


def matching_sessions_sql(db: apsw.Connection, project: int, where: SessionFilter) -> Clause:
    """Return the condition on ``sessions s`` that a filter means in a project: the project's sessions alone.

    A search in it lists all that have the words, whatever the other members leave; see ``holders`` for another way.
    """
    clauses = [("s.project_no = ?", [project]), *_clauses(where)]
    if where.search is not None:
        clauses.append(_searched(db, project, where.search))
    return " AND ".join(sql for sql, _ in clauses), [value for _, values in clauses for value in values]


def _clauses(where: SessionFilter) -> Iterator[Clause]:
    for name, sql in EQUAL.items():
        if (value := getattr(where, name)) is not None:
            yield sql, [value]
    for name, sql in BOUND.items():
        if (number := getattr(where, name)) is not None:
            yield sql, [comparable(number)]
    if where.has_errors is not None:
        yield ("s.errors > 0" if where.has_errors else "s.errors = 0"), []
    if where.bookmarked is not None:
        yield f"s.bookmarked = {int(where.bookmarked)}", []
    yield from ((HAS_TAG, [tag]) for tag in where.tags)
    yield from ((HAS_METADATA, [name, text]) for name, text in where.metadata.items())


def _searched(db: apsw.Connection, project: int, query: str) -> Clause:
    table = texts_table(project)
    terms = parse_query(query)
    if not terms or not has_texts(db, project):
        return "0", []
    if not are_indexed(terms):
        sessions = holders_of(db, project, query).every(db)
        return ("s.no IN (SELECT value FROM carray(?))", [apsw.carray(sessions)]) if sessions else ("0", [])
    return f"s.no IN (SELECT {SESSION_NO} FROM {joined_sql(table)} WHERE {table} MATCH ?)", [match_of(terms)]
