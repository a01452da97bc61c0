"""Searching: the texts that match a query, best first.

Reads the search index, the sessions that hits belong to, and the events of one page of hits. Of many matching texts
the newest ``RANKED`` are ranked and the others follow by age, and above ``EXACT_UP_TO`` the total is an estimate: so
the commonest word costs little more than a rare one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean, pstdev
from typing import Any, Final, NamedTuple

from playhead.model.event import StoredEvent
from playhead.model.filters import SessionFilter
from playhead.model.results import EXACT_UP_TO, RANKED_AT_LEAST, Hit, HitPage
from playhead.model.session import Session
from playhead.replay.words import parse_query
from playhead.store.postgres.bulk import Columns, arrays, given
from playhead.store.postgres.connection import Db
from playhead.store.postgres.counting import count_sessions
from playhead.store.postgres.filters_sql import matching_sessions
from playhead.store.postgres.lexemes import WEIGHED, matching_texts, rank_query
from playhead.store.postgres.reading import Place, read_events
from playhead.store.postgres.samples import SESSIONS, estimate_rows, sample
from playhead.store.rows import MAX_INT, SESSION_COLUMNS, Row, session_of

BY_AGE: Final = "s.started_us DESC, s.no DESC, t.seq DESC"
BY_SHARE: Final = 2
"""How ``ts_rank`` takes a text's length into account: a word counts by the share that it is of the text."""
RANK: Final = f"coalesce(ts_rank({WEIGHED}, t.tsv, %s::tsquery, {BY_SHARE}), 0)"
_PLACES: Final[Columns] = {"month": "integer", "session_no": "bigint", "seq": "integer"}
FEW: Final = 1_000
"""So many texts are gathered without asking what would be quicker."""
RANKED: Final = RANKED_AT_LEAST
SAMPLED: Final = 1_000
SAMPLED_TEXTS: Final = 60
"""Sessions of a sample whose texts are counted."""
CERTAIN: Final = 5
"""Deviations within which a total lies as good as certainly."""
_ALL: Final = (
    "SELECT (SELECT coalesce(sum(c.reltuples), 0) FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = 'texts'::regclass), (SELECT reltuples FROM pg_class WHERE oid = 'sessions'::regclass)"
)


def search(db: Db, project: int, query: str, where: SessionFilter, *, limit: int = 20, offset: int = 0) -> HitPage:
    """Return the texts that hold all terms of a query, in sessions that match; equal scores by newest first."""
    terms = parse_query(query)
    if not terms:
        return HitPage([], 0)
    question = _Question(*matching_texts(project, terms), *matching_sessions(project, where), rank_query(terms))
    expected, shown = _expect(db, question), _Shown(limit, offset)
    if expected.holding <= EXACT_UP_TO and (few := _few(db, question)) is not None:
        return HitPage(_hits(db, few[offset : offset + limit]), len(few))
    some = _sample(db, project, question, where) if expected.matching > EXACT_UP_TO else None
    if some is not None and some.is_surely_above(EXACT_UP_TO):
        found = question.found_by_session if some.begins_early else question.found
        rows, _ = _page(db, question, found, RANKED, shown)
        return HitPage(_hits(db, rows), some.total, total_is_estimate=True, ranked=RANKED)
    found = question.found_by_session if expected.is_quicker_by_session else question.found
    rows, counted = _page(db, question, found, EXACT_UP_TO + 1, shown)
    if counted <= RANKED:
        return HitPage(_hits(db, rows), counted)
    total = max(counted, expected.matching) if counted > EXACT_UP_TO else counted
    return HitPage(_hits(db, rows), total, total_is_estimate=counted > EXACT_UP_TO, ranked=RANKED)


class _Question(NamedTuple):
    """Which texts of which sessions are asked for, each with what its condition binds, and what they are ranked by."""

    texts: str
    text_values: list[Any]
    sessions: str
    session_values: list[Any]
    rank: str

    @property
    def found(self) -> str:
        """The texts and their sessions, from FROM on.

        Without the months, which hang on the sessions: the planner would expect as many times fewer rows as there are.
        """
        return f"FROM texts AS t JOIN sessions AS s ON s.no = t.session_no WHERE {self.texts} AND {self.sessions}"

    @property
    def found_by_session(self) -> str:
        """The same, found session by session instead of by the index of words."""
        of_session = f"FROM texts AS t WHERE t.month = s.month AND t.session_no = s.no AND {self.texts}"
        return (
            "FROM sessions AS s CROSS JOIN LATERAL (SELECT t.month, t.session_no, t.seq"
            f" {of_session} ORDER BY t.seq DESC) AS t WHERE {self.sessions}"
        )

    @property
    def bound(self) -> list[Any]:
        """What both bind, in order."""
        return [*self.text_values, *self.session_values]


class _Expected(NamedTuple):
    """What the planner expects: texts that hold the words, texts in all, and the share of sessions that match."""

    holding: int
    texts: float
    share: float

    @property
    def matching(self) -> int:
        """How many texts are found."""
        return int(self.holding * self.share)

    @property
    def is_quicker_by_session(self) -> bool:
        """Whether fewer texts are read when sessions are gone through by age until enough are found than when all that
        hold the words are gathered: where the words are common, or the sessions few."""
        until_enough = EXACT_UP_TO * self.texts / max(1, self.holding)
        return min(self.texts * self.share, until_enough) < self.holding


def _expect(db: Db, question: _Question) -> _Expected:
    holding = estimate_rows(db, f"SELECT FROM texts AS t WHERE {question.texts}", question.text_values)
    if holding <= FEW:
        return _Expected(holding, math.inf, 1.0)
    sessions = estimate_rows(db, f"SELECT FROM sessions AS s WHERE {question.sessions}", question.session_values)
    row = db.execute(_ALL).fetchone()
    texts, all_sessions = row if row is not None else (0, 0)
    counted = texts > 0  # not before the tables were analysed for the first time
    return _Expected(holding, texts if counted else math.inf, min(1.0, sessions / max(1, all_sessions)))


class _Sample(NamedTuple):
    """How many texts are found in each of some sessions that match, the newest first, and how many match in all."""

    counts: list[int]
    sessions: int

    @property
    def total(self) -> int:
        """About how many texts are found."""
        return round(fmean(self.counts) * self.sessions)

    @property
    def begins_early(self) -> bool:
        """Whether the first text is met soon when sessions are gone through by age."""
        return any(self.counts[: len(self.counts) // 4])

    def is_surely_above(self, number: int) -> bool:
        """Whether it is as good as certain that more texts are found."""
        if len(self.counts) < SAMPLED_TEXTS // 2:
            return False
        spread = pstdev(self.counts) / math.sqrt(len(self.counts))
        return (fmean(self.counts) - CERTAIN * spread) * self.sessions > number


def _sample(db: Db, project: int, question: _Question, where: SessionFilter) -> _Sample:
    """Count the texts of some sessions, spread evenly over those that match."""
    counted = f"SELECT count(*) FROM texts AS t WHERE t.month = s.month AND t.session_no = s.no AND {question.texts}"
    columns = "s.no, s.month, s.started_us"
    some = f"SELECT {columns} FROM {SESSIONS} WHERE {question.sessions} ORDER BY asked.place LIMIT {SAMPLED_TEXTS}"
    sql = f"SELECT ({counted}) FROM ({some}) AS s ORDER BY s.started_us DESC"
    counts = [
        count
        for (count,) in db.execute(sql, [*question.text_values, sample(db, SAMPLED).numbers, *question.session_values])
    ]
    return _Sample(counts, count_sessions(db, project, where).number)


class _Shown(NamedTuple):
    """The part that is shown of all that is found."""

    limit: int
    offset: int


def _few(db: Db, question: _Question) -> list[Row] | None:
    """Return what is found by rank, or None where more than ``RANKED`` texts hold the words.

    Asked twice, so that what the planner expects of a word that it does not know leads to no reading of all sessions.
    """
    holding = f"SELECT t.month, t.session_no, t.seq FROM texts AS t WHERE {question.texts} LIMIT {RANKED + 1}"
    rows = db.execute(holding, question.text_values).fetchall()
    if len(rows) > RANKED:
        return None
    return db.execute(
        f"SELECT t.month, t.session_no, t.seq, {RANK} AS rank FROM {given(_PLACES)}"
        " JOIN sessions AS s ON s.no = given.session_no"
        " JOIN texts AS t ON t.month = given.month AND t.session_no = given.session_no AND t.seq = given.seq"
        f" WHERE {question.sessions} ORDER BY rank DESC, {BY_AGE}",
        [question.rank, *arrays(_PLACES, rows), *question.session_values],
    ).fetchall()


def _page(db: Db, question: _Question, found: str, most: int, shown: _Shown) -> tuple[list[Row], int]:
    """Return a page of texts, those behind the newest ``RANKED`` by age, and how many there are, up to ``most``."""
    rows, counted = _ranked(db, question, found, most, shown)
    if counted >= RANKED and len(rows) < shown.limit:
        rows += _by_age(db, question, found, _Shown(shown.limit - len(rows), max(shown.offset, RANKED)))
    return rows, counted


def _ranked(db: Db, question: _Question, found: str, most: int, shown: _Shown) -> tuple[list[Row], int]:
    """Return a page of the newest ``RANKED`` texts by rank, and how many texts there are, up to ``most``."""
    rows = db.execute(
        f"WITH newest AS MATERIALIZED (SELECT t.month, t.session_no, t.seq, s.started_us {found}"
        f" ORDER BY {BY_AGE} LIMIT {most}), page AS (SELECT n.month, n.session_no, n.seq, {RANK} AS rank"
        f" FROM (SELECT * FROM newest LIMIT {RANKED}) AS n"
        " JOIN texts AS t ON t.month = n.month AND t.session_no = n.session_no AND t.seq = n.seq"
        " ORDER BY rank DESC, n.started_us DESC, n.session_no DESC, n.seq DESC LIMIT %s OFFSET %s)"
        " SELECT n.count, p.* FROM (SELECT count(*) FROM newest) AS n LEFT JOIN page AS p ON true",
        [*question.bound, question.rank, shown.limit, min(shown.offset, MAX_INT)],
    ).fetchall()
    return [row[1:] for row in rows if row[1] is not None], rows[0][0]


def _by_age(db: Db, question: _Question, found: str, shown: _Shown) -> list[Row]:
    """Return a page of what is not ranked."""
    page = f"SELECT t.month, t.session_no, t.seq, 0.0 {found} ORDER BY {BY_AGE} LIMIT %s OFFSET %s"
    return db.execute(page, [*question.bound, shown.limit, min(shown.offset, MAX_INT)]).fetchall()


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
