"""Latencies of the calls in sessions that match a filter: exact percentiles of few, estimates of many.

Up to ``EXACT_UP_TO`` measured calls are read, from the narrow rows of ``calls``. More are estimated: from the
histograms of the rollups where these answer the filter, within one per cent, otherwise from about ``SAMPLED_CALLS``
of sessions spread evenly over all that match. Payloads are never read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

from playhead.model.filters import GroupBy, SessionFilter
from playhead.model.moment import DAY_US
from playhead.model.results import EXACT_UP_TO, ModelLatency
from playhead.replay.histogram import histogram_of, unpacked
from playhead.store.latencies import (
    LATEST_CALLS,
    Cell,
    Found,
    Histograms,
    Latencies,
    Lists,
    cells_of,
    model_latency,
)
from playhead.store.postgres.connection import Db
from playhead.store.postgres.filters_sql import matching_sessions
from playhead.store.postgres.lexemes import Clause
from playhead.store.postgres.rollup_schema import start_sql
from playhead.store.postgres.rollups import of_part, read
from playhead.store.postgres.samples import SESSIONS, sample_of_share
from playhead.store.rows import Row
from playhead.store.spans import KNOWN, parts_of
from playhead.store.statistics import SPANS

SAMPLED_SESSIONS: Final = 1_000
SAMPLED_CALLS: Final = 5_000
CERTAIN: Final = 2
"""So many times as many calls as are counted exactly have to be expected of a sample, that they are not counted."""
SESSION_KEYS: Final[dict[GroupBy, str]] = {
    "feature": "s.feature",
    "user": "coalesce(s.user_id, '')",
    **{name: start_sql("s.started_us", us) for name, us in SPANS.items()},
}
CALLS: Final = "calls AS c ON c.month = s.month AND c.session_no = s.no"
MOST_TRIED: Final = 5_000
"""So many sessions are asked one by one whether they match, rather than all."""
SCATTERED: Final = "((s.no * 2654435761) & 4294967295)"
"""A number below 2**32 that tells nothing of the session."""

_LATEST: Final = (
    "SELECT c.latency_ms FROM (SELECT DISTINCT s.no, s.month FROM session_models f"
    " JOIN sessions s ON s.no = f.session_no WHERE f.model = %s AND s.project_no = %s) AS s CROSS JOIN LATERAL"
    " (SELECT c.latency_ms, c.seq FROM calls c WHERE c.month = s.month AND c.session_no = s.no AND c.model = %s"
    " AND c.latency_ms IS NOT NULL ORDER BY c.seq DESC LIMIT %s) AS c ORDER BY s.no DESC, c.seq DESC LIMIT %s"
)


class Matching(NamedTuple):
    """How many sessions match, and how many calls these have, measured or not."""

    sessions: int
    calls: int


def latencies_of(db: Db, project: int, where: SessionFilter, group_by: GroupBy, matching: Matching) -> Latencies:
    """Return the latencies of the calls in sessions that match, with the keys by which sessions are grouped."""
    parts = _Parts(db, project, where, group_by)
    clause = matching_sessions(project, where)
    if matching.calls <= EXACT_UP_TO:
        return Lists(_measured(db, clause, parts.key), is_estimate=False)
    if parts.rolled and group_by != "user":
        are_many = parts.are_many() or _are_many(db, clause)
        return Histograms(parts.cells()) if are_many else Lists(_measured(db, clause, parts.key), is_estimate=False)
    sampled, share = _sample(db, clause, parts.key, matching)
    expected = sum(len(latencies) for _, _, latencies in sampled) / share
    if expected > CERTAIN * EXACT_UP_TO or _are_many(db, clause):
        return Lists(sampled, is_estimate=True)
    return Lists(_measured(db, clause, parts.key), is_estimate=False)


def model_latencies(db: Db, project: int, models: Sequence[str]) -> list[ModelLatency]:
    """Return the usual latencies of models, each over its latest measured calls, the newest sessions first."""
    return [model_latency(model, _latest(db, project, model)) for model in models]


def _latest(db: Db, project: int, model: str) -> list[float]:
    if "\x00" in model:  # in no column
        return []
    return [latency for (latency,) in db.execute(_LATEST, (model, project, model, LATEST_CALLS, LATEST_CALLS))]


# --- one by one ------------------------------------------------------------------------------------------------------


def _are_many(db: Db, clause: Clause) -> bool:
    """Say whether more calls are measured than are counted exactly."""
    condition, values = clause
    measured = f"SELECT FROM sessions s JOIN {CALLS} WHERE c.latency_ms IS NOT NULL AND {condition} LIMIT %s"
    ((counted,),) = read(db, f"SELECT count(*) FROM ({measured}) AS counted", [*values, EXACT_UP_TO + 1])
    return int(counted) > EXACT_UP_TO


def _measured(db: Db, clause: Clause, key: str) -> list[Found]:
    condition, values = clause
    columns = f"{key}, c.model, array_agg(c.latency_ms)"
    tables = f"sessions s JOIN {CALLS} WHERE c.latency_ms IS NOT NULL AND {condition} GROUP BY 1, 2"
    return read(db, f"SELECT {columns} FROM {tables}", values)


def _sample(db: Db, clause: Clause, key: str, matching: Matching) -> tuple[list[Found], float]:
    """Return latencies of about ``SAMPLED_CALLS``, and which share of all these are: of about ``SAMPLED_SESSIONS``, and
    of each of them as large a share of its calls as of any other."""
    (tables, condition, values), share = _sampled_sessions(db, clause, matching)
    every = max(1, int(matching.calls * share) // SAMPLED_CALLS)
    some = f"SELECT {key} AS key, s.no, s.month FROM {tables} WHERE {condition}"
    of_session = (
        "SELECT c.model, c.latency_ms FROM calls AS c WHERE c.month = s.month AND c.session_no = s.no"
        " AND c.latency_ms IS NOT NULL AND mod(c.seq + s.no, %s) = 0 OFFSET 0"
    )
    rows = read(
        db,
        f"SELECT s.key, c.model, array_agg(c.latency_ms) FROM ({some}) AS s CROSS JOIN LATERAL ({of_session}) AS c"
        " GROUP BY 1, 2",
        [*values, every],
    )
    return rows, share / every


def _sampled_sessions(db: Db, clause: Clause, matching: Matching) -> tuple[tuple[str, str, list[Any]], float]:
    """Return which sessions are a sample (tables, a condition, what both bind), and which share of all these are.

    Where many match, some of all there are; otherwise those that match whose scattered number is small enough.
    """
    condition, values = clause
    share = min(1.0, SAMPLED_SESSIONS / matching.sessions)
    some = sample_of_share(db, share, MOST_TRIED)
    if some is not None:
        return (SESSIONS, condition, [some.numbers, *values]), some.share
    below = int(share * (1 << 32))
    return ("sessions s", f"{condition} AND {SCATTERED} < %s", [*values, below]), share


# --- histograms ------------------------------------------------------------------------------------------------------


class _Parts:
    """A question as rollups answer it, and the edges of its time that they do not."""

    def __init__(self, db: Db, project: int, where: SessionFilter, group_by: GroupBy) -> None:
        self._db = db
        self._project = project
        self._where = where
        self._group_by: GroupBy = group_by
        self.key = SESSION_KEYS.get(group_by, "0")
        self.rolled, self._rest = parts_of(where, KNOWN["latency_rollups"], SPANS.get(group_by, DAY_US))

    def are_many(self) -> bool:
        """Say whether the rollups alone have more calls than are counted exactly."""
        news = self._read("coalesce(sum(sign * cardinality(latencies)), 0)", news=True)
        return sum(int(calls) for (calls,) in (*self._read("coalesce(sum(calls), 0)"), *news)) > EXACT_UP_TO

    def cells(self) -> Iterator[Cell]:
        """Yield key, model and histogram."""
        key = self._rolled_key()
        for name, model, histogram in self._read(f"{key}, model, histogram"):
            yield name, model, unpacked(histogram)
        for name, model, sign, latencies in self._read(f"{key}, model, sign, latencies", news=True):
            yield name, model, sign * histogram_of(latencies)
        edges = (_measured(self._db, matching_sessions(self._project, where), self.key) for where in self._rest)
        yield from cells_of(chain.from_iterable(edges))

    def _rolled_key(self) -> str:
        span = SPANS.get(self._group_by)
        if span is not None:
            return start_sql("start_us", span)
        return "feature" if self._group_by == "feature" else "0"

    def _read(self, columns: str, *, news: bool = False) -> Iterator[Row]:
        for part in self.rolled:
            condition, values = of_part(part, self._project, self._where, "latency_rollups", news=news)
            table = "latency_news" if news else "latency_rollups"
            yield from read(self._db, f"SELECT {columns} FROM {table} WHERE {condition}", values)
