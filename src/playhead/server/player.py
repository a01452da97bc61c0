"""The player's first load: a session's marks with previews, a page of them, and what its timeline needs as a whole.

Lanes and idle time come from columns alone; payloads are read for the marks of the page only and dropped at once.
Blocks its thread; belongs on a reader thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from playhead.model.answers import IdleSpan, Lane, Mark, PlayerData, UsualLatency
from playhead.model.requests import PlayerQuery
from playhead.model.results import CallMark
from playhead.model.session import Session
from playhead.replay.timeline import counted_lanes, idle_of, lanes_of, mark_of, timeline_of
from playhead.server.present import session_item
from playhead.server.view import View

PAGE_BYTES: Final = 128 << 20
MOST_FOR_IDLE: Final = 50_000
MOST_MODELS: Final = 50


def player_data(view: View, query: PlayerQuery, now_us: int) -> PlayerData:
    """Return a page of a session's marks, and with the first one the lanes, idle spans and usual latencies.

    Raises SessionNotFound.
    """
    session = view.session()
    marks, following = _marks(view, session, query)
    timeline, code_snapshots = timeline_of(marks)
    lanes, idle_spans = _whole(view, session) if query.after == 0 else ([], [])
    duration = session.duration_us / 1000
    if session.totals.events > MOST_FOR_IDLE:
        idle_spans = _idle_within(marks)
    item = session_item(session, view.base_url)
    return PlayerData(
        session=item,
        summary=item.summary,
        duration=duration,
        timeline=timeline,
        code_snapshots=code_snapshots,
        idle_spans=idle_spans,
        lanes=lanes,
        latencies=_latencies(view, session) if query.after == 0 else [],
        last_seq=session.totals.events,
        changes=session.totals.changes,
        elapsed=max(0, now_us - session.started_us) / 1000,
        next=following,
    )


def _marks(view: View, session: Session, query: PlayerQuery) -> tuple[list[Mark], int | None]:
    """Return the marks of a page, which ends early when its payloads are large, and the ``after`` of the next one."""
    chosen, following = view.some_marks(query.after, query.limit, PAGE_BYTES)
    events = (event for batch in view.batches((mark.seq, mark.size_bytes) for mark in chosen) for event in batch)
    return [mark_of(event, session.started_us) for event in events], following


def _whole(view: View, session: Session) -> tuple[list[Lane], list[IdleSpan]]:
    duration = session.duration_us / 1000
    if session.totals.events > MOST_FOR_IDLE:
        return counted_lanes(view.store.count_events(view.project, view.session_id)), []
    marks = list(_bare_marks(view, session))
    return lanes_of(marks), idle_of(marks, duration)


def _bare_marks(view: View, session: Session) -> Iterator[Mark]:
    return (_bare_mark(mark, session.started_us) for mark in view.marks())


def _bare_mark(mark: CallMark, started_us: int) -> Mark:
    end = max(0.0, (mark.timestamp_us - started_us) / 1000)
    return Mark(
        seq=mark.seq,
        id="",
        type=mark.type,
        at=max(0.0, end - (mark.latency_ms or 0.0)),
        end=end,
        error=mark.error,
        first_token=mark.first_token_ms,
        pending=mark.pending,
    )


def _idle_within(marks: list[Mark]) -> list[IdleSpan]:
    """Return the idle spans between marks, without the stretch before the first."""
    if not marks:
        return []
    return [span for span in idle_of(marks, marks[-1].end) if span.start > 0 or marks[0].at == 0]


def _latencies(view: View, session: Session) -> list[UsualLatency]:
    if view.shared:
        return []
    found = view.store.model_latencies(view.project, session.totals.models[:MOST_MODELS])
    return [UsualLatency(model=one.model, count=one.count, p50=one.p50, p95=one.p95) for one in found]
