"""Questions to the memory store, answered by looking at everything: filters, order, search, statistics."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec import Struct

from playhead.errors import Invalid
from playhead.model.event import Call
from playhead.model.filters import GroupBy, PageRequest, Position, SessionFilter, SortBy, SortOrder
from playhead.model.moment import DAY_US, format_us
from playhead.model.results import (
    Facet,
    Hit,
    HitPage,
    ModelLatency,
    ModelStats,
    SeriesPoint,
    SessionPage,
    Stats,
)
from playhead.model.session import Session, metadata_text
from playhead.replay.percentiles import percentile
from playhead.replay.words import Term, parse_query, tokens
from playhead.store.memory_record import Record
from playhead.store.rows import MAX_INT
from playhead.store.texts import COLUMNS, Document

BUCKET_US: Final = {"day": DAY_US, "hour": DAY_US // 24}
WEIGHTS: Final = {"label": 10, "prompt": 4}
LATEST_CALLS: Final = 1000


def tokens_of(session: Session) -> int:
    """Return a session's tokens, input and output together."""
    return min(MAX_INT, session.totals.input_tokens + session.totals.output_tokens)


SORT_VALUES: Final[dict[SortBy, Callable[[Session], int]]] = {
    "startedAt": lambda session: session.started_us,
    "cost": lambda session: session.totals.cost_nanos,
    "tokens": tokens_of,
    "duration": lambda session: session.duration_us,
    "interactions": lambda session: session.totals.interactions,
    "errors": lambda session: session.totals.errors,
}
FACETS: Final[dict[str, Callable[[Session], list[str | None]]]] = {
    "feature": lambda session: [session.feature],
    "source": lambda session: [session.source],
    "status": lambda session: [session.status],
    "user": lambda session: [session.user_id],
    "model": lambda session: list(session.totals.models),
    "tag": lambda session: list(dict.fromkeys(session.tags)),
}


class MeasuredCall(Struct, frozen=True):
    """An interaction's call, and whether the interaction was an error."""

    call: Call
    error: bool


# --- filters and order -----------------------------------------------------------------------------------------------


def matches(record: Record, where: SessionFilter) -> bool:
    """Say whether every member of a filter holds."""
    return all((_members_match(record, where), _ranges_match(record.session, where), _texts_match(record, where)))


def _members_match(record: Record, where: SessionFilter) -> bool:
    session = record.session
    models = {call.call.model for call in _calls([record])}
    providers = {call.call.provider for call in _calls([record])}
    demands = (
        (where.user_id, session.user_id),
        (where.workspace_id, session.workspace_id),
        (where.source, session.source),
        (where.label, session.label),
        (where.feature, session.feature),
        (where.status, session.status),
        (where.bookmarked, session.bookmarked),
        (where.has_errors, session.totals.errors > 0),
    )
    return (
        all(wanted is None or wanted == found for wanted, found in demands)
        and (where.model is None or where.model in models)
        and (where.provider is None or where.provider in providers)
        and set(where.tags) <= set(session.tags)
        and all(metadata_text(session.metadata.get(name)) == text for name, text in where.metadata.items())
    )


def _ranges_match(session: Session, where: SessionFilter) -> bool:
    ranges = (
        (where.started_from_us, session.started_us, where.started_until_us),
        (where.min_cost_nanos, session.totals.cost_nanos, where.max_cost_nanos),
        (where.min_tokens, tokens_of(session), where.max_tokens),
        (where.min_duration_us, session.duration_us, where.max_duration_us),
        (where.min_interactions, session.totals.interactions, None),
    )
    return all((low is None or low <= value) and (high is None or value <= high) for low, value, high in ranges)


def _texts_match(record: Record, where: SessionFilter) -> bool:
    if where.search is None:
        return True
    terms = parse_query(where.search)
    return any(_score(document, terms) for document in record.documents)


def in_order(records: Iterable[Record], sort_by: SortBy, order: SortOrder) -> list[Record]:
    """Return records sorted, equal values by age."""
    return sorted(records, key=lambda record: _position(record, sort_by), reverse=order == "desc")


def _position(record: Record, sort_by: SortBy) -> tuple[int, int]:
    return SORT_VALUES[sort_by](record.session), record.no


def list_sessions(records: list[Record], page: PageRequest) -> SessionPage:
    """Return one page of these sessions."""
    rest = in_order(records, page.sort_by, page.order)
    if page.after is None:
        rest = rest[(page.page - 1) * page.limit :]
    else:
        place = (page.after.value, page.after.tie)
        places = [(_position(record, page.sort_by), record) for record in rest]
        rest = [record for at, record in places if (at > place if page.order == "asc" else at < place)]
    shown = rest[: page.limit]
    more = Position(*_position(shown[-1], page.sort_by)) if shown and len(rest) > page.limit else None
    return SessionPage([record.session for record in shown], len(records), more)


def facets(records: list[Record], member: str, limit: int) -> list[Facet]:
    """Count these sessions by the values of a member."""
    if member not in FACETS:
        raise Invalid.field("member", f"expected one of {', '.join(FACETS)}")
    counts = Counter(value for record in records for value in FACETS[member](record.session) if value is not None)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Facet(value, count) for value, count in ranked[:limit]]


# --- search ----------------------------------------------------------------------------------------------------------


def search(records: list[Record], query: str, limit: int, offset: int) -> HitPage:
    """Return the texts of these sessions that match, those that hold most of it first."""
    terms = parse_query(query)
    hits = [
        (score, record.session.started_us, record.no, seq, record)
        for record in records
        for seq, document in enumerate(record.documents)
        if (score := _score(document, terms))
    ]
    hits.sort(key=lambda hit: hit[:4], reverse=True)
    return HitPage([_hit(record, seq, score) for score, _, _, seq, record in hits[offset : offset + limit]], len(hits))


def _hit(record: Record, seq: int, score: float) -> Hit:
    return Hit(record.session, record.events[seq - 1] if seq else None, score)


def _score(document: Document, terms: list[Term]) -> float:
    """Return the weighted share of a document that its terms make up; 0 unless it has all of them."""
    counts = [sum(WEIGHTS.get(name, 1) * _count(document, name, term) for name in COLUMNS) for term in terms]
    size = sum(len(tokens(text)) for name in COLUMNS for text in getattr(document, name))
    return sum(counts) / size if counts and all(counts) else 0.0


def _count(document: Document, column: str, term: Term) -> int:
    return sum(_occurrences(tokens(text), term) for text in getattr(document, column))


def _occurrences(words: list[str], term: Term) -> int:
    length = len(term.tokens)
    spans = (tuple(words[start : start + length]) for start in range(len(words) - length + 1))
    return sum(_stands(span, term) for span in spans)


def _stands(span: tuple[str, ...], term: Term) -> bool:
    if not term.prefix:
        return span == term.tokens
    return span[:-1] == term.tokens[:-1] and span[-1].startswith(term.tokens[-1])


# --- statistics ------------------------------------------------------------------------------------------------------


def stats(records: list[Record], group_by: GroupBy, top: int) -> Stats:
    """Return statistics over these sessions."""
    sessions = [record.session for record in records]
    latencies = _latencies(_calls(records))
    costs: dict[str, int] = defaultdict(int)
    for session in sessions:
        costs[session.source] += session.totals.cost_nanos
    return Stats(
        sessions=len(sessions),
        sessions_with_errors=sum(session.totals.errors > 0 for session in sessions),
        interactions=sum(session.totals.interactions - session.totals.pending for session in sessions),
        cost_nanos=_sum(session.totals.cost_nanos for session in sessions),
        input_tokens=_sum(session.totals.input_tokens for session in sessions),
        output_tokens=_sum(session.totals.output_tokens for session in sessions),
        duration_us=_sum(session.duration_us for session in sessions),
        unpriced=_sum(session.totals.unpriced for session in sessions),
        dropped=_sum(session.totals.dropped for session in sessions),
        by_source=dict(Counter(session.source for session in sessions)),
        by_status=dict(Counter(session.status for session in sessions)),
        by_feature=dict(Counter(session.feature for session in sessions)),
        cost_by_source={source: min(MAX_INT, cost) for source, cost in costs.items()},
        latency={f"p{percent}": percentile(latencies, percent) for percent in (50, 90, 95, 99)},
        models=_model_stats(records, top),
        series=_series(records, group_by, top),
    )


def _model_stats(records: list[Record], top: int) -> list[ModelStats]:
    by_model: dict[str, list[MeasuredCall]] = defaultdict(list)
    for call in _calls(records):
        by_model[call.call.model].append(call)
    ranked = sorted(by_model.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        ModelStats(
            model=model,
            count=len(calls),
            cost_nanos=_sum(call.call.cost_nanos for call in calls),
            input_tokens=_sum(call.call.input_tokens or 0 for call in calls),
            output_tokens=_sum(call.call.output_tokens or 0 for call in calls),
            p50=percentile(_latencies(calls), 50),
            p95=percentile(_latencies(calls), 95),
        )
        for model, calls in ranked[:top]
    ]


def _series(records: list[Record], group_by: GroupBy, top: int) -> list[SeriesPoint]:
    if group_by == "model":
        points = _model_points(records)
    else:
        groups: dict[str, list[Record]] = defaultdict(list)
        for record in records:
            groups[_key(record.session, group_by)].append(record)
        points = [_point(key, group) for key, group in groups.items()]
    if group_by in BUCKET_US:
        return sorted(points, key=lambda point: point.key)
    return sorted(points, key=lambda point: (-point.sessions, point.key))[:top]


def _key(session: Session, group_by: GroupBy) -> str:
    if group_by == "feature":
        return session.feature
    if group_by == "user":
        return session.user_id or ""
    return format_us(session.started_us // BUCKET_US[group_by] * BUCKET_US[group_by])


def _point(key: str, records: list[Record]) -> SeriesPoint:
    totals = [record.session.totals for record in records]
    latencies = _latencies(_calls(records))
    return SeriesPoint(
        key=key,
        sessions=len(records),
        interactions=sum(total.interactions - total.pending for total in totals),
        errors=sum(total.errors for total in totals),
        cost_nanos=_sum(total.cost_nanos for total in totals),
        input_tokens=_sum(total.input_tokens for total in totals),
        output_tokens=_sum(total.output_tokens for total in totals),
        p50=percentile(latencies, 50),
        p95=percentile(latencies, 95),
    )


def _model_points(records: list[Record]) -> list[SeriesPoint]:
    models = {call.call.model for call in _calls(records)}
    return [_model_point(model, records) for model in models]


def _model_point(model: str, records: list[Record]) -> SeriesPoint:
    calls = [call for call in _calls(records) if call.call.model == model]
    return SeriesPoint(
        key=model,
        sessions=sum(model in record.session.totals.models for record in records),
        interactions=len(calls),
        errors=sum(call.error for call in calls),
        cost_nanos=_sum(call.call.cost_nanos for call in calls),
        input_tokens=_sum(call.call.input_tokens or 0 for call in calls),
        output_tokens=_sum(call.call.output_tokens or 0 for call in calls),
        p50=percentile(_latencies(calls), 50),
        p95=percentile(_latencies(calls), 95),
    )


def model_latencies(records: list[Record], models: Sequence[str]) -> list[ModelLatency]:
    """Return the usual latencies of models, over the latest measured calls of each."""
    return [_model_latency(model, records) for model in models]


def _model_latency(model: str, records: list[Record]) -> ModelLatency:
    calls = [call for call in _calls(records) if call.call.model == model and call.call.latency_ms is not None]
    latest = _latencies(calls[-LATEST_CALLS:])
    return ModelLatency(model, len(latest), percentile(latest, 50), percentile(latest, 95))


def _calls(records: Iterable[Record]) -> list[MeasuredCall]:
    return [MeasuredCall(event.call, event.error) for record in records for event in record.events if event.call]


def _latencies(calls: list[MeasuredCall]) -> list[float]:
    return sorted(call.call.latency_ms for call in calls if call.call.latency_ms is not None)


def _sum(numbers: Iterable[int]) -> int:
    return min(MAX_INT, sum(numbers))
