"""Searching: the texts that match a query, best first."""

from __future__ import annotations

from collections.abc import Sequence

from playhead.model.filters import SessionFilter
from playhead.model.results import Hit, HitPage
from playhead.model.session import Session
from playhead.replay.words import parse_query
from playhead.store.clickhouse.connection import Connection
from playhead.store.clickhouse.filters_sql import matching_sessions_sql
from playhead.store.clickhouse.lookups import parts
from playhead.store.clickhouse.matching_sql import hits_sql
from playhead.store.clickhouse.reading import Head, read_many
from playhead.store.clickhouse.state import decode_state, session_of
from playhead.store.rows import MAX_INT, Row


def search(
    connection: Connection, project: int, query: str, where: SessionFilter, *, limit: int = 20, offset: int = 0
) -> HitPage:
    """Return the texts that hold all terms of a query, in sessions that match; equal scores by newest first."""
    terms = parse_query(query)
    text_index = connection.layout.text_index
    condition, values = matching_sessions_sql(project, where, text_index=text_index)
    if not terms:
        return HitPage([], 0)
    hits, bound = hits_sql(terms, prefix="q", text_index=text_index)
    found = (
        f"FROM ({hits}) AS h INNER JOIN (SELECT no, started_us FROM sessions AS s FINAL WHERE {condition}) AS m"
        " ON m.no = h.no"
    )
    total = int(connection.query(f"SELECT count() {found}", values | bound)[0][0])
    if offset >= total:
        return HitPage([], total)
    ranked = connection.query(
        f"SELECT h.no, h.seq, h.score {found} ORDER BY h.score DESC, m.started_us DESC, h.no DESC, h.seq DESC"
        f" LIMIT {int(limit)} OFFSET {min(offset, MAX_INT)}",
        values | bound,
    )
    return HitPage(_hits(connection, project, ranked), total)


def _hits(connection: Connection, project: int, ranked: Sequence[Row]) -> list[Hit]:
    sessions, heads = _sessions(connection, project, {no for no, _, _ in ranked})
    events = read_many(connection, heads, {(no, seq) for no, seq, _ in ranked if seq and no in heads})
    return [Hit(sessions[no], events.get((no, seq)), score) for no, seq, score in ranked if no in sessions]


def _sessions(connection: Connection, project: int, numbers: set[int]) -> tuple[dict[int, Session], dict[int, Head]]:
    sessions: dict[int, Session] = {}
    heads: dict[int, Head] = {}
    for part in parts(sorted(numbers), lambda _: 20):
        rows = connection.query(
            "SELECT no, created, slots, changes, messages, id, state FROM sessions FINAL"
            " WHERE project_no = {project:UInt32} AND no IN {numbers:Array(UInt64)}",
            {"project": project, "numbers": part},
            raw=["state"],
        )
        for no, created, slots, changes, messages, id_, state in rows:
            sessions[no] = session_of(id_, decode_state(state))
            heads[no] = Head(project, no, created, slots, changes, messages)
    return sessions, heads
