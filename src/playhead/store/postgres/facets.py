"""Facets: how many of the sessions that match carry each value of a member.

Counts come from rollups where these answer the filter, otherwise from the sessions that match; where more than
``EXACT_UP_TO`` do, from a sample of these. Never reads ``events``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from playhead.errors import Invalid
from playhead.model.filters import SessionFilter
from playhead.model.results import EXACT_UP_TO, Facet
from playhead.store.postgres.connection import Db
from playhead.store.postgres.counting import count_sessions
from playhead.store.postgres.filters_sql import matching_sessions
from playhead.store.postgres.lexemes import Clause
from playhead.store.postgres.rollups import summed, summed_part
from playhead.store.postgres.samples import SESSIONS, sample
from playhead.store.spans import EVERY, KNOWN, parts_of

MEMBERS: Final = {
    "feature": ("s.feature", "sessions s"),
    "source": ("s.source", "sessions s"),
    "status": ("s.status", "sessions s"),
    "user": ("s.user_id", "sessions s"),
    "model": ("f.model", "sessions s JOIN session_models f ON f.session_no = s.no"),
    "tag": ("f.tag", "sessions s JOIN session_tags f ON f.session_no = s.no"),
}
ROLLED: Final = {"feature": "rollups", "source": "rollups", "status": "rollups", "model": "model_rollups"}
"""The rollups that count a member in any time."""
OF_EVERYTHING: Final = {"user": ("user_rollups", "r.user_id"), "tag": ("tag_rollups", "r.tag")}
"""Those that do so of all sessions alone."""
COUNTED: Final = ("sessions",)
SAMPLED: Final = 2_000

_NAMELESS: Final = "SELECT count(*) FROM sessions WHERE project_no = %s AND user_id = ''"


def facets(db: Db, project: int, where: SessionFilter, member: str, limit: int = 20) -> list[Facet]:
    """Count matching sessions by the values of a member, most first, then by value.

    Raises Invalid for a member that is not counted.
    """
    if member not in MEMBERS:
        raise Invalid.field("member", f"expected one of {', '.join(MEMBERS)}")
    if member in OF_EVERYTHING and where == EVERY:
        counts, share = _of_everything(db, project, member, limit), 1.0
    elif member in ROLLED and parts_of(where, KNOWN[ROLLED[member]])[0]:
        counts, share = _rolled(db, project, where, member), 1.0
    else:
        counts, share = _of_sessions(db, project, where, member, limit)
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:limit]
    return [Facet(value, round(count / share), is_estimate=share < 1) for value, count in ranked]


def _of_everything(db: Db, project: int, member: str, limit: int) -> Mapping[str, int]:
    """Count all sessions; the rollup of no user has the sessions of a user without a name, and those without a user."""
    rollups, key = OF_EVERYTHING[member]
    most = f"ORDER BY 2 DESC, 1 LIMIT {int(limit) + 1}"
    found = summed(db, rollups, key, COUNTED, clause=("project_no = %s", [project]), rest=most)
    counts = {name: sums["sessions"] for name, sums in found.items()}
    if member == "user" and counts.pop("", 0):
        row = db.execute(_NAMELESS, (project,)).fetchone()
        nameless: int = 0 if row is None else row[0]
        counts |= {"": nameless} if nameless else {}
    return counts


def _rolled(db: Db, project: int, where: SessionFilter, member: str) -> Mapping[str, int]:
    rollups = ROLLED[member]
    rolled, rest = parts_of(where, KNOWN[rollups])
    counts: Counter[str] = Counter()
    for part in rolled:
        found = summed_part(db, rollups, f"r.{member}", COUNTED, (part, project, where))
        counts.update({name: sums["sessions"] for name, sums in found.items()})
    for edge in rest:
        counts.update(_counted(db, MEMBERS[member], matching_sessions(project, edge), None))
    return counts


def _of_sessions(
    db: Db, project: int, where: SessionFilter, member: str, limit: int
) -> tuple[Mapping[str, int], float]:
    """Return counts by value, and of which share of what matches they are."""
    column, tables = MEMBERS[member]
    condition, values = clause = matching_sessions(project, where)
    if count_sessions(db, project, where).number <= EXACT_UP_TO:
        return _counted(db, (column, tables), clause, limit), 1.0
    numbers, share = sample(db, SAMPLED)
    return _counted(db, (column, tables.replace("sessions s", SESSIONS)), (condition, [numbers, *values]), limit), share


def _counted(db: Db, member: tuple[str, str], clause: Clause, limit: int | None) -> dict[str, int]:
    (column, tables), (condition, values) = member, clause
    count = "count(DISTINCT s.no)" if column == "f.model" else "count(*)"
    sql = f"SELECT {column} AS value, {count} AS count FROM {tables} WHERE {condition} AND {column} IS NOT NULL"
    return dict(db.execute(f"{sql} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s", [*values, limit]).fetchall())
