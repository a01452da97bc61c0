"""Statistics: how sums by kind, model, start and user, and latencies, become an answer; for every engine.

Pure: an engine answers the questions, this module puts them together. Sums are whole numbers without a limit; what is
shown stops at the greatest that a column could hold.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol, TypeAlias

from playhead.model.filters import GroupBy
from playhead.model.moment import DAY_US, format_us
from playhead.model.results import ModelStats, SeriesPoint, Stats
from playhead.store.latencies import Ends, Key, Latencies
from playhead.store.rows import MAX_INT
from playhead.store.spans import HOUR_US

Sums: TypeAlias = Mapping[str, int]
"""Measures by name."""
Kind: TypeAlias = tuple[str, str, str]
"""A feature, a source and a status."""

SPANS: Final[dict[GroupBy, int]] = {"day": DAY_US, "hour": HOUR_US}


class Question(Protocol):
    """What an engine answers about the sessions that match, any number of times; a key that none has is left out."""

    def totals(self) -> Sums:
        """Return the sums of all."""
        ...

    def by_kind(self) -> Mapping[Kind, Sums]:
        """Return at least sessions and costs by feature, source and status."""
        ...

    def by_feature(self) -> Mapping[Key, Sums]:
        """Return sums by feature."""
        ...

    def by_start(self) -> Mapping[Key, Sums]:
        """Return sums by the start of the hour or day, for a question that was made with such a span."""
        ...

    def by_user(self, top: int) -> Mapping[Key, Sums]:
        """Return sums by user, at least of those with most sessions."""
        ...

    def by_model(self) -> Mapping[Key, Sums]:
        """Return sums by model."""
        ...


def stats_of(asked: Question, latencies: Latencies, group_by: GroupBy, top: int) -> Stats:
    """Return the statistics that the answers to a question make."""
    kinds = asked.by_kind()
    totals = asked.totals()
    models = asked.by_model()
    return Stats(
        sessions=totals["sessions"],
        sessions_with_errors=totals["with_errors"],
        interactions=_whole(totals, "interactions"),
        cost_nanos=_whole(totals, "cost_nanos"),
        input_tokens=_whole(totals, "input_tokens"),
        output_tokens=_whole(totals, "output_tokens"),
        duration_us=_whole(totals, "duration_us"),
        unpriced=_whole(totals, "unpriced"),
        dropped=_whole(totals, "dropped"),
        by_feature=_counts(kinds, 0),
        by_source=_counts(kinds, 1),
        by_status=_counts(kinds, 2),
        cost_by_source=_costs(kinds, 1),
        latency=latencies.percentiles(),
        models=[_model(*each, latencies.by_model()) for each in _most(models, "interactions", top)],
        series=_series(asked, latencies, group_by, top),
        latency_is_estimate=latencies.is_estimate,
    )


def merged(parts: Iterable[Mapping[Any, Sums]]) -> dict[Any, Sums]:
    """Return the sums of parts together, by key."""
    gathered: defaultdict[Any, list[Sums]] = defaultdict(list)
    for part in parts:
        for key, sums in part.items():
            gathered[key].append(sums)
    return {key: found[0] if len(found) == 1 else added_up(found) for key, found in gathered.items()}


def added_up(found: Iterable[Sums]) -> Sums:
    """Return sums of sums."""
    totals: Counter[str] = Counter()
    for sums in found:
        totals.update(sums)
    return totals


def _series(asked: Question, latencies: Latencies, group_by: GroupBy, top: int) -> list[SeriesPoint]:
    if group_by == "model":
        return [_point(*each, latencies.by_model()) for each in _most(asked.by_model(), "sessions", top)]
    ends = latencies.by_key()
    if group_by in SPANS:
        return [_point(*each, ends) for each in sorted(asked.by_start().items())]
    found = asked.by_user(top) if group_by == "user" else asked.by_feature()
    return [_point(*each, ends) for each in _most(found, "sessions", top)]


def _whole(sums: Sums, name: str) -> int:
    return min(MAX_INT, sums[name])


def _counts(kinds: Mapping[Kind, Sums], member: int) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for kind, sums in kinds.items():
        counts[kind[member]] += sums["sessions"]
    return dict(counts)


def _costs(kinds: Mapping[Kind, Sums], member: int) -> dict[str, int]:
    costs: Counter[str] = Counter()
    for kind, sums in kinds.items():
        costs[kind[member]] += sums["cost_nanos"]
    return {name: min(MAX_INT, cost) for name, cost in costs.items()}


def _most(found: Mapping[Key, Sums], measure: str, top: int) -> list[tuple[Key, Sums]]:
    """Return those with most of a measure, equal ones by their key."""
    return sorted(found.items(), key=lambda each: (-each[1][measure], each[0]))[:top]


def _model(model: Key, sums: Sums, ends: Ends) -> ModelStats:
    p50, p95 = ends.get(model, (None, None))
    return ModelStats(
        model=str(model),
        count=_whole(sums, "interactions"),
        cost_nanos=_whole(sums, "cost_nanos"),
        input_tokens=_whole(sums, "input_tokens"),
        output_tokens=_whole(sums, "output_tokens"),
        p50=p50,
        p95=p95,
    )


def _point(key: Key, sums: Sums, ends: Ends) -> SeriesPoint:
    p50, p95 = ends.get(key, (None, None))
    return SeriesPoint(
        key=format_us(key) if isinstance(key, int) else key,
        sessions=sums["sessions"],
        interactions=_whole(sums, "interactions"),
        errors=_whole(sums, "errors"),
        cost_nanos=_whole(sums, "cost_nanos"),
        input_tokens=_whole(sums, "input_tokens"),
        output_tokens=_whole(sums, "output_tokens"),
        p50=p50,
        p95=p95,
    )
