"""The operations that record: each builds one call. Arguments carry Python names; answers are ``model.answers``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from playhead.errors import Invalid, UnexpectedAnswer
from playhead.model.answers import (
    AcceptedEvent,
    Answer,
    BatchData,
    EndAnswer,
    EndedData,
    ErasedData,
    SessionItem,
    SnapshotAnswer,
    StartAnswer,
    StartedData,
)
from playhead.model.session import EndStatus, Source
from playhead.record.call import BASE, Call, json_body, reader, session_path
from playhead.record.events import Event, event, from_mapping
from playhead.record.ids import new_session_id
from playhead.record.plain import moment, plain

T = TypeVar("T")

SLUG = re.compile(r"[a-z0-9._-]{1,64}")


def start_recording(
    *,
    feature: str,
    user_id: str | None = None,
    label: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    tags: Sequence[str] | None = None,
    session_id: str | None = None,
    source: Source | None = None,
    integration_name: str | None = None,
    workspace_id: str | None = None,
    started_at: Any = None,
) -> Call[StartedData]:
    """Start a session and return its id and the page that plays it.

    ``feature`` is chat, experimentation, workflow, agent, notebook, agent_trace or a slug of your own; ``user_id`` is
    the end user of your application. With a ``session_id`` of your own, starting an open session again returns it;
    without, the client makes one, so that a repeated attempt starts one session only. ``started_at`` may lie in the
    past.
    Raises SessionEnded, SessionErased, Invalid.
    """
    if not SLUG.fullmatch(str(feature)):
        raise Invalid.field("feature", "expected 1 to 64 of a-z 0-9 . _ -")
    members = {
        "feature": feature,
        "userId": user_id,
        "label": label,
        "metadata": metadata,
        "tags": tags,
        "sessionId": new_session_id(feature) if session_id is None else session_id,
        "source": source,
        "integrationName": integration_name,
        "workspaceId": workspace_id,
        "startedAt": moment(started_at, "started_at") if started_at is not None else None,
    }
    return _post(f"{BASE}/recording/start", _said(members), reader(StartAnswer, lambda answer: answer.data))


def record_interaction(
    session_id: str,
    interaction: Mapping[str, Any] | None = None,
    *,
    model: str | None = None,
    prompt: Any = None,
    response: Any = None,
    provider: str | None = None,
    tokens: Any = None,
    cost: float | None = None,
    latency: Any = None,
    time_to_first_token: Any = None,
    parameters: Mapping[str, Any] | None = None,
    request_metadata: Mapping[str, Any] | None = None,
    response_metadata: Mapping[str, Any] | None = None,
    error: Any = None,
    timestamp: Any = None,
    id: str | None = None,  # noqa: A002 - the wire's name
) -> Call[AcceptedEvent]:
    """Record one model call, given as a mapping, by name, or both.

    ``prompt`` and ``response`` are text or lists of messages; a whole answer of OpenAI or Anthropic (object or dict) is
    taken apart: text, model, tokens. ``tokens`` is {"input", "output", "cached", "reasoning"} or a provider's usage.
    ``cost`` is US dollars (left out: computed from model and tokens), ``latency`` and ``time_to_first_token``
    milliseconds or a timedelta, ``timestamp`` the moment at which the call completed (left out: now). ``error`` is
    text, a dict or an exception; with it the response may be missing. Members of your own belong into the mapping and
    are kept as they are. Raises SessionNotFound, Invalid, TooLarge.
    """
    return _snapshot(session_id, event("interaction", interaction, _named(locals(), "interaction")))


def record_user_action(
    session_id: str,
    user_action: Mapping[str, Any] | None = None,
    *,
    action: str | None = None,
    target: Any = None,
    metadata: Mapping[str, Any] | None = None,
    timestamp: Any = None,
    id: str | None = None,  # noqa: A002
) -> Call[AcceptedEvent]:
    """Record something that the end user did: ``action`` says what, ``target`` on what.

    Raises SessionNotFound, Invalid.
    """
    return _snapshot(session_id, event("user_action", user_action, _named(locals(), "user_action")))


def record_code_context(
    session_id: str,
    code_context: Mapping[str, Any] | None = None,
    *,
    file: str | None = None,
    snippet: str | None = None,
    language: str | None = None,
    cursor_position: Mapping[str, int] | None = None,
    metadata: Mapping[str, Any] | None = None,
    timestamp: Any = None,
    id: str | None = None,  # noqa: A002
) -> Call[AcceptedEvent]:
    """Record the code that was open; ``cursor_position`` is {"line", "column"}. Raises SessionNotFound, Invalid."""
    return _snapshot(session_id, event("code_context", code_context, _named(locals(), "code_context")))


def record_system_metrics(
    session_id: str,
    system_metrics: Mapping[str, Any] | None = None,
    *,
    cpu: float | None = None,
    memory: float | None = None,
    active_requests: int | None = None,
    network: Mapping[str, float] | None = None,
    metadata: Mapping[str, Any] | None = None,
    timestamp: Any = None,
    id: str | None = None,  # noqa: A002
) -> Call[AcceptedEvent]:
    """Record one sample of the machine: ``cpu`` and ``memory`` in per cent, ``network`` {"sent", "received"} in bytes.

    Without any of them, the server samples the machine that it runs on. Raises SessionNotFound, Invalid.
    """
    named = _named(locals(), "system_metrics")
    if not system_metrics and all(value is None for value in named.values()):
        call = _post(session_path(session_id, "snapshot"), {"captureSystemMetrics": True}, _FIRST)
        return msgspec.structs.replace(call, repeatable=False)
    return _snapshot(session_id, event("system_metrics", system_metrics, named))


def record_workspace_state(
    session_id: str,
    workspace_state: Mapping[str, Any] | None = None,
    *,
    environment: Any = None,
    settings: Any = None,
    active_files: Sequence[Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    timestamp: Any = None,
    id: str | None = None,  # noqa: A002
) -> Call[AcceptedEvent]:
    """Record the surroundings of the work: environment, settings, open files. Raises SessionNotFound, Invalid."""
    return _snapshot(session_id, event("workspace_state", workspace_state, _named(locals(), "workspace_state")))


def record_step(
    session_id: str,
    step: Mapping[str, Any] | None = None,
    *,
    name: str | None = None,
    kind: str | None = None,
    parent_id: str | None = None,
    input: Any = None,  # noqa: A002
    output: Any = None,
    latency: Any = None,
    status: str | None = None,
    error: Any = None,
    timestamp: Any = None,
    id: str | None = None,  # noqa: A002
) -> Call[AcceptedEvent]:
    """Record a step of an agent or a workflow; ``kind`` is tool, retrieval, agent, chain, http or custom.

    ``parent_id`` is the id of the step or interaction that it belongs to, ``latency`` milliseconds or a timedelta,
    ``timestamp`` the moment at which it completed. Raises SessionNotFound, Invalid.
    """
    return _snapshot(session_id, event("step", step, _named(locals(), "step")))


def record_feedback(
    session_id: str,
    feedback: Mapping[str, Any] | None = None,
    *,
    score: float | bool | str | None = None,
    comment: str | None = None,
    interaction_id: str | None = None,
    timestamp: Any = None,
    id: str | None = None,  # noqa: A002
) -> Call[AcceptedEvent]:
    """Record what somebody thought of an interaction (or, without ``interaction_id``, of the session).

    Raises SessionNotFound, Invalid.
    """
    return _snapshot(session_id, event("feedback", feedback, _named(locals(), "feedback")))


def record_gap(
    session_id: str,
    gap: Mapping[str, Any] | None = None,
    *,
    count: int | None = None,
    reasons: Mapping[str, int] | None = None,
    from_: Any = None,
    until: Any = None,
    timestamp: Any = None,
    id: str | None = None,  # noqa: A002
) -> Call[AcceptedEvent]:
    """Record that a recorder had to drop ``count`` events that happened between two moments, by reason.

    Raises SessionNotFound, Invalid.
    """
    return _snapshot(session_id, event("gap", gap, _named(locals(), "gap")))


def record_events(events: Iterable[Mapping[str, Any]]) -> Call[BatchData]:
    """Record events of any sessions in one request, each for itself: ``rejected`` tells what was not stored, and why.

    Each is ``{"session_id", "type", "data"}`` with ``id`` and ``timestamp`` if there are any. The types
    ``session.start`` and ``session.end`` carry a session's start and end. At most 5,000 in one request, and 32 MiB.
    Raises Invalid, TooLarge.
    """
    items = [from_mapping(item, index) for index, item in enumerate(events)]
    return _post(f"{BASE}/events", {"events": items}, reader(Answer[BatchData], lambda answer: answer.data))


def end_recording(session_id: str, *, status: EndStatus = "completed", ended_at: Any = None) -> Call[EndedData]:
    """End a session, now or at ``ended_at``. Ending twice is harmless. Raises SessionNotFound."""
    members = {"status": status, "endedAt": moment(ended_at, "ended_at") if ended_at is not None else None}
    return _post(session_path(session_id, "end"), _said(members), reader(EndAnswer, lambda answer: answer.data))


def update_session(
    session_id: str,
    *,
    label: str | None | UnsetType = UNSET,
    tags: Sequence[str] | UnsetType = UNSET,
    metadata: Mapping[str, Any] | UnsetType = UNSET,
    bookmarked: bool | UnsetType = UNSET,
) -> Call[SessionItem]:
    """Change what is named, and nothing else; a label of None is removed. Raises SessionNotFound, Invalid."""
    members = {"label": label, "tags": tags, "metadata": metadata, "bookmarked": bookmarked}
    body, headers = json_body({name: plain(value, name) for name, value in members.items() if value is not UNSET})
    parse = reader(Answer[SessionItem], lambda answer: answer.data)
    return Call(method="PATCH", path=session_path(session_id), body=body, headers=headers, parse=parse)


def delete_session(session_id: str) -> Call[ErasedData]:
    """Erase a session with its events, search texts and shares. It cannot be undone. Raises SessionNotFound."""
    parse = reader(Answer[ErasedData], lambda answer: answer.data)
    return Call(method="DELETE", path=session_path(session_id), parse=parse, repeatable=False)


def _first(answer: SnapshotAnswer) -> AcceptedEvent:
    if not answer.data.events:
        raise UnexpectedAnswer("The server's answer names no event")
    return answer.data.events[0]


_FIRST = reader(SnapshotAnswer, _first)


def _snapshot(session_id: str, item: Event) -> Call[AcceptedEvent]:
    return _post(session_path(session_id, "snapshot"), item, _FIRST)


def _post(path: str, members: Any, parse: Callable[[bytes], T]) -> Call[T]:
    body, headers = json_body(members)
    return Call(method="POST", path=path, body=body, headers=headers, parse=parse)


def _said(members: dict[str, Any]) -> dict[str, Any]:
    return {name: plain(value, name) for name, value in members.items() if value is not None}


def _named(arguments: dict[str, Any], mapping: str) -> dict[str, Any]:
    """Return a function's named members out of its ``locals()``."""
    return {name: value for name, value in arguments.items() if name not in ("session_id", mapping)}
