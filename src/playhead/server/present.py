"""Presentation: from what the stores return to what the wire says, in its names and units.

Owns the translation of sessions, events, statistics and shares, and what of them a redacted view still shows.
Microseconds become moments and milliseconds, nano-dollars dollars. Reads no store and knows no route.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

import msgspec

from playhead.model.answers import (
    ModelRow,
    NoteAuthor,
    NoteItem,
    Percentiles,
    SeriesRow,
    SessionItem,
    ShareItem,
    StatsData,
    Summary,
    TokenTotals,
)
from playhead.model.event import ENVELOPE, Object, StoredEvent
from playhead.model.moment import from_us
from playhead.model.note import NoteRecord
from playhead.model.results import ShareRecord, Stats
from playhead.model.session import Session, Totals
from playhead.replay.cost import dollars
from playhead.replay.redaction import BUILT_IN

ID_SAFE: Final = "@:~+="
OWN_MEMBERS: Final = frozenset(ENVELOPE)
OWN_OF_CALLS: Final = OWN_MEMBERS | {"costSource"}


def replay_url(base_url: str, session_id: str) -> str:
    """Return the address of the page that plays a session."""
    return f"{base_url}/sessions/replay/{quote(session_id, safe=ID_SAFE)}"


def api_url(base_url: str, session_id: str) -> str:
    """Return the address under which the API has a session."""
    return f"{base_url}/api/session-replay/{quote(session_id, safe=ID_SAFE)}"


def session_item(session: Session, base_url: str) -> SessionItem:
    """Return a session as lists show it."""
    totals = session.totals
    return SessionItem(
        session_id=session.id,
        user_id=session.user_id,
        label=session.label,
        source=session.source,
        app_feature=session.feature,
        integration_name=session.integration_name,
        workspace_id=session.workspace_id,
        tags=session.tags,
        metadata=session.metadata,
        started_at=from_us(session.started_us),
        ended_at=None if session.ended_us is None else from_us(session.ended_us),
        duration=session.duration_us / 1000,
        status=session.status,
        end_reason=session.end_reason,
        has_errors=totals.errors > 0,
        error_count=totals.errors,
        bookmarked=session.bookmarked,
        summary=summary(totals),
        replay_url=replay_url(base_url, session.id),
        created_at=from_us(session.created_us),
        updated_at=from_us(session.updated_us),
    )


def summary(totals: Totals) -> Summary:
    """Return a session's running totals."""
    return Summary(
        total_cost=dollars(totals.cost_nanos),
        total_tokens=TokenTotals(input=totals.input_tokens, output=totals.output_tokens),
        total_spans=totals.interactions + totals.steps,
        total_interactions=totals.interactions,
        total_events=totals.events,
        unpriced_interactions=totals.unpriced,
        models=totals.models,
        dropped_events=totals.dropped,
        pending_interactions=totals.pending,
    )


def flat_event(event: StoredEvent) -> Object:
    """Return an event with its data's members beside its own; data members of the same names go under ``shadowed``.

    An interaction says where its cost comes from, and a computed cost stands where a reported one would.
    """
    flat: Object = {
        "id": event.id,
        "seq": event.seq,
        "type": event.type,
        "timestamp": from_us(event.timestamp_us),
        "receivedAt": from_us(event.received_us),
    }
    shadowed = _shadowed(event)
    flat.update((name, value) for name, value in event.data.items() if name not in shadowed)
    if shadowed:
        flat["shadowed"] = shadowed
    if event.call is not None:
        flat["costSource"] = event.call.cost_source
        if event.call.cost_source == "computed":
            flat["cost"] = dollars(event.call.cost_nanos)
    return flat


def _shadowed(event: StoredEvent) -> Object:
    own = OWN_OF_CALLS if event.call is not None else OWN_MEMBERS
    if own.isdisjoint(event.data):
        return {}
    # A member that is called "shadowed" itself makes room for the others, and joins them.
    return {name: value for name, value in event.data.items() if name in own or name == "shadowed"}


# --- redaction -------------------------------------------------------------------------------------------------------


def note_item(note: NoteRecord) -> NoteItem:
    """Return a note as answers show it."""
    return NoteItem(
        note_id=note.id,
        kind=note.kind,
        at=note.at_ms,
        text=note.text,
        event_id=note.event_id,
        author=NoteAuthor(key_id=note.author, label=note.author_label),
        created_at=from_us(note.created_us),
        editor=None if note.editor is None else NoteAuthor(key_id=note.editor, label=note.editor_label or ""),
        edited_at=None if note.edited_us is None else from_us(note.edited_us),
    )


def redacted_session(session: Session) -> Session:
    """Return a session without personal data and secrets in what its recorder wrote."""
    return msgspec.structs.replace(
        session,
        user_id=_redacted_text(session.user_id),
        label=_redacted_text(session.label),
        workspace_id=_redacted_text(session.workspace_id),
        integration_name=_redacted_text(session.integration_name),
        tags=[BUILT_IN.text(tag) for tag in session.tags],
        metadata=BUILT_IN.members(session.metadata),
    )


def redacted_event(event: StoredEvent) -> StoredEvent:
    """Return an event without personal data and secrets; a member that a rule fails on is dropped, not passed."""
    return msgspec.structs.replace(event, data=BUILT_IN.members(event.data))


def redacted_note(note: NoteRecord) -> NoteRecord:
    """Return a note without personal data and secrets."""
    return msgspec.structs.replace(note, text=_redacted_text(note.text) or "", author_label="", editor_label="")


def _redacted_text(text: str | None) -> str | None:
    return None if text is None else BUILT_IN.text(text)


# --- statistics and shares -------------------------------------------------------------------------------------------


def stats_data(stats: Stats, group_by: str) -> StatsData:
    """Return statistics as the wire says them."""
    return StatsData(
        total_sessions=stats.sessions,
        total_interactions=stats.interactions,
        by_source=stats.by_source,
        by_status=stats.by_status,
        by_app_feature=stats.by_feature,
        total_cost=dollars(stats.cost_nanos),
        total_tokens=TokenTotals(input=stats.input_tokens, output=stats.output_tokens),
        average_duration=stats.duration_us / stats.sessions / 1000 if stats.sessions else 0.0,
        error_rate=100 * stats.sessions_with_errors / stats.sessions if stats.sessions else 0.0,
        unpriced_interactions=stats.unpriced,
        dropped_events=stats.dropped,
        latency=Percentiles(**{name: stats.latency.get(name) for name in ("p50", "p90", "p95", "p99")}),
        top_models=[
            ModelRow(
                model=model.model,
                count=model.count,
                cost=dollars(model.cost_nanos),
                tokens=model.input_tokens + model.output_tokens,
                p50=model.p50,
                p95=model.p95,
            )
            for model in stats.models
        ],
        cost_by_source={source: dollars(cost_nanos) for source, cost_nanos in stats.cost_by_source.items()},
        group_by=group_by,
        series=[
            SeriesRow(
                key=point.key,
                sessions=point.sessions,
                interactions=point.interactions,
                errors=point.errors,
                cost=dollars(point.cost_nanos),
                tokens=TokenTotals(input=point.input_tokens, output=point.output_tokens),
                p50=point.p50,
                p95=point.p95,
            )
            for point in stats.series
        ],
        latency_is_estimate=stats.latency_is_estimate,
    )


def is_open(share: ShareRecord, now_us: int) -> bool:
    """Say whether a share may be opened once more."""
    used_up = share.max_views is not None and share.views >= share.max_views
    return share.revoked_us is None and now_us < share.expires_us and not used_up


def share_item(share: ShareRecord, now_us: int) -> ShareItem:
    """Return a share as its session's owner sees it."""
    return ShareItem(
        share_id=share.id,
        access_level=share.access_level,
        created_at=from_us(share.created_us),
        expires_at=from_us(share.expires_us),
        revoked_at=None if share.revoked_us is None else from_us(share.revoked_us),
        max_views=share.max_views,
        views=share.views,
        redact=share.redact,
        has_password=share.password_hash is not None,
        active=is_open(share, now_us),
    )
