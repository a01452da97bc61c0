"""Filters as SQL: which rows of ``sessions`` (called ``s``) a SessionFilter means.

Every condition is answered by the session row, by the narrow tables beside it or by the search index; none ever reads
``events``. Values are always bound. This module runs no statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from playhead.model.filters import SessionFilter
from playhead.replay.words import parse_query
from playhead.store.postgres.ledgers import name_key
from playhead.store.postgres.lexemes import Clause, matching_texts
from playhead.store.rows import comparable

NEVER: Final = "FALSE"
EQUAL: Final = {
    "user_id": "s.user_id = %s",
    "workspace_id": "s.workspace_id = %s",
    "source": "s.source = %s",
    "label": "md5(s.label) = md5(%s) AND s.label = %s",
    "feature": "s.feature = %s",
    "status": "s.status = %s",
    "bookmarked": "s.bookmarked = %s",
    "has_errors": "(s.errors > 0) = %s",
    "model": "EXISTS (SELECT FROM session_models m WHERE m.session_no = s.no AND m.model = %s)",
    "provider": "EXISTS (SELECT FROM session_models m WHERE m.session_no = s.no AND m.provider = nullif(%s, ''))",
}
BOUND: Final = {
    "started_from_us": "s.started_us >= %s",
    "started_until_us": "s.started_us <= %s",
    "min_cost_nanos": "s.cost_nanos >= %s",
    "max_cost_nanos": "s.cost_nanos <= %s",
    "min_tokens": "s.tokens >= %s",
    "max_tokens": "s.tokens <= %s",
    "min_duration_us": "s.duration_us >= %s",
    "max_duration_us": "s.duration_us <= %s",
    "min_interactions": "s.interactions >= %s",
}
HAS_TAG: Final = "EXISTS (SELECT FROM session_tags t WHERE t.session_no = s.no AND t.tag = %s)"
HAS_METADATA: Final = "EXISTS (SELECT FROM session_metadata d WHERE d.session_no = s.no AND d.pair = %s)"


def matching_sessions(project: int, where: SessionFilter) -> Clause:
    """Return the condition on ``sessions s`` that a filter means in a project: the project's sessions alone."""
    clauses = [("s.project_no = %s", [project]), *_clauses(where)]
    if where.search is not None:
        clauses.append(_searched(project, where.search))
    return " AND ".join(sql for sql, _ in clauses), [value for _, values in clauses for value in values]


def _clauses(where: SessionFilter) -> Iterator[Clause]:
    for name, sql in EQUAL.items():
        if (value := getattr(where, name)) is not None:
            yield _equal(sql, value)
    for name, sql in BOUND.items():
        if (number := getattr(where, name)) is not None:
            yield sql, [comparable(number)]
    yield from (_equal(HAS_TAG, tag) for tag in where.tags)
    yield from ((HAS_METADATA, [name_key(name, text)]) for name, text in where.metadata.items())


def _equal(sql: str, value: object) -> Clause:
    """Return a comparison; no column holds a text with a NUL in it, and none can be bound."""
    return (NEVER, []) if isinstance(value, str) and "\x00" in value else (sql, [value] * sql.count("%s"))


def _searched(project: int, query: str) -> Clause:
    terms = parse_query(query)
    if not terms:
        return NEVER, []
    condition, values = matching_texts(project, terms)
    return f"s.no IN (SELECT t.session_no FROM texts AS t WHERE {condition})", values
