"""Filters as SQL: which rows of ``sessions`` (called ``s``) a SessionFilter means.

Every condition is answered by the session's row, or by the texts of its events; values are always bound. Runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from playhead.model.filters import SessionFilter
from playhead.replay.words import parse_query
from playhead.store.clickhouse.matching_sql import hits_sql
from playhead.store.rows import comparable

Clause: TypeAlias = tuple[str, dict[str, Any]]
"""A condition, and the values that it binds by name."""

EQUAL: Final = {
    "user_id": "s.user_id = {w_user_id:String}",
    "workspace_id": "s.workspace_id = {w_workspace_id:String}",
    "source": "s.source = {w_source:String}",
    "label": "s.label = {w_label:String}",
    "feature": "s.feature = {w_feature:String}",
    "status": "s.status = {w_status:String}",
    "bookmarked": "s.bookmarked = {w_bookmarked:UInt8}",
    "has_errors": "(s.errors > 0) = {w_has_errors:UInt8}",
    "model": "has(s.sums.model, {w_model:String})",
    "provider": "has(s.sums.provider, {w_provider:String}) AND {w_provider:String} != ''",
}
BOUND: Final = {
    "started_from_us": "s.started_us >= {w_started_from_us:Int64}",
    "started_until_us": "s.started_us <= {w_started_until_us:Int64}",
    "min_cost_nanos": "s.cost_nanos >= {w_min_cost_nanos:Int64}",
    "max_cost_nanos": "s.cost_nanos <= {w_max_cost_nanos:Int64}",
    "min_tokens": "s.tokens >= {w_min_tokens:Int64}",
    "max_tokens": "s.tokens <= {w_max_tokens:Int64}",
    "min_duration_us": "s.duration_us >= {w_min_duration_us:Int64}",
    "max_duration_us": "s.duration_us <= {w_max_duration_us:Int64}",
    "min_interactions": "s.interactions >= {w_min_interactions:Int64}",
}
OF_PROJECT: Final = "s.project_no = {project:UInt32}"


def matching_sessions_sql(project: int, where: SessionFilter, *, text_index: bool) -> Clause:
    """Return the condition on ``sessions s`` that a filter means in a project: the project's sessions alone.

    ``text_index`` says whether the server knows full-text functions. Raises Invalid for a search over the limits.
    """
    clauses = [(OF_PROJECT, {"project": project}), *_clauses(where)]
    if where.search is not None:
        clauses.append(_searched(where.search, text_index=text_index))
    return " AND ".join(sql for sql, _ in clauses), {
        name: value for _, values in clauses for name, value in values.items()
    }


def is_told_by_events(where: SessionFilter) -> bool:
    """Say whether the rows of ``events`` answer a filter too, because they repeat all columns that it asks for."""
    return where == SessionFilter(
        feature=where.feature, started_from_us=where.started_from_us, started_until_us=where.started_until_us
    )


def _clauses(where: SessionFilter) -> Iterator[Clause]:
    for name, sql in EQUAL.items():
        if (value := getattr(where, name)) is not None:
            yield sql, {f"w_{name}": int(value) if isinstance(value, bool) else value}
    for name, sql in BOUND.items():
        if (number := getattr(where, name)) is not None:
            yield sql, {f"w_{name}": comparable(number)}
    for place, tag in enumerate(where.tags):
        yield f"has(s.tags, {{tag{place}:String}})", {f"tag{place}": tag}
    for place, (name, text) in enumerate(where.metadata.items()):
        has = f"mapContains(s.metadata, {{name{place}:String}})"
        equal = f"s.metadata[{{name{place}:String}}] = {{text{place}:String}}"
        yield f"{has} AND {equal}", {f"name{place}": name, f"text{place}": text}


def _searched(query: str, *, text_index: bool) -> Clause:
    terms = parse_query(query)
    if not terms:
        return "0", {}
    sql, values = hits_sql(terms, prefix="f", text_index=text_index)
    return f"s.no IN (SELECT no FROM ({sql}))", values
