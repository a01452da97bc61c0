"""Statistics, and the rows of their tables and series."""

from __future__ import annotations

from msgspec import Struct

from playhead.model.answers.session import TokenTotals


class ModelRow(Struct, frozen=True, rename="camel", kw_only=True):
    model: str
    count: int
    cost: float
    tokens: int
    p50: float | None
    p95: float | None


class SeriesRow(Struct, frozen=True, rename="camel", kw_only=True):
    """One bucket: ``key`` is the start of the day or hour, the model, the feature or the user."""

    key: str
    sessions: int
    interactions: int
    errors: int
    cost: float
    tokens: TokenTotals
    p50: float | None
    p95: float | None


class Percentiles(Struct, frozen=True, rename="camel", kw_only=True):
    """Latency percentiles in milliseconds (nearest rank), null where nothing was measured."""

    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None


class StatsData(Struct, frozen=True, rename="camel", kw_only=True):
    """Statistics. ``averageDuration`` is milliseconds, ``errorRate`` per cent of sessions with an error. Percentiles
    over more than 10,000 calls may be estimates, of all three kinds; ``latencyIsEstimate`` says so."""

    total_sessions: int
    total_interactions: int
    by_source: dict[str, int]
    by_status: dict[str, int]
    by_app_feature: dict[str, int]
    total_cost: float
    total_tokens: TokenTotals
    average_duration: float
    error_rate: float
    unpriced_interactions: int
    dropped_events: int
    latency: Percentiles
    top_models: list[ModelRow]
    cost_by_source: dict[str, float]
    group_by: str
    series: list[SeriesRow]
    latency_is_estimate: bool = False
