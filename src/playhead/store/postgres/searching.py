"""Searching: the texts that match a query, best first.

Reads the search index, the sessions that hits belong to, and the events of one page of hits. Of more than
``EXACT_UP_TO`` texts the newest so many are ranked, and the others follow by age.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from playhead.model.event import StoredEvent
from playhead.model.filters import SessionFilter
from playhead.model.results import EXACT_UP_TO, Hit, HitPage
from playhead.model.session import Session
from playhead.replay.words import parse_query
from playhead.store.postgres.connection import Db
from playhead.store.postgres.filters_sql import matching_sessions
from playhead.store.postgres.lexemes import RANKED, matching_texts, rank_query
from playhead.store.postgres.listing import count_rows
from playhead.store.postgres.reading import Place, read_events
from playhead.store.rows import MAX_INT, SESSION_COLUMNS, Row, session_of

BY_AGE: Final = "s.started_us DESC, s.no DESC, t.seq DESC"
BY_SHARE: Final = 2
"""How ``ts_rank`` takes a text's length into account: a word counts by the share that it is of the text."""


def search(db: Db, project: int, query: str, where: SessionFilter, *, limit: int = 20, offset: int = 0) -> HitPage:
    """Return the texts that hold all terms of a query, in sessions that match; equal scores by newest first."""
    terms = parse_query(query)
    if not terms:
        return HitPage([], 0)
    texts, values = matching_texts(project, terms, "t.month, t.session_no, t.seq, t.tsv")
    condition, more = matching_sessions(project, where)
    found = f"FROM ({texts}) AS t JOIN sessions AS s ON s.no = t.session_no WHERE {condition}"
    bound = [*values, *more]
    total = count_rows(db, f"SELECT {found}", bound)
    page = (limit, min(offset, MAX_INT))
    if not total.is_estimate:
        rows = _ranked(db, f"{found}", bound, rank_query(terms), page)
        return HitPage(_hits(db, rows), total.number)
    rows = _newest_ranked(db, found, bound, rank_query(terms), page)
    return HitPage(_hits(db, rows), total.number, total_is_estimate=True, ranked=EXACT_UP_TO)


def _ranked(db: Db, found: str, bound: list[Any], query: str, page: tuple[int, int]) -> list[Row]:
    return db.execute(
        f"SELECT t.month, t.session_no, t.seq, {_rank('t.tsv')} AS rank {found}"
        f" ORDER BY rank DESC, {BY_AGE} LIMIT %s OFFSET %s",
        [query, *bound, *page],
    ).fetchall()


def _newest_ranked(db: Db, found: str, bound: list[Any], query: str, page: tuple[int, int]) -> list[Row]:
    limit, offset = page
    rows: list[Row] = []
    if offset < EXACT_UP_TO:
        newest = f"SELECT t.*, s.started_us {found} ORDER BY {BY_AGE} LIMIT {EXACT_UP_TO}"
        rows = db.execute(
            f"SELECT n.month, n.session_no, n.seq, {_rank('n.tsv')} AS rank FROM ({newest}) AS n"
            " ORDER BY rank DESC, n.started_us DESC, n.session_no DESC, n.seq DESC LIMIT %s OFFSET %s",
            [query, *bound, min(limit, EXACT_UP_TO - offset), offset],
        ).fetchall()
    if len(rows) < limit:
        rest = f"SELECT t.month, t.session_no, t.seq, 0.0 {found} ORDER BY {BY_AGE} LIMIT %s OFFSET %s"
        rows += db.execute(rest, [*bound, limit - len(rows), max(offset, EXACT_UP_TO)]).fetchall()
    return rows


def _rank(vector: str) -> str:
    return f"coalesce(ts_rank({RANKED}, {vector}, %s::tsquery, {BY_SHARE}), 0)"


def _hits(db: Db, ranked: Sequence[Row]) -> list[Hit]:
    sessions = _sessions(db, {session_no for _, session_no, _, _ in ranked})
    events = _events(db, [(Place(month, session_no), seq) for month, session_no, seq, _ in ranked if seq])
    return [
        Hit(sessions[session_no], events.get((session_no, seq)), float(rank)) for _, session_no, seq, rank in ranked
    ]


def _sessions(db: Db, numbers: set[int]) -> dict[int, Session]:
    rows = db.execute(f"SELECT {SESSION_COLUMNS} FROM sessions AS s WHERE s.no = ANY(%s)", (list(numbers),))
    return {row[0]: session_of(row) for row in rows}


def _events(db: Db, wanted: Sequence[tuple[Place, int]]) -> dict[tuple[int, int], StoredEvent]:
    by_place: defaultdict[Place, list[int]] = defaultdict(list)
    for place, seq in wanted:
        by_place[place].append(seq)
    return {(place.no, event.seq): event for place, seqs in by_place.items() for event in read_events(db, place, seqs)}
