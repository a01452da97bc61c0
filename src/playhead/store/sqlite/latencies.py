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
from typing import Final, Protocol, TypeAlias

import apsw
from msgspec.structs import replace

from playhead.model.filters import GroupBy, SessionFilter
from playhead.model.results import EXACT_UP_TO, ModelLatency
from playhead.replay.histogram import EMPTY, histogram_of, percentiles_of, unpacked
from playhead.replay.percentiles import percentile
from playhead.store.payload import from_json
from playhead.store.rows import MAX_SEQ, SEQ_BITS, Row, event_no
from playhead.store.spans import parts_of
from playhead.store.sqlite.filters_sql import Clause
from playhead.store.sqlite.matching import Matches, Matching, evenly, of_numbers
from playhead.store.sqlite.rollup_schema import DAY_US, HOUR_US, start_sql

Key: TypeAlias = str | int
Ends: TypeAlias = dict[Key, tuple[float | None, float | None]]
"""The median and the 95th percentile by key."""

PERCENTS: Final = (50, 90, 95, 99)
LATEST_CALLS: Final = 1000
SAMPLED_SESSIONS: Final = 1_000
SAMPLED_CALLS: Final = 5_000
SPANS: Final[dict[GroupBy, int]] = {"day": DAY_US, "hour": HOUR_US}
SESSION_KEYS: Final[dict[GroupBy, str]] = {
    "feature": "s.feature",
    "user": "ifnull(s.user_id, '')",
    **{name: start_sql("s", us) for name, us in SPANS.items()},
}
CALLS: Final = f"CROSS JOIN calls c ON c.no BETWEEN s.no << {SEQ_BITS} AND (s.no << {SEQ_BITS}) + {MAX_SEQ}"


class Latencies(Protocol):
    """The percentiles of some calls, in milliseconds."""

    is_estimate: bool

    def percentiles(self) -> dict[str, float | None]:
        """Return those of all calls, by name."""
        ...

    def by_key(self) -> Ends:
        """Return the median and p95 by the key of the sessions."""
        ...

    def by_model(self) -> Ends:
        """Return the median and p95 by model."""
        ...


def latencies_of(matches: Matches, where: SessionFilter, group_by: GroupBy) -> Latencies:
    """Return the latencies of the calls in sessions that match, with the keys by which sessions are grouped."""
    parts = _Parts(matches, where, group_by)
    key = SESSION_KEYS.get(group_by, "0")
    if not parts.are_many() and not _are_many(matches.db, matches.of(where)):
        return _Lists(_measured(matches.db, matches.of(where), key), is_estimate=False)
    if parts.rolled and group_by != "user":
        return _Histograms(parts)
    return _Lists(_sample(matches.db, matches.of(where), key), is_estimate=True)


def model_latencies(db: apsw.Connection, project: int, models: Sequence[str]) -> list[ModelLatency]:
    """Return the usual latencies of models, each over its latest measured calls, the newest sessions first."""
    return [_model_latency(db, project, model) for model in models]


# --- exact, or of a sample -------------------------------------------------------------------------------------------


class _Lists:
    """Latencies one by one, of every call or of a sample."""

    def __init__(self, found: Iterable[tuple[Key, str, float]], *, is_estimate: bool) -> None:
        self.is_estimate = is_estimate
        self._groups: defaultdict[tuple[Key, str], list[float]] = defaultdict(list)
        for key, model, latency_ms in found:
            self._groups[key, model].append(latency_ms)

    def percentiles(self) -> dict[str, float | None]:
        ordered = sorted(chain.from_iterable(self._groups.values()))
        return {f"p{percent}": percentile(ordered, percent) for percent in PERCENTS}

    def by_key(self) -> Ends:
        return self._by(0)

    def by_model(self) -> Ends:
        return self._by(1)

    def _by(self, part: int) -> Ends:
        merged: defaultdict[Key, list[float]] = defaultdict(list)
        for names, latencies in self._groups.items():
            merged[names[part]] += latencies
        return {name: _middle_and_tail(latencies) for name, latencies in merged.items()}


def _middle_and_tail(latencies: list[float]) -> tuple[float | None, float | None]:
    ordered = sorted(latencies)
    return percentile(ordered, 50), percentile(ordered, 95)


def _are_many(db: apsw.Connection, matching: Matching) -> bool:
    tables = f"{matching.numbers_sql} {CALLS}"
    measured = f"SELECT 1 FROM {tables} WHERE c.latency_ms IS NOT NULL AND {matching.condition} LIMIT ?"
    count: int = db.execute(f"SELECT count(*) FROM ({measured})", [*matching.values, EXACT_UP_TO + 1]).get
    return count > EXACT_UP_TO


def _measured(db: apsw.Connection, matching: Matching, key: str) -> list[tuple[Key, str, float]]:
    """Return key, model and latency of every measured call; as one value, because each row costs a lock."""
    columns = f"json_group_array(json_array({key}, c.model, c.latency_ms))"
    tables = f"{matching.sessions_sql} {CALLS}"
    sql = f"SELECT {columns} FROM {tables} WHERE c.latency_ms IS NOT NULL AND {matching.condition}"
    found: list[tuple[Key, str, float]] = from_json(db.execute(sql, matching.values).get)
    return found


def _sample(db: apsw.Connection, matching: Matching, key: str) -> Iterator[tuple[Key, str, float]]:
    """Yield the same of about ``SAMPLED_CALLS``, at even distances in the sequence of all in some sessions."""
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
        return
    sql = (
        "SELECT json_group_array(json_array(c.session_no, c.model, c.latency_ms)) FROM carray(?) AS asked"
        " CROSS JOIN calls c ON c.no = asked.value WHERE c.latency_ms IS NOT NULL"
    )
    for session_no, model, latency_ms in from_json(db.execute(sql, (apsw.carray(numbers),)).get):
        yield keys[session_no], model, latency_ms


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
        self.rolled, self._rest = parts_of(where, ("feature",), SPANS.get(group_by, DAY_US))

    def are_many(self) -> bool:
        """Say whether the rollups alone have more calls than are counted exactly."""
        counts = (self._db.execute(sql, values).get for sql, values in self._statements("ifnull(sum(calls), 0)"))
        return sum(map(int, counts)) > EXACT_UP_TO

    def cells(self) -> Iterator[tuple[Key, str, int]]:
        """Yield key, model and histogram."""
        for sql, values in self._statements(f"{self._rolled_key()}, model, histogram"):
            rows: list[Row] = self._db.execute(sql, values).fetchall()
            for key, model, data in rows:
                yield key, model, unpacked(data)
        yield from self._edges()

    def _edges(self) -> Iterator[tuple[Key, str, int]]:
        gathered: defaultdict[tuple[Key, str], list[float]] = defaultdict(list)
        for where in self._rest:
            matching = self._matches.of(where)
            for key, model, latency_ms in _measured(self._db, matching, SESSION_KEYS.get(self._group_by, "0")):
                gathered[key, model].append(latency_ms)
        for (key, model), latencies in gathered.items():
            yield key, model, histogram_of(latencies)

    def _rolled_key(self) -> str:
        span = SPANS.get(self._group_by)
        if span is not None:
            return f"start_us - ((start_us % {span}) + {span}) % {span}"
        return "feature" if self._group_by == "feature" else "0"

    def _statements(self, columns: str) -> Iterator[Clause]:
        asked = (self._project, self._where, ("feature",))
        for one in self.rolled:
            for table, (condition, values) in (
                ("latency_rollups", one.where(*asked)),
                ("latency_news", one.news_where(*asked)),
            ):
                yield f"SELECT {columns} FROM {table} WHERE {condition}", values


class _Histograms:
    """Latencies merged to one histogram a key and a model."""

    is_estimate = True

    def __init__(self, parts: _Parts) -> None:
        self._keys: dict[Key, int] = {}
        self._models: dict[Key, int] = {}
        for key, model, histogram in parts.cells():
            self._keys[key] = self._keys.get(key, EMPTY) + histogram
            self._models[model] = self._models.get(model, EMPTY) + histogram

    def percentiles(self) -> dict[str, float | None]:
        found = percentiles_of(sum(self._models.values()), PERCENTS)
        return {f"p{percent}": value for percent, value in zip(PERCENTS, found, strict=True)}

    def by_key(self) -> Ends:
        return _ends(self._keys)

    def by_model(self) -> Ends:
        return _ends(self._models)


def _ends(histograms: dict[Key, int]) -> Ends:
    found = ((name, percentiles_of(histogram, (50, 95))) for name, histogram in histograms.items())
    return {name: (middle, tail) for name, (middle, tail) in found}


# --- what is usual for a model ---------------------------------------------------------------------------------------


def _model_latency(db: apsw.Connection, project: int, model: str) -> ModelLatency:
    latest = sorted(islice(_latest_latencies(db, project, model), LATEST_CALLS))
    return ModelLatency(model, len(latest), percentile(latest, 50), percentile(latest, 95))


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
