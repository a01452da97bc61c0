"""Counting: how many sessions match a filter, exact up to ``EXACT_UP_TO`` and wherever rollups know it.

What is more is the planner's estimate, or where a search is among the members that of a sample: to count would cost as
much as there are.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from playhead.model.filters import SessionFilter
from playhead.model.results import EXACT_UP_TO
from playhead.store.postgres.connection import Db
from playhead.store.postgres.filters_sql import matching_sessions
from playhead.store.postgres.holders import Asked, Holders
from playhead.store.postgres.lexemes import Clause
from playhead.store.postgres.rollups import read, total, total_of_part
from playhead.store.postgres.samples import SESSIONS, estimate_rows, sample
from playhead.store.spans import EVERY, KNOWN, parts_of
from playhead.store.statistics import Sums

COUNTED: Final = ("sessions", "with_errors")
FEW: Final = 3_000
"""So many sessions that the other members leave are all asked for a search."""
SAMPLED: Final = (400, 1_600)
"""Sessions of all that are asked for a search, and where these leave it open whether it leaves many."""
CERTAIN: Final = 4
"""Deviations within which a total lies as good as certainly."""
MOST_ASKED: Final = 20_000
"""Of more sessions no search is asked one by one."""


class Count(NamedTuple):
    """How many rows there are, and whether that is an estimate."""

    number: int
    is_estimate: bool


def count_sessions(db: Db, project: int, where: SessionFilter) -> Count:
    """Return how many sessions match, whatever members are asked for."""
    if where.search is not None:
        return _of_search(db, project, replace(where, search=None), Holders(db, project, where.search))
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


# --- of a search -----------------------------------------------------------------------------------------------------


def few_held(db: Db, project: int, others: SessionFilter, holders: Holders) -> list[int] | None:
    """Return the numbers of sessions among which are all that match and that a search leaves, or None where they are
    not quickly found to be few; the other members are still to be asked."""
    few = holders.few()
    if few is not None or others == EVERY:
        return few
    asked = _asked(db, "sessions s", matching_sessions(project, others), FEW + 1)
    return list(holders.among(asked)) if len(asked) <= FEW else None


def count_many(db: Db, project: int, others: SessionFilter, holders: Holders) -> Count:
    """Return how many sessions match and are left by a search that may leave many."""
    clause = condition, values = matching_sessions(project, others)
    held = estimate = 0
    for size in SAMPLED:
        numbers, share = sample(db, size)
        held = len(holders.among(_asked(db, SESSIONS, (condition, [numbers, *values]))))
        estimate = round(held / share)
        spread = CERTAIN * math.sqrt(held + 1) / share
        if estimate - spread > EXACT_UP_TO:
            return Count(estimate, is_estimate=True)
        if estimate + spread <= EXACT_UP_TO:
            break
    found = _count_all(db, project, others, clause, holders)
    return Count(found, is_estimate=False) if found <= EXACT_UP_TO else Count(max(found, estimate), is_estimate=True)


def _of_search(db: Db, project: int, others: SessionFilter, holders: Holders) -> Count:
    few = few_held(db, project, others, holders)
    if few is None:
        return count_many(db, project, others, holders)
    condition, values = matching_sessions(project, others)
    ((counted,),) = read(db, f"SELECT count(*) FROM {SESSIONS} WHERE {condition}", [few, *values])
    return Count(counted, is_estimate=False)


def _count_all(db: Db, project: int, others: SessionFilter, clause: Clause, holders: Holders) -> int:
    """Count the sessions that a search leaves, however many."""
    sessions = count_sessions(db, project, others).number
    if sessions <= MOST_ASKED and not holders.is_better_listed(sessions):
        return len(holders.among(_asked(db, "sessions s", clause)))
    (condition, values), (held, bound) = clause, holders.every_sql()
    ((counted,),) = read(
        db,
        f"WITH held AS MATERIALIZED ({held})"
        f" SELECT count(*) FROM held JOIN sessions s ON s.no = held.no WHERE {condition}",
        [*bound, *values],
    )
    return int(counted)


def _asked(db: Db, tables: str, clause: Clause, limit: int | None = None) -> list[Asked]:
    """Return sessions that match, as a search is asked of them."""
    condition, values = clause
    rows = read(db, f"SELECT s.no, s.month, s.events FROM {tables} WHERE {condition} LIMIT %s", [*values, limit])
    return [Asked(*row) for row in rows]
