"""What stores return: pages, hits, statistics, keys and shares, in the program's own units."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta, Struct, field

from playhead.model.event import EventType, StoredEvent
from playhead.model.filters import Position
from playhead.model.session import Session

Scope: TypeAlias = Literal["ingest", "read", "admin"]
AccessLevel: TypeAlias = Literal["public", "password", "team"]
ProjectName = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9-]*$(?!\n)")]


class Started(Struct, frozen=True):
    """The session that a start made (``created``) or found open."""

    session: Session
    created: bool


class Outcome(Struct, frozen=True, gc=False):
    """What became of one event: its ``seq``, whether it was there already, or the failure's code and message."""

    id: str
    seq: int = 0
    duplicate: bool = False
    code: str | None = None
    message: str | None = None


EXACT_UP_TO: Final = 10_000
"""Totals up to this many are exact, and so are percentiles over this many calls; engines may estimate what is more."""


LOOKED_AT_LEAST: Final = 4_000
"""How many texts that have the words of a phrase are looked into whatever their number; engines may leave out more."""

RANKED_AT_LEAST: Final = 1_000
"""How many hits are ranked by how well they match, whatever their number."""


class SessionPage(Struct, frozen=True):
    """One page of sessions; ``total`` counts all that match, ``next`` is None on the last page.

    A ``total`` of more than ``EXACT_UP_TO`` may be an estimate, and says so. So may one by a phrase whose words more
    texts have than ``LOOKED_AT_LEAST``; the list may then hold the sessions of the newest of these alone.
    """

    sessions: list[Session]
    total: int
    next: Position | None = None
    total_is_estimate: bool = False


class EventPage(Struct, frozen=True):
    """One page of events; ``next`` is the seq to ask ``after`` for the following page, None on the last."""

    events: list[StoredEvent]
    next: int | None = None


class Hit(Struct, frozen=True):
    """One text that matches a search: of an event, or (``event`` None) of the session's label and tags. Higher
    scores first."""

    session: Session
    event: StoredEvent | None
    score: float


class HitPage(Struct, frozen=True):
    """Hits in order of score; ``total`` counts all, and may be an estimate where it is more than ``EXACT_UP_TO``, or
    where more texts than ``LOOKED_AT_LEAST`` have the words of a phrase, not all of which are looked into then.

    Of more than ``RANKED_AT_LEAST`` texts an engine may rank only the newest: ``ranked`` is how many these are (None:
    all of them). The others follow behind these, the newest first, with score 0.
    """

    hits: list[Hit]
    total: int
    total_is_estimate: bool = False
    ranked: int | None = None


class ModelStats(Struct, frozen=True):
    """One model's part of the statistics; latencies in milliseconds, None without any measured call."""

    model: str
    count: int
    cost_nanos: int
    input_tokens: int
    output_tokens: int
    p50: float | None = None
    p95: float | None = None


class SeriesPoint(Struct, frozen=True):
    """One bucket of the series: ``key`` is the day or hour (RFC 3339, its start), the model, feature or user."""

    key: str
    sessions: int = 0
    interactions: int = 0
    errors: int = 0
    cost_nanos: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    p50: float | None = None
    p95: float | None = None


class Stats(Struct, frozen=True):
    """Statistics over the sessions that match a filter. Percentiles are nearest-rank over measured interaction
    latencies, in ms; over more than ``EXACT_UP_TO`` calls they may be estimates, and ``latency_is_estimate`` says so.
    Pending interactions count nowhere."""

    sessions: int = 0
    sessions_with_errors: int = 0
    interactions: int = 0
    cost_nanos: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    duration_us: int = 0
    unpriced: int = 0
    dropped: int = 0
    by_source: dict[str, int] = field(default_factory=dict)
    by_status: dict[str, int] = field(default_factory=dict)
    by_feature: dict[str, int] = field(default_factory=dict)
    cost_by_source: dict[str, int] = field(default_factory=dict)
    latency: dict[str, float | None] = field(default_factory=dict)
    models: list[ModelStats] = field(default_factory=list)
    series: list[SeriesPoint] = field(default_factory=list)
    latency_is_estimate: bool = False


class Facet(Struct, frozen=True):
    """One value of a session member and how many sessions carry it, or about how many."""

    value: str
    count: int
    is_estimate: bool = False


class ModelLatency(Struct, frozen=True):
    """A model's usual latencies in a project, in milliseconds, for the inspector's comparison."""

    model: str
    count: int
    p50: float | None
    p95: float | None


class CallMark(Struct, frozen=True):
    """What the timeline draws of one event without loading it: no texts, columns only."""

    seq: int
    id: str
    type: EventType
    timestamp_us: int
    error: bool
    latency_ms: float | None = None
    first_token_ms: float | None = None
    model: str | None = None
    cost_nanos: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    size_bytes: int = 0
    pending: bool = False


class KindCount(Struct, frozen=True):
    """How many events of a kind a session has, and how many of these are errors."""

    type: EventType
    events: int
    errors: int


class Project(Struct, frozen=True):
    """What a key belongs to; ``timeout_s`` is how long a session may be silent before it ends itself."""

    no: int
    name: str
    created_us: int
    timeout_s: int = 1800


class KeyRecord(Struct, frozen=True):
    """An API key as it is kept: never the key itself, only the keyed hash it is found by."""

    id: str
    project: Project
    scope: Scope
    label: str
    created_us: int
    expires_us: int | None = None
    revoked_us: int | None = None


class ShareRecord(Struct, frozen=True):
    """A share as it is kept: its token only as a hash. ``views`` counts what was opened."""

    id: str
    project_no: int
    session_id: str
    access_level: AccessLevel
    created_us: int
    expires_us: int
    password_hash: str | None = None
    max_views: int | None = None
    views: int = 0
    redact: bool = False
    revoked_us: int | None = None
