"""Walking: the places of sessions in a list's order, of a few that are known by number or of all that a search leaves.

A walk along the order asks the search index about the sessions that come next, as many at a time as are likely to fill
the page. Reads session rows, the narrow tables beside them and the search index; never ``events``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from msgspec.structs import replace

from playhead.model.filters import PageRequest, Position
from playhead.store.postgres.connection import Db
from playhead.store.postgres.holders import FEW_TEXTS, Asked, Holders
from playhead.store.postgres.lexemes import Clause
from playhead.store.postgres.rollups import read
from playhead.store.postgres.samples import SESSIONS
from playhead.store.rows import MAX_INT, SORT_COLUMNS, comparable

MOST_AT_ONCE: Final = 2_000
"""Sessions that are asked for a search at once."""
GROWTH: Final = 4
SURPLUS: Final = 1.3
"""How many more are asked than are likely to be enough."""
RARE: Final = 20
"""Where fewer than one of so many that were asked have it, a word is rarer than was expected, or lies elsewhere."""

Place: TypeAlias = tuple[int, int]
"""A session's sort value and number."""


def page_sql(columns: str, tables: str, clause: Clause, page: PageRequest) -> Clause:
    """Return SQL for the rows of a page of sessions ``s``, and for one more, with what it binds."""
    condition, values = clause
    column = f"s.{SORT_COLUMNS[page.sort_by]}"
    direction, beyond = ("ASC", ">") if page.order == "asc" else ("DESC", "<")
    bound: list[Any] = [*values]
    if page.after is not None:
        condition += f" AND ({column}, s.no) {beyond} (%s, %s)"
        bound += [comparable(page.after.value), comparable(page.after.tie)]
    sql = (
        f"SELECT {columns} FROM {tables} WHERE {condition}"
        f" ORDER BY {column} {direction}, s.no {direction} LIMIT %s OFFSET %s"
    )
    return sql, [*bound, page.limit + 1, _skipped(page)]


def places_of_few(db: Db, numbers: Sequence[int], clause: Clause, page: PageRequest) -> tuple[list[Place], int]:
    """Return the places of a page, and one more if there is, of those among a few sessions that match, and how many
    do."""
    condition, values = clause
    columns = f"s.{SORT_COLUMNS[page.sort_by]}, s.no"
    shown, bound = page_sql(columns, "held AS s", ("TRUE", []), page)
    rows = read(
        db,
        f"WITH held AS MATERIALIZED (SELECT {columns} FROM {SESSIONS} WHERE {condition})"
        " SELECT counted.count, page.* FROM (SELECT count(*) FROM held) AS counted"
        f" LEFT JOIN ({shown}) AS page (value, no) ON TRUE",
        [list(numbers), *values, *bound],
    )
    places = [(value, no) for _, value, no in rows if no is not None]
    return sorted(places, reverse=page.order == "desc"), rows[0][0]


def walked(db: Db, clause: Clause, page: PageRequest, holders: Holders) -> list[Place]:
    """Return the places of a page, and one more if there is, of those sessions matching a condition that a search
    leaves."""
    wanted = _skipped(page) + page.limit + 1
    found: list[Place] = []
    asked, most, after = 0, wanted, page.after
    while len(found) < wanted:
        left = wanted - len(found)
        is_rare = asked >= MOST_AT_ONCE and len(found) * RARE < asked and holders.listed is None
        if is_rare or holders.is_better_listed(left * max(1.0, asked / max(1, len(found)))):
            return _of_listed(db, holders.every(), clause, page)
        most = min(most, MOST_AT_ONCE)
        rows = _next(db, clause, replace(page, limit=most - 1, page=1, after=after))
        held = holders.among([Asked(*row[1:]) for row in rows])
        found += [(value, no) for value, no, _, _ in rows if no in held]
        if len(rows) < most:
            break
        asked, after = asked + most, Position(*rows[-1][:2])
        most = min(GROWTH * asked, math.ceil(SURPLUS * (wanted - len(found)) * asked / max(1, len(found))))
    return found[_skipped(page) : wanted]


def _skipped(page: PageRequest) -> int:
    return 0 if page.after is not None else min((page.page - 1) * page.limit, MAX_INT)


def _next(db: Db, clause: Clause, page: PageRequest) -> list[tuple[int, int, int, int]]:
    columns = f"s.{SORT_COLUMNS[page.sort_by]}, s.no, s.month, s.events"
    return [
        (value, no, month, events)
        for value, no, month, events in read(db, *page_sql(columns, "sessions s", clause, page))
    ]


def _of_listed(db: Db, numbers: list[int], clause: Clause, page: PageRequest) -> list[Place]:
    if len(numbers) <= FEW_TEXTS:
        return places_of_few(db, numbers, clause, page)[0]
    condition, values = clause
    listed = (f"s.no = ANY(%s) AND {condition}", [numbers, *values])
    sql, bound = page_sql(f"s.{SORT_COLUMNS[page.sort_by]}, s.no", "sessions s", listed, page)
    return [(value, no) for value, no in read(db, sql, bound)]
