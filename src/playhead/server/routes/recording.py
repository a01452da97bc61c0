"""Recording: starting, feeding, ending, changing and erasing sessions. A 2xx means: on stable storage."""

from __future__ import annotations

from functools import partial

from msgspec import UNSET
from starlette.responses import Response

from playhead.errors import (
    Invalid,
    InvalidEncoding,
    InvalidJson,
    SessionEnded,
    SessionErased,
    SessionNotFound,
    StoreBusy,
    StoreFull,
    TooLarge,
    UnsupportedMedia,
)
from playhead.model.answers import (
    AcceptedEvent,
    Answer,
    BatchData,
    EndAnswer,
    EndedData,
    ErasedData,
    RejectedEvent,
    SessionItem,
    SnapshotAnswer,
    SnapshotData,
    StartAnswer,
    StartedData,
)
from playhead.model.audit import session_target
from playhead.model.event import NewEvent, Object
from playhead.model.moment import from_us
from playhead.model.requests import EndRequest, PatchRequest, SnapshotRequest, StartRequest
from playhead.model.results import Outcome
from playhead.model.session import Session, SessionPatch
from playhead.replay.events import check_data
from playhead.replay.redaction import Redactor
from playhead.server.body import LARGE_BYTES, is_lines
from playhead.server.ids import new_event_id
from playhead.server.ingest import BatchRequest
from playhead.server.present import replay_url, session_item
from playhead.server.problems import struct_response
from playhead.server.redacting import LONG_BYTES, redacted_patch
from playhead.server.table import Call, Route

BODY_ERRORS = (InvalidJson, InvalidEncoding, Invalid, TooLarge, UnsupportedMedia, StoreBusy, StoreFull)
BASE = "/api/session-replay"


async def start_recording(call: Call) -> Response:
    """Start a session; one that is open already under the caller's own id is returned with 200."""
    services, now_us = call.services, call.now_us
    redactor = await services.redactions.of(call.project.no)
    new = services.ingest.start(call.body, now_us, redactor=redactor)
    started = await services.written(services.store.start_session(call.project.no, new, now_us))
    session = started.session
    answer = StartAnswer(
        session_id=session.id,
        message="Recording started" if started.created else "Recording was open already",
        data=StartedData(
            session_id=session.id,
            started_at=from_us(session.started_us),
            replay_url=replay_url(call.base_url, session.id),
        ),
    )
    return struct_response(answer, 201 if started.created else 200)


async def record_snapshot(call: Call) -> SnapshotAnswer:
    """Store one or several events of a session, all or none."""
    services, now_us, session_id = call.services, call.now_us, call.params["session_id"]
    redactor = await services.redactions.of(call.project.no)
    given = call.body, session_id, now_us, redactor
    if _takes_long(call.body, redactor):
        captures, events = await services.read(services.ingest.snapshot, *given)
    else:
        captures, events = services.ingest.snapshot(*given)
    if captures:
        events.append(await _captured(call, now_us))
    outcomes = await services.written(services.store.append(call.project.no, session_id, events, now_us))
    services.hub.announce(call.project.no, session_id)
    duplicates = sum(outcome.duplicate for outcome in outcomes)
    services.meter.stored(len(outcomes) - duplicates, duplicates)
    return SnapshotAnswer(
        message=f"Recorded {len(outcomes)} event{'' if len(outcomes) == 1 else 's'}",
        data=SnapshotData(
            accepted=len(outcomes) - duplicates,
            duplicates=duplicates,
            events=[AcceptedEvent(id=outcome.id, seq=outcome.seq) for outcome in outcomes],
        ),
    )


def _takes_long(body: bytes, redactor: Redactor | None) -> bool:
    """Say whether a body is one for a thread."""
    return len(body) > (LARGE_BYTES if redactor is None else LONG_BYTES)


async def _captured(call: Call, now_us: int) -> NewEvent:
    services = call.services
    sample: Object = await services.read(services.sampler.sample, services.meter.active)
    return check_data(
        "system_metrics",
        sample,
        event_id=new_event_id(now_us, services.random_bytes),
        timestamp=None,
        received_us=now_us,
        prices=services.prices,
    )


async def record_events(call: Call) -> Answer[BatchData]:
    """Store events of any sessions of the project, with their starts and ends, each for itself."""
    services, now_us = call.services, call.now_us
    redactor = await services.redactions.of(call.project.no)
    batch = partial(services.ingest.batch, call.body, lines=is_lines(call.request), now_us=now_us, redactor=redactor)
    origins, changes, rejected = await services.read(batch) if _takes_long(call.body, redactor) else batch()
    outcomes: list[Outcome] = []
    if changes:
        outcomes = await services.written(services.store.apply(call.project.no, changes, now_us))
    for session_id in {change.session_id for change in changes}:
        services.hub.announce(call.project.no, session_id)
    for origin, outcome in zip(origins, outcomes, strict=True):
        if outcome.code is not None:
            message = outcome.message or outcome.code
            rejected.append(RejectedEvent(index=origin.index, id=origin.id, code=outcome.code, message=message))
    rejected.sort(key=lambda each: each.index)
    duplicates = sum(outcome.duplicate for outcome in outcomes)
    accepted = sum(outcome.code is None for outcome in outcomes) - duplicates
    services.meter.stored(accepted, duplicates, (each.code for each in rejected))
    return Answer(data=BatchData(accepted=accepted, duplicates=duplicates, rejected=rejected))


async def end_recording(call: Call) -> EndAnswer:
    """End a session; ending it again is harmless."""
    services, session_id = call.services, call.params["session_id"]
    end = services.ingest.end(call.body)
    session = await services.written(services.store.end_session(call.project.no, session_id, end, call.now_us))
    services.hub.announce(call.project.no, session_id)
    return EndAnswer(session_id=session.id, message="Recording ended", data=_ended(session))


def _ended(session: Session) -> EndedData:
    return EndedData(
        session_id=session.id,
        status=session.status,
        started_at=from_us(session.started_us),
        ended_at=from_us(session.started_us if session.ended_us is None else session.ended_us),
        duration=session.duration_us / 1000,
        end_reason=session.end_reason,
    )


async def update_session(call: Call) -> Answer[SessionItem]:
    """Change label, tags, metadata or bookmark of a session."""
    services, body = call.services, call.body
    if isinstance(body.label, str):
        services.ingest.check_label(body.label)
    if isinstance(body.metadata, dict):
        services.ingest.check_metadata(body.metadata)
    redactor = await services.redactions.of(call.project.no)
    if redactor is not None:
        body = redacted_patch(body, redactor)
    patch = SessionPatch(
        label=body.label,
        tags=list(dict.fromkeys(body.tags)) if isinstance(body.tags, list) else body.tags,
        metadata=body.metadata,
        bookmarked=body.bookmarked,
    )
    session_id = call.params["session_id"]
    members = sorted(name for name in body.__struct_fields__ if getattr(body, name) is not UNSET)
    entry = call.entry("session.change", session_target(session_id), members=members)
    changed = services.store.patch_session(call.project.no, session_id, patch, call.now_us, entry)
    session = await services.written(changed)
    return Answer(data=session_item(session, call.base_url))


async def erase_session(call: Call) -> Answer[ErasedData]:
    """Erase a session with its events, messages, search texts and shares; late events do not bring it back."""
    services, session_id = call.services, call.params["session_id"]
    entry = call.entry("session.erase", session_target(session_id))
    erased = services.store.erase_session(call.project.no, session_id, call.now_us, entry)
    erasure = await services.written(erased)
    services.hub.announce(call.project.no, session_id)
    return Answer(
        data=ErasedData(
            session_id=erasure.session_id,
            erased_at=from_us(erasure.erased_us),
            events=erasure.events,
            messages=erasure.messages,
            shares=erasure.shares,
        )
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path=f"{BASE}/recording/start",
        scope="ingest",
        handler=start_recording,
        answer=StartAnswer,
        status=201,
        statuses=(200,),
        body=StartRequest,
        errors=(*BODY_ERRORS, SessionEnded, SessionErased),
        summary="Start a session",
        tag="recording",
    ),
    Route(
        method="POST",
        path=f"{BASE}/{{session_id}}/snapshot",
        scope="ingest",
        handler=record_snapshot,
        answer=SnapshotAnswer,
        status=201,
        body=SnapshotRequest,
        raw=True,
        errors=(*BODY_ERRORS, SessionNotFound),
        summary="Record events of one session, all or none",
        tag="recording",
    ),
    Route(
        method="POST",
        path=f"{BASE}/events",
        scope="ingest",
        handler=record_events,
        answer=Answer[BatchData],
        body=BatchRequest,
        accepts=("application/x-ndjson",),
        raw=True,
        errors=BODY_ERRORS,
        summary="Record many events of any sessions, each for itself",
        tag="recording",
    ),
    Route(
        method="POST",
        path=f"{BASE}/{{session_id}}/end",
        scope="ingest",
        handler=end_recording,
        answer=EndAnswer,
        body=EndRequest,
        optional=True,
        errors=(*BODY_ERRORS, SessionNotFound),
        summary="End a session",
        tag="recording",
    ),
    Route(
        method="PATCH",
        path=f"{BASE}/{{session_id}}",
        scope="admin",
        handler=update_session,
        answer=Answer[SessionItem],
        body=PatchRequest,
        errors=(*BODY_ERRORS, SessionNotFound),
        summary="Change label, tags, metadata or bookmark",
        tag="recording",
    ),
    Route(
        method="DELETE",
        path=f"{BASE}/{{session_id}}",
        scope="admin",
        handler=erase_session,
        answer=Answer[ErasedData],
        errors=(SessionNotFound, StoreBusy, StoreFull),
        summary="Erase a session for good",
        tag="recording",
    ),
)
