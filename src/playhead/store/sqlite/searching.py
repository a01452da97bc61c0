"""Searching: the texts that match a query, best first.

Reads the project's own index in ``search.db``, the sessions that hits belong to, and the events of one page of hits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import apsw

from playhead.model.event import StoredEvent
from playhead.model.filters import SessionFilter
from playhead.model.results import Hit, HitPage
from playhead.model.session import Session
from playhead.replay.words import parse_query
from playhead.store.rows import SEQ_BITS, SESSION_COLUMNS, Row, seq_of, session_no_of, session_of
from playhead.store.sqlite.filters_sql import BIGGEST, has_texts, match_of, matching_sessions_sql, texts_table
from playhead.store.sqlite.places import SESSION_NO, event_no_sql, joined_sql
from playhead.store.sqlite.reading import read_events

WEIGHTS: Final = (1.0, 4.0, 10.0)
"""Of all other texts, the prompt and the label, in BM25."""


def search(
    db: apsw.Connection, project: int, query: str, where: SessionFilter, *, limit: int = 20, offset: int = 0
) -> HitPage:
    """Return the texts that hold all terms of a query, in sessions that match; equal scores by newest first."""
    terms = parse_query(query)
    if not terms or not has_texts(db, project):
        return HitPage([], 0)
    table = texts_table(project)
    condition, values = matching_sessions_sql(db, project, where)
    found = (
        f"FROM {joined_sql(table)} CROSS JOIN sessions s ON s.no = {SESSION_NO} WHERE {table} MATCH ? AND {condition}"
    )
    bound = [match_of(terms), *values]
    total = int(db.execute(f"SELECT count(*) {found}", bound).get)
    ranked: list[Row] = db.execute(
        f"SELECT {event_no_sql(table)} AS no, bm25({table}, {', '.join(map(str, WEIGHTS))}) AS rank {found}"
        " ORDER BY rank, s.started_us DESC, no DESC LIMIT ? OFFSET ?",
        [*bound, limit, min(offset, BIGGEST)],
    ).fetchall()
    return HitPage(_hits(db, ranked), total)


def _hits(db: apsw.Connection, ranked: Sequence[Row]) -> list[Hit]:
    sessions = _sessions(db, {session_no_of(no) for no, _ in ranked})
    events = _events(db, [no for no, _ in ranked if seq_of(no)])
    return [Hit(sessions[session_no_of(no)], events.get(no), -rank) for no, rank in ranked]


def _sessions(db: apsw.Connection, numbers: set[int]) -> dict[int, Session]:
    rows = (db.execute(f"SELECT {SESSION_COLUMNS} FROM sessions s WHERE s.no = ?", (no,)).fetchone() for no in numbers)
    return {row[0]: session_of(row) for row in rows if row is not None}


def _events(db: apsw.Connection, numbers: Sequence[int]) -> dict[int, StoredEvent]:
    by_session: dict[int, list[int]] = defaultdict(list)
    for no in numbers:
        by_session[session_no_of(no)].append(no)
    return {
        session_no << SEQ_BITS | event.seq: event
        for session_no, own in by_session.items()
        for event in read_events(db, session_no, own)
    }
