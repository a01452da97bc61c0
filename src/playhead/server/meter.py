"""Counts of what the server does, for /metrics. Counting is a few dictionary steps; the text is made when asked for.

prometheus-client is imported at the first scrape, not at the start. Names of sessions, users and keys never get here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from playhead import __version__

if TYPE_CHECKING:
    from prometheus_client.core import Metric

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Meter:
    """Counters of one server process. Used from the event loop alone."""

    def __init__(self) -> None:
        self.active = 0
        self.streams = 0
        self.audit_missed = 0
        self.retention_erased = 0
        self.events: Counter[str] = Counter()
        self._requests: Counter[tuple[str, str, str]] = Counter()
        self._seconds: Counter[str] = Counter()
        self._buckets: dict[str, list[int]] = {}

    def request(self, method: str, path: str, status: int, elapsed_s: float) -> None:
        """Count one answered request of a route."""
        self._requests[method, path, str(status)] += 1
        self._seconds[path] += elapsed_s  # type: ignore[assignment]  # a Counter holds any number
        counts = self._buckets.setdefault(path, [0] * (len(BUCKETS_S) + 1))
        counts[bisect_left(BUCKETS_S, elapsed_s)] += 1

    def stored(self, accepted: int, duplicates: int, rejected: Iterable[str] = ()) -> None:
        """Count what became of events; ``rejected`` are the codes of those refused."""
        self.events["accepted"] += accepted
        self.events["duplicate"] += duplicates
        for code in rejected:
            self.events[code] += 1

    def exposition(self, gauges: Mapping[str, float]) -> bytes:
        """Return everything in Prometheus' text format, with the store's gauges beside it."""
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415  # 30 ms nobody waits for

        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Snapshot(list(self._metrics(gauges))))
        return generate_latest(registry)

    def _metrics(self, gauges: Mapping[str, float]) -> Iterator[Metric]:
        from prometheus_client.core import (  # noqa: PLC0415  # as above
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        build = GaugeMetricFamily("playhead_build", "The running version", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        yield GaugeMetricFamily("playhead_active_requests", "Requests being answered", self.active)
        yield GaugeMetricFamily("playhead_live_streams", "Open live streams", self.streams)
        missed = CounterMetricFamily("playhead_audit_missed", "Entries of readers that the audit log could not take")
        missed.add_metric([], self.audit_missed)
        yield missed
        yield CounterMetricFamily(
            "playhead_retention_erased_sessions", "Sessions erased because they were over", self.retention_erased
        )
        requests = CounterMetricFamily("playhead_requests", "Answered requests", labels=["method", "path", "status"])
        for labels, count in self._requests.items():
            requests.add_metric(labels, count)
        yield requests
        events = CounterMetricFamily("playhead_events", "Events received, by what became of them", labels=["outcome"])
        for outcome, count in self.events.items():
            events.add_metric([outcome], count)
        yield events
        seconds = HistogramMetricFamily("playhead_request_seconds", "Time until the answer began", labels=["path"])
        for path, counts in self._buckets.items():
            seconds.add_metric([path], list(_cumulative(counts)), self._seconds[path])
        yield seconds
        for name, value in gauges.items():
            yield GaugeMetricFamily(f"playhead_store_{name}", f"The store's {name.replace('_', ' ')}", value)


class _Snapshot:
    """A collector of what was counted until now."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> list[Metric]:
        return self._metrics


def _cumulative(counts: list[int]) -> Iterator[tuple[str, int]]:
    total = 0
    for bound, count in zip((*map(str, BUCKETS_S), "+Inf"), counts, strict=True):
        total += count
        yield bound, total
