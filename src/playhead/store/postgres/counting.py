"""Counting: how many sessions match a filter, exact up to ``EXACT_UP_TO`` and wherever rollups know it.

What is more is the planner's estimate: to count would cost as much as there are.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from playhead.model.filters import SessionFilter
from playhead.model.results import EXACT_UP_TO
from playhead.store.postgres.connection import Db
from playhead.store.postgres.filters_sql import matching_sessions
from playhead.store.postgres.rollups import total, total_of_part
from playhead.store.spans import EVERY, KNOWN, parts_of
from playhead.store.statistics import Sums

COUNTED: Final = ("sessions", "with_errors")


class Count(NamedTuple):
    """How many rows there are, and whether that is an estimate."""

    number: int
    is_estimate: bool


def count_sessions(db: Db, project: int, where: SessionFilter) -> Count:
    """Return how many sessions match, whatever members are asked for."""
    if (rolled := _from_rollups(db, project, where)) is not None:
        return Count(rolled, is_estimate=False)
    condition, values = matching_sessions(project, where)
    return count_rows(db, f"SELECT FROM sessions s WHERE {condition}", values)


def count_rows(db: Db, selection: str, values: list[Any]) -> Count:
    """Count the rows of a selection, exactly up to ``EXACT_UP_TO``."""
    row = db.execute(f"SELECT count(*) FROM ({selection} LIMIT {EXACT_UP_TO + 1}) AS counted", values).fetchone()
    counted: int = 0 if row is None else row[0]
    if counted <= EXACT_UP_TO:
        return Count(counted, is_estimate=False)
    return Count(max(counted, estimate_rows(db, selection, values)), is_estimate=True)


def estimate_rows(db: Db, selection: str, values: list[Any]) -> int:
    """Return how many rows the planner expects of a selection."""
    plan = db.execute(f"EXPLAIN (FORMAT JSON) {selection}", values).fetchone()
    return 0 if plan is None else int(plan[0][0]["Plan"]["Plan Rows"])


def _from_rollups(db: Db, project: int, where: SessionFilter) -> int | None:
    if len(where.tags) == 1 and where == replace(EVERY, tags=where.tags):
        return _of_name(db, project, "tag_rollups", "tag", where.tags[0])
    if where.user_id and where == replace(EVERY, user_id=where.user_id):
        return _of_name(db, project, "user_rollups", "user_id", where.user_id)
    parts, rest = parts_of(where, (*KNOWN["rollups"], "has_errors"))
    if not parts:
        return None
    asked = replace(where, has_errors=None)
    found = (total_of_part(db, "rollups", COUNTED, (part, project, asked)) for part in parts)
    edges = (_count(db, project, one) for one in rest)
    return sum(_wanted(sums, where) for sums in found) + sum(edges)


def _wanted(sums: Sums, where: SessionFilter) -> int:
    if where.has_errors is None:
        return sums["sessions"]
    return sums["with_errors"] if where.has_errors else sums["sessions"] - sums["with_errors"]


def _of_name(db: Db, project: int, rollups: str, column: str, name: str) -> int:
    """Return how many sessions there are of a tag or a user."""
    if "\x00" in name:
        return 0
    clause = (f"project_no = %s AND {column} = %s", [project, name])
    return total(db, rollups, COUNTED[:1], clause)["sessions"]


def _count(db: Db, project: int, where: SessionFilter) -> int:
    condition, values = matching_sessions(project, where)
    row = db.execute(f"SELECT count(*) FROM sessions s WHERE {condition}", values).fetchone()
    return 0 if row is None else row[0]
