"""Facets: how many of the sessions that match carry each value of a member.

Counts come from rollups where these answer the filter, otherwise from the sessions that match. Never reads ``events``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from playhead.errors import Invalid
from playhead.model.filters import SessionFilter
from playhead.model.results import Facet
from playhead.store.postgres.connection import Db
from playhead.store.postgres.filters_sql import matching_sessions
from playhead.store.postgres.rollups import KNOWN, summed, summed_part
from playhead.store.rows import Row
from playhead.store.spans import EVERY, parts_of

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

_NAMELESS: Final = "SELECT count(*) FROM sessions WHERE project_no = %s AND user_id = ''"


def facets(db: Db, project: int, where: SessionFilter, member: str, limit: int = 20) -> list[Facet]:
    """Count matching sessions by the values of a member, most first, then by value.

    Raises Invalid for a member that is not counted.
    """
    if member not in MEMBERS:
        raise Invalid.field("member", f"expected one of {', '.join(MEMBERS)}")
    if member in OF_EVERYTHING and where == EVERY:
        counts = _of_everything(db, project, member, limit)
    else:
        counts = _of_sessions(db, project, where, member, limit)
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:limit]
    return [Facet(value, count) for value, count in ranked]


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


def _of_sessions(db: Db, project: int, where: SessionFilter, member: str, limit: int) -> Mapping[str, int]:
    rollups = ROLLED.get(member)
    rolled, rest = parts_of(where, KNOWN[rollups]) if rollups is not None else ([], [where])
    counts: Counter[str] = Counter()
    for part in rolled:
        found = summed_part(db, ROLLED[member], f"r.{member}", COUNTED, (part, project, where))
        counts.update({name: sums["sessions"] for name, sums in found.items()})
    for edge in rest:
        counts.update(dict(_counted(db, project, edge, member, None if rolled else limit)))
    return counts


def _counted(db: Db, project: int, where: SessionFilter, member: str, limit: int | None) -> list[Row]:
    column, tables = MEMBERS[member]
    condition, values = matching_sessions(project, where)
    count = "count(DISTINCT s.no)" if "JOIN" in tables else "count(*)"
    sql = f"SELECT {column} AS value, {count} AS count FROM {tables} WHERE {condition} AND {column} IS NOT NULL"
    return db.execute(f"{sql} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s", [*values, limit]).fetchall()
