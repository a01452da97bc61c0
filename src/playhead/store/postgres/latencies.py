"""Latencies: percentiles over the measured calls of the sessions that match, whole, by session key and by model.

Up to ``EXACT_UP_TO`` calls each latency is read; of more, how many fall into each of many narrow ranges, whose widths
grow by two per cent, so that a percentile is told to within one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final, TypeAlias

from playhead.model.results import EXACT_UP_TO, ModelLatency
from playhead.replay.percentiles import percentile
from playhead.store.postgres.connection import Db
from playhead.store.postgres.lexemes import Clause
from playhead.store.rows import Row

Weighed: TypeAlias = tuple[float, int]
"""A latency, and how many calls have it."""
Percentiles: TypeAlias = dict[str | int, tuple[float | None, float | None]]

_Groups: TypeAlias = dict[str | int, list[Weighed]]

PERCENTS: Final = (50, 90, 95, 99)
LATEST_CALLS: Final = 1000
GROWTH: Final = math.log(1.02)
NOTHING: Final = -(1 << 31)
"""The range of a latency of zero."""

_CALLS: Final = (
    "FROM sessions s JOIN calls c ON c.session_no = s.no AND c.month = s.month WHERE c.latency_ms IS NOT NULL AND"
)
_RANGE: Final = f"CASE WHEN c.latency_ms > 0 THEN floor(ln(c.latency_ms) / {GROWTH!r})::integer ELSE {NOTHING} END"
_LATEST: Final = (
    "SELECT c.latency_ms FROM (SELECT DISTINCT s.no, s.month FROM session_models f"
    " JOIN sessions s ON s.no = f.session_no WHERE f.model = %s AND s.project_no = %s) AS s CROSS JOIN LATERAL"
    " (SELECT c.latency_ms, c.seq FROM calls c WHERE c.month = s.month AND c.session_no = s.no AND c.model = %s"
    " AND c.latency_ms IS NOT NULL ORDER BY c.seq DESC LIMIT %s) AS c ORDER BY s.no DESC, c.seq DESC LIMIT %s"
)


class Latencies:
    """The latencies of a clause's sessions, by a key of theirs (SQL) and by model; ``at_most`` calls are measured."""

    def __init__(self, db: Db, clause: Clause, key: str, at_most: int) -> None:
        self.is_estimate = False
        self._keys: _Groups = {}
        self._models: _Groups = {}
        if at_most > EXACT_UP_TO:
            self._keys, self._models = _counted(db, clause, key)
            self.is_estimate = sum(count for _, count in self._all()) > EXACT_UP_TO
        if not self.is_estimate:
            self._keys, self._models = _measured(db, clause, key)

    def percentiles(self) -> dict[str, float | None]:
        """Return those of all calls, by name."""
        found = _percentiles(self._all(), PERCENTS)
        return {f"p{percent}": value for percent, value in zip(PERCENTS, found, strict=True)}

    def by_key(self) -> Percentiles:
        """Return the median and p95 by session key."""
        return _middles_and_tails(self._keys)

    def by_model(self) -> Percentiles:
        """Return the median and p95 by model."""
        return _middles_and_tails(self._models)

    def _all(self) -> Iterable[Weighed]:
        return chain.from_iterable(self._models.values())


def model_latency(db: Db, project: int, model: str) -> ModelLatency:
    """Return a model's usual latencies, over its latest measured calls, the newest sessions first."""
    if "\x00" in model:
        return ModelLatency(model, 0, None, None)
    rows = db.execute(_LATEST, (model, project, model, LATEST_CALLS, LATEST_CALLS))
    latest = sorted(latency for (latency,) in rows)
    return ModelLatency(model, len(latest), percentile(latest, 50), percentile(latest, 95))


def _measured(db: Db, clause: Clause, key: str) -> tuple[_Groups, _Groups]:
    keys: _Groups = {}
    models: _Groups = {}
    for name, model, latencies in _select(db, clause, f"{key}, c.model, array_agg(c.latency_ms)", "GROUP BY 1, 2"):
        weighed = [(latency, 1) for latency in latencies]
        keys.setdefault(name, []).extend(weighed)
        models.setdefault(model, []).extend(weighed)
    return keys, models


def _counted(db: Db, clause: Clause, key: str) -> tuple[_Groups, _Groups]:
    keys: _Groups = {}
    models: _Groups = {}
    sets = "GROUP BY GROUPING SETS ((1, 3), (2, 3))"
    rows = _select(db, clause, f"{key}, c.model, {_RANGE}, count(*)", sets)
    for name, model, range_, count in rows:
        group = keys.setdefault(name, []) if model is None else models.setdefault(model, [])
        group.append((_middle(range_), count))
    return keys, models


def _select(db: Db, clause: Clause, columns: str, rest: str) -> list[Row]:
    condition, values = clause
    with db.cursor(binary=True) as cursor:
        return cursor.execute(f"SELECT {columns} {_CALLS} {condition} {rest}", values).fetchall()


def _middles_and_tails(groups: _Groups) -> Percentiles:
    both = {name: _percentiles(latencies, (50, 95)) for name, latencies in groups.items()}
    return {name: (median, tail) for name, (median, tail) in both.items()}


def _middle(range_: int) -> float:
    return 0.0 if range_ == NOTHING else math.exp((range_ + 0.5) * GROWTH)


def _percentiles(latencies: Iterable[Weighed], percents: Sequence[int]) -> list[float | None]:
    """Return percentiles by nearest rank, in the order of ``percents``, which rise."""
    ordered = sorted(latencies)
    total = sum(count for _, count in ordered)
    found: list[float | None] = []
    seen, places = 0, iter(ordered)
    latency: float | None = None
    for percent in percents:
        rank = max(1, math.ceil(percent / 100 * total))
        while seen < rank and (place := next(places, None)) is not None:
            latency, count = place
            seen += count
        found.append(latency)
    return found
