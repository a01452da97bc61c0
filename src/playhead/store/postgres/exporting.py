"""Exporting: every session that matches a filter, newest first, a few at a time.

Each step is a read of its own, so that a slow download holds no transaction open; a session that starts meanwhile is
left out, one that is erased meanwhile too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from playhead.model.filters import SessionFilter
from playhead.model.session import Session
from playhead.store.postgres.connection import Db, Pool
from playhead.store.postgres.filters_sql import matching_sessions
from playhead.store.rows import MAX_INT, SESSION_COLUMNS, Row, session_of

STEP: Final = 200


def export_sessions(pool: Pool, project: int, where: SessionFilter) -> Iterator[Session]:
    """Yield every session that matches, newest first, without holding them all."""
    place = (MAX_INT, MAX_INT)
    while rows := _step(pool, project, where, place):
        for row in rows:
            yield session_of(row)
        place = (rows[-1][-1], rows[-1][0])


def _step(pool: Pool, project: int, where: SessionFilter, place: tuple[int, int]) -> list[Row]:
    condition, values = matching_sessions(project, where)

    def ask(db: Db) -> list[Row]:
        return db.execute(
            f"SELECT {SESSION_COLUMNS}, s.started_us FROM sessions AS s WHERE {condition}"
            f" AND (s.started_us, s.no) < (%s, %s) ORDER BY s.started_us DESC, s.no DESC LIMIT {STEP}",
            [*values, *place],
        ).fetchall()

    return pool.read(ask)
