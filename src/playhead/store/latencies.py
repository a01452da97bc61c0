"""Latencies: percentiles over some calls, of each call one by one or of histograms, by a key of theirs and by model.

Runs no statement. An engine says which calls; of many it gives histograms, or a sample.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, Protocol, TypeAlias

from playhead.model.results import ModelLatency
from playhead.replay.histogram import EMPTY, histogram_of, percentiles_of
from playhead.replay.percentiles import percentile

Key: TypeAlias = str | int
Ends: TypeAlias = dict[Key, tuple[float | None, float | None]]
"""The median and the 95th percentile by key."""
Found: TypeAlias = tuple[Key, str, list[float]]
"""A key, a model, and the latencies of both."""
Cell: TypeAlias = tuple[Key, str, int]
"""A key, a model, and the histogram of both."""

PERCENTS: Final = (50, 90, 95, 99)
LATEST_CALLS: Final = 1000
"""Over so many of its calls a model's usual latency is told."""


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


class Lists:
    """Latencies one by one, of every call or of a sample: some for each key and model."""

    def __init__(self, found: Iterable[Found], *, is_estimate: bool) -> None:
        self.is_estimate = is_estimate
        self._keys: defaultdict[Key, list[float]] = defaultdict(list)
        self._models: defaultdict[Key, list[float]] = defaultdict(list)
        for key, model, latencies in found:
            self._keys[key] += latencies
            self._models[model] += latencies

    def percentiles(self) -> dict[str, float | None]:
        """Return those of all calls, by name."""
        ordered = sorted(chain.from_iterable(self._models.values()))
        return {f"p{percent}": percentile(ordered, percent) for percent in PERCENTS}

    def by_key(self) -> Ends:
        """Return the median and p95 by the key of the sessions."""
        return {key: _middle_and_tail(latencies) for key, latencies in self._keys.items()}

    def by_model(self) -> Ends:
        """Return the median and p95 by model."""
        return {model: _middle_and_tail(latencies) for model, latencies in self._models.items()}


class Histograms:
    """Latencies merged to one histogram a key and one a model: estimates within one per cent."""

    is_estimate = True

    def __init__(self, cells: Iterable[Cell]) -> None:
        self._keys: dict[Key, int] = {}
        self._models: dict[Key, int] = {}
        for key, model, histogram in cells:
            self._keys[key] = self._keys.get(key, EMPTY) + histogram
            self._models[model] = self._models.get(model, EMPTY) + histogram

    def percentiles(self) -> dict[str, float | None]:
        """Return those of all calls, by name."""
        found = percentiles_of(sum(self._models.values()), PERCENTS)
        return {f"p{percent}": value for percent, value in zip(PERCENTS, found, strict=True)}

    def by_key(self) -> Ends:
        """Return the median and p95 by the key of the sessions."""
        return _ends(self._keys)

    def by_model(self) -> Ends:
        """Return the median and p95 by model."""
        return _ends(self._models)


def cells_of(found: Iterable[Found]) -> Iterator[Cell]:
    """Yield a histogram for each key and model."""
    gathered: defaultdict[tuple[Key, str], list[float]] = defaultdict(list)
    for key, model, latencies in found:
        gathered[key, model] += latencies
    for (key, model), latencies in gathered.items():
        yield key, model, histogram_of(latencies)


def model_latency(model: str, latest: Iterable[float]) -> ModelLatency:
    """Return what is usual for a model, of the latencies of its latest calls."""
    ordered = sorted(latest)
    return ModelLatency(model, len(ordered), percentile(ordered, 50), percentile(ordered, 95))


def _middle_and_tail(latencies: list[float]) -> tuple[float | None, float | None]:
    ordered = sorted(latencies)
    return percentile(ordered, 50), percentile(ordered, 95)


def _ends(histograms: dict[Key, int]) -> Ends:
    found = ((name, percentiles_of(histogram, (50, 95))) for name, histogram in histograms.items() if histogram)
    return {name: (middle, tail) for name, (middle, tail) in found}
