"""Latencies of the calls in sessions that match a filter: exact percentiles of few, estimates of many.

Up to ``EXACT_UP_TO`` measured calls are read, from the narrow rows of ``calls``. More are estimated: from the
histograms of the rollups where these answer the filter, within one per cent, otherwise from about as many calls spread
evenly over all that match. Payloads are never read.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, islice
from typing import Final

import apsw
from msgspec.structs import replace

from playhead.model.filters import GroupBy, SessionFilter
from playhead.model.moment import DAY_US
from playhead.model.results import EXACT_UP_TO, ModelLatency
from playhead.replay.histogram import unpacked
from playhead.store.latencies import (
    LATEST_CALLS,
    Cell,
    Found,
    Histograms,
    Key,
    Latencies,
    Lists,
    cells_of,
    model_latency,
)
from playhead.store.payload import from_json
from playhead.store.rows import MAX_SEQ, SEQ_BITS, Row, event_no
from playhead.store.spans import KNOWN, parts_of
from playhead.store.sqlite.filters_sql import Clause
from playhead.store.sqlite.matching import Matches, Matching, evenly, of_numbers
from playhead.store.sqlite.rollup_schema import start_sql
from playhead.store.statistics import SPANS

SAMPLED_SESSIONS: Final = 1_000
SAMPLED_CALLS: Final = 5_000
SESSION_KEYS: Final[dict[GroupBy, str]] = {
    "feature": "s.feature",
    "user": "ifnull(s.user_id, '')",
    **{name: start_sql("s.started_us", us) for name, us in SPANS.items()},
}
CALLS: Final = f"CROSS JOIN calls c ON c.no BETWEEN s.no << {SEQ_BITS} AND (s.no << {SEQ_BITS}) + {MAX_SEQ}"


def latencies_of(matches: Matches, where: SessionFilter, group_by: GroupBy) -> Latencies:
    """Return the latencies of the calls in sessions that match, with the keys by which sessions are grouped."""
    parts = _Parts(matches, where, group_by)
    key = SESSION_KEYS.get(group_by, "0")
    if not parts.are_many() and not _are_many(matches.db, matches.of(where)):
        return Lists(_measured(matches.db, matches.of(where), key), is_estimate=False)
    if parts.rolled and group_by != "user":
        return Histograms(parts.cells())
    return Lists(_sample(matches.db, matches.of(where), key), is_estimate=True)


def model_latencies(db: apsw.Connection, project: int, models: Sequence[str]) -> list[ModelLatency]:
    """Return the usual latencies of models, each over its latest measured calls, the newest sessions first."""
    latest = ((model, _latest_latencies(db, project, model)) for model in models)
    return [model_latency(model, islice(latencies, LATEST_CALLS)) for model, latencies in latest]


# --- exact, or of a sample -------------------------------------------------------------------------------------------


def _gathered(found: Iterable[tuple[Key, str, float]]) -> Iterator[Found]:
    """Yield the latencies of each key and model together."""
    gathered: defaultdict[tuple[Key, str], list[float]] = defaultdict(list)
    for key, model, latency_ms in found:
        gathered[key, model].append(latency_ms)
    for (key, model), latencies in gathered.items():
        yield key, model, latencies


def _are_many(db: apsw.Connection, matching: Matching) -> bool:
    tables = f"{matching.numbers_sql} {CALLS}"
    measured = f"SELECT 1 FROM {tables} WHERE c.latency_ms IS NOT NULL AND {matching.condition} LIMIT ?"
    count: int = db.execute(f"SELECT count(*) FROM ({measured})", [*matching.values, EXACT_UP_TO + 1]).get
    return count > EXACT_UP_TO


def _measured(db: apsw.Connection, matching: Matching, key: str) -> Iterator[Found]:
    """Return the latencies of every measured call; read as one value, because each row costs a lock."""
    columns = f"json_group_array(json_array({key}, c.model, c.latency_ms))"
    tables = f"{matching.sessions_sql} {CALLS}"
    sql = f"SELECT {columns} FROM {tables} WHERE c.latency_ms IS NOT NULL AND {matching.condition}"
    return _gathered(from_json(db.execute(sql, matching.values).get))


def _sample(db: apsw.Connection, matching: Matching, key: str) -> Iterator[Found]:
    """Return the same of about ``SAMPLED_CALLS``, at even distances in the sequence of all in some sessions."""
    some = _some(db, matching)
    taken = from_json(
        db.execute(
            f"SELECT json_group_array(json_array(s.no, s.last_seq, s.interactions, {key})) FROM {some.sessions_sql}"
            f" WHERE {some.condition}",
            some.values,
        ).get
    )
    keys = {session_no: key_value for session_no, _, _, key_value in taken}
    numbers = array("q", _spread([(no, last_seq, calls) for no, last_seq, calls, _ in taken]))
    if not numbers:
        return iter(())
    sql = (
        "SELECT json_group_array(json_array(c.session_no, c.model, c.latency_ms)) FROM carray(?) AS asked"
        " CROSS JOIN calls c ON c.no = asked.value WHERE c.latency_ms IS NOT NULL"
    )
    measured = from_json(db.execute(sql, (apsw.carray(numbers),)).get)
    return _gathered((keys[session_no], model, latency_ms) for session_no, model, latency_ms in measured)


def _some(db: apsw.Connection, matching: Matching) -> Matching:
    """Return about ``SAMPLED_SESSIONS`` of those that match: at even distances, or where their numbers are not known
    those whose scattered number is small enough to be about as many."""
    if matching.numbers is not None:
        return of_numbers(evenly(matching.numbers, SAMPLED_SESSIONS))
    counted = f"SELECT count(*) FROM {matching.sessions_sql} WHERE {matching.condition}"
    below = (SAMPLED_SESSIONS << 32) // max(1, db.execute(counted, matching.values).get)
    condition = f"{matching.condition} AND ((s.no * 2654435761) & 4294967295) < ?"
    return replace(matching, condition=condition, values=[*matching.values, min(1 << 32, below)])


def _spread(sessions: Sequence[tuple[int, int, int]]) -> Iterator[int]:
    """Yield the numbers of events at even distances, in sessions with a last seq and a number of calls."""
    ends = list(accumulate(interactions for _, _, interactions in sessions))
    total = ends[-1] if ends else 0
    size = min(total, SAMPLED_CALLS)
    for place in range(size):
        position = (2 * place + 1) * total // (2 * size)
        index = bisect_right(ends, position)
        session_no, last_seq, interactions = sessions[index]
        within = position - (ends[index] - interactions)
        yield event_no(session_no, 1 + within * last_seq // interactions)


# --- histograms ------------------------------------------------------------------------------------------------------


class _Parts:
    """A question as rollups answer it, and the edges of its time that they do not."""

    def __init__(self, matches: Matches, where: SessionFilter, group_by: GroupBy) -> None:
        self._db = matches.db
        self._project = matches.project
        self._matches = matches
        self._where = where
        self._group_by: GroupBy = group_by
        self.rolled, self._rest = parts_of(where, KNOWN["latency_rollups"], SPANS.get(group_by, DAY_US))

    def are_many(self) -> bool:
        """Say whether the rollups alone have more calls than are counted exactly."""
        counts = (self._db.execute(sql, values).get for sql, values in self._statements("ifnull(sum(calls), 0)"))
        return sum(map(int, counts)) > EXACT_UP_TO

    def cells(self) -> Iterator[Cell]:
        """Yield key, model and histogram."""
        for sql, values in self._statements(f"{self._rolled_key()}, model, histogram"):
            rows: list[Row] = self._db.execute(sql, values).fetchall()
            for key, model, data in rows:
                yield key, model, unpacked(data)
        key = SESSION_KEYS.get(self._group_by, "0")
        edges = (_measured(self._db, self._matches.of(where), key) for where in self._rest)
        yield from cells_of(chain.from_iterable(edges))

    def _rolled_key(self) -> str:
        span = SPANS.get(self._group_by)
        if span is not None:
            return start_sql("start_us", span)
        return "feature" if self._group_by == "feature" else "0"

    def _statements(self, columns: str) -> Iterator[Clause]:
        asked = (self._project, self._where, KNOWN["latency_rollups"])
        for one in self.rolled:
            for table, (condition, values) in (
                ("latency_rollups", one.where(*asked)),
                ("latency_news", one.spanless_where(*asked)),
            ):
                yield f"SELECT {columns} FROM {table} WHERE {condition}", values


# --- what is usual for a model ---------------------------------------------------------------------------------------


def _latest_latencies(db: apsw.Connection, project: int, model: str) -> Iterator[float]:
    sessions = db.execute(
        "SELECT DISTINCT f.session_no FROM session_models f CROSS JOIN sessions s ON s.no = f.session_no"
        " WHERE f.model = ? AND s.project_no = ? ORDER BY f.session_no DESC",
        (model, project),
    )
    for (session_no,) in sessions:
        latest: str = db.execute(
            "SELECT json_group_array(latency_ms ORDER BY no DESC) FROM (SELECT no, latency_ms FROM calls"
            " WHERE no BETWEEN ? AND ? AND model = ? AND latency_ms IS NOT NULL ORDER BY no DESC LIMIT ?)",
            (event_no(session_no, 1), event_no(session_no, MAX_SEQ), model, LATEST_CALLS),
        ).get
        yield from from_json(latest)
