"""Facets: how many of the sessions that match carry each value of a member.

Counts come from rollups where these answer the filter, otherwise from the sessions that match; where more than
``EXACT_UP_TO`` do, from a sample of these. Never reads ``events``.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import apsw
from msgspec.structs import replace

from playhead.errors import Invalid
from playhead.model.filters import SessionFilter
from playhead.model.results import EXACT_UP_TO, Facet
from playhead.store.ledger import MAX_MODELS
from playhead.store.payload import from_json
from playhead.store.rows import Row
from playhead.store.spans import EVERY, KNOWN, parts_of
from playhead.store.sqlite.counting import SCATTER, project_total
from playhead.store.sqlite.filters_sql import Clause, matching_sessions_sql
from playhead.store.sqlite.holders import holders_of
from playhead.store.sqlite.kept import asked_of, kept
from playhead.store.sqlite.matching import Matches, evenly, matching

COLUMNS: Final = {"feature": "s.feature", "source": "s.source", "status": "s.status", "user": "s.user_id"}
"""Members that a session has one of."""
LISTS: Final = {"model": "s.models", "tag": "s.tags"}
"""Members that a session has a list of, in JSON; all members are counted with one look at its row."""
MODELS: Final = (
    "SELECT DISTINCT f.session_no, f.model AS value FROM carray(?) AS asked"
    " CROSS JOIN session_models f ON f.session_no = asked.value"
)
"""The models of sessions of which one has more than its row lists."""
MEMBERS: Final = (*COLUMNS, *LISTS)
ROLLED: Final = {"feature": "rollups", "source": "rollups", "status": "rollups", "model": "model_rollups"}
"""The rollups that count a member."""
SAMPLED: Final = 4_000


def facets(db: apsw.Connection, project: int, where: SessionFilter, member: str, limit: int = 20) -> list[Facet]:
    """Count matching sessions by the values of a member, most first, then by value.

    Raises Invalid for a member that is not counted.
    """
    if member not in MEMBERS:
        raise Invalid.field("member", f"expected one of {', '.join(MEMBERS)}")
    if member == "user" and where == EVERY:
        return _users(db, project, limit)
    if member == "tag" and where == EVERY:
        sql = "SELECT tag, sessions FROM tag_rollups WHERE project_no = ? ORDER BY sessions DESC, tag LIMIT ?"
        return _facets(db.execute(sql, (project, limit)).fetchall())
    counts, share = _counts(db, project, where, member)
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:limit]
    return [Facet(value, round(count / share), is_estimate=share < 1) for value, count in ranked]


def _users(db: apsw.Connection, project: int, limit: int) -> list[Facet]:
    """Count all sessions by user; the rollup of no name has the sessions without a user too."""
    named = (
        "SELECT user_id, sessions FROM user_rollups INDEXED BY user_rollups_sessions"
        " WHERE project_no = ? AND user_id <> '' ORDER BY sessions DESC, user_id LIMIT ?"
    )
    nameless: int = db.execute("SELECT count(*) FROM sessions WHERE project_no = ? AND user_id = ''", (project,)).get
    rows: list[Row] = db.execute(named, (project, limit)).fetchall()
    if nameless:
        rows = sorted([*rows, ("", nameless)], key=lambda row: (-row[1], row[0]))
    return _facets(rows[:limit])


def _facets(rows: list[Row]) -> list[Facet]:
    return [Facet(value, count) for value, count in rows]


def _counts(db: apsw.Connection, project: int, where: SessionFilter, member: str) -> tuple[Counter[str], float]:
    """Return counts by value, and of which share of what matches they are."""
    table = ROLLED.get(member)
    rolled, rest = parts_of(where, KNOWN[table]) if table is not None else ([], [])
    if table is None or not rolled:
        return _of_sessions(db, project, where, member)
    counts: Counter[str] = Counter()
    for part in rolled:
        condition, values = part.where(project, where, KNOWN[table])
        sql = f"SELECT {member}, sum(sessions) FROM {table} WHERE {condition} GROUP BY 1"
        rows: list[Row] = db.execute(sql, values).fetchall()
        counts.update(dict(rows))
    for edge in rest:
        counts.update(_counted(db, matching(db, matching_sessions_sql(db, project, edge)), member))
    return counts, 1.0


def _of_sessions(db: apsw.Connection, project: int, where: SessionFilter, member: str) -> tuple[Counter[str], float]:
    found = Matches(db, project).of(where).numbers
    if found is None:
        return _of_too_many(db, project, where, member)
    taken = found if len(found) <= EXACT_UP_TO else evenly(found, SAMPLED)
    known = kept(db).last(asked_of(project, where)).counts
    if member not in known:
        known.update(_all_counted(db, taken))
    return known[member], len(taken) / len(found) if found else 1.0


def _of_too_many(db: apsw.Connection, project: int, where: SessionFilter, member: str) -> tuple[Counter[str], float]:
    numbers = matching(db, matching_sessions_sql(db, project, where), EXACT_UP_TO + 1)
    if len(numbers) <= EXACT_UP_TO:
        return _counted(db, numbers, member), 1.0
    sampled, share = _sample(db, project, matching_sessions_sql(db, project, replace(where, search=None)))
    if where.search is not None:
        sampled = sorted(holders_of(db, project, where.search).among(db, sampled))
    return _counted(db, sampled, member), share


def _sample(db: apsw.Connection, project: int, clause: Clause) -> tuple[list[int], float]:
    """Return those that match of a sample of a project's sessions, and which share of all the sample is."""
    condition, values = clause
    last: int = db.execute("SELECT max(no) FROM sessions").get
    asked = array("q", {1 + n * SCATTER % last for n in range(SAMPLED)})
    sql = (
        f"SELECT count(*), json_group_array(s.no) FILTER (WHERE {condition}) FROM carray(?) AS asked"
        " CROSS JOIN sessions s ON s.no = asked.value WHERE s.project_no = ?"
    )
    bound: list[Any] = [*values, apsw.carray(asked), project]
    sessions, numbers = db.execute(sql, bound).get
    return from_json(numbers), sessions / max(1, project_total(db, project))


def _counted(db: apsw.Connection, numbers: Sequence[int], member: str) -> Counter[str]:
    """Count some sessions by the values of a member."""
    return _all_counted(db, numbers)[member]


def _all_counted(db: apsw.Connection, numbers: Sequence[int]) -> dict[str, Counter[str]]:
    """Count some sessions by the values of each member."""
    if not numbers:
        return {member: Counter() for member in MEMBERS}
    asked = array("q", numbers)
    columns = ", ".join(
        f"json_group_array({column}) FILTER (WHERE {column} IS NOT NULL)"
        for column in (*COLUMNS.values(), *LISTS.values())
    )
    sql = f"SELECT {columns} FROM carray(?) AS asked CROSS JOIN sessions s ON s.no = asked.value"
    found: tuple[str, ...] = db.execute(sql, (apsw.carray(asked),)).get
    counts = {member: Counter(from_json(values)) for member, values in zip(MEMBERS, found, strict=True)}
    if any(len(from_json(text)) >= MAX_MODELS for text in counts["model"]):
        values = from_json(db.execute(f"SELECT json_group_array(value) FROM ({MODELS})", (apsw.carray(asked),)).get)
        return counts | {"model": Counter(values), "tag": _of_lists(counts["tag"])}
    return counts | {member: _of_lists(counts[member]) for member in LISTS}


def _of_lists(lists: Counter[str]) -> Counter[str]:
    """Count by the values in lists, of which many are the same; each value of a list once."""
    counts: Counter[str] = Counter()
    for text, sessions in lists.items():
        for value in dict.fromkeys(from_json(text)):
            counts[value] += sessions
    return counts
