"""Ingest: from the bytes of a recording request to what the store takes. Limits are checked here, shapes in ``replay``.

Three bodies of a snapshot become one list of events; a batch becomes changes, each checked for itself. Stores nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from playhead.errors import Invalid, PlayheadError, TooLarge
from playhead.model.answers import RejectedEvent
from playhead.model.event import EventType, Id, NewEvent, Object, RawEvent
from playhead.model.moment import Moment
from playhead.model.requests import EndRequest, SnapshotRequest, StartRequest
from playhead.model.session import RESERVED_SESSION_IDS, NewSession, SessionEnd, SessionId
from playhead.replay.cost import PriceTable
from playhead.replay.events import MAX_ID, check_event, decode_data, moment_us
from playhead.replay.plain import plain_event
from playhead.replay.redaction import Redactor
from playhead.server.body import check_depth, has_more_elements
from playhead.server.ids import RandomBytes, new_event_id, new_session_id
from playhead.server.problems import of_decoding
from playhead.server.redacting import redacted_error, redacted_event, redacted_start
from playhead.server.settings import Settings
from playhead.store.base import SessionChange

OLDER_FORM = (
    ("ai_interaction", "interaction"),
    ("user_action", "user_action"),
    ("code_context", "code_context"),
    ("system_metrics", "system_metrics"),
    ("workspace_state", "workspace_state"),
)
BESIDE = ("latency", "provider", "request_metadata", "response_metadata")
NULL = b"null"
LINE = re.compile(rb"[^\s][^\r\n]*")


class Lines(Struct, frozen=True):
    """The envelope of a batch, its events not yet looked into."""

    events: list[msgspec.Raw]


class Envelope(RawEvent, frozen=True, rename="camel", gc=False):
    """One event of a batch whose ids have yet to be looked at: to match patterns costs more than all the rest."""

    id: str | None = None
    session_id: str | None = None

    @property
    def is_sound(self) -> bool:
        """Whether its ids are certain to be as in any other event: not too long, and nothing but printable."""
        own, session = self.id, self.session_id
        return (own is None or (0 < len(own) <= MAX_ID and own.isprintable())) and (
            session is None or (0 < len(session) <= MAX_ID and session.isprintable())
        )


class Envelopes(Struct, frozen=True):
    """A batch of which every envelope can be read."""

    events: list[Envelope]


class Origin(Struct, frozen=True, gc=False):
    """Where in a batch a change comes from, and the id that its event was sent with, if any."""

    index: int
    id: str | None


class OneEvent(Struct, frozen=True, forbid_unknown_fields=True):
    """A snapshot that is one event and nothing else."""

    type: str
    data: msgspec.Raw | UnsetType = UNSET
    id: Id | None = None
    timestamp: Moment | None = None


class BatchEvent(Struct, frozen=True, rename="camel", kw_only=True):
    """One event of a batch, for documentation: ``data`` as in a snapshot, or of a start or an end."""

    session_id: SessionId
    type: EventType | Literal["session.start", "session.end"]
    data: Object = msgspec.field(default_factory=dict)
    id: Id | None = None
    timestamp: Moment | None = None


class BatchRequest(Struct, frozen=True, rename="camel", kw_only=True):
    """``POST /events``, for documentation: events are decoded one by one."""

    events: list[BatchEvent]


_snapshot = msgspec.json.Decoder(SnapshotRequest)
_batch = msgspec.json.Decoder(Lines)
_one = msgspec.json.Decoder(OneEvent)
_sound: msgspec.json.Decoder[Envelopes] = msgspec.json.Decoder(Envelopes)
_event = msgspec.json.Decoder(RawEvent)
_start = msgspec.json.Decoder(StartRequest)
_end = msgspec.json.Decoder(EndRequest)


def decode(decoder: msgspec.json.Decoder[Any], raw: bytes | memoryview, prefix: str = "") -> Any:
    """Decode, or raise InvalidJson or Invalid naming what is wrong."""
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise of_decoding(error, prefix) from None


class Ingest:
    """Turns requests of one server into what its store takes. A ``redactor`` sees everything that comes in before
    anything of it is returned."""

    def __init__(self, settings: Settings, prices: PriceTable, random_bytes: RandomBytes) -> None:
        self._settings = settings
        self._prices = prices
        self._random_bytes = random_bytes

    # --- sessions --------------------------------------------------------------------------------------------------

    def start(
        self,
        request: StartRequest,
        now_us: int,
        *,
        session_id: str | None = None,
        redactor: Redactor | None = None,
    ) -> NewSession:
        """Return the session that a request starts. Raises Invalid."""
        feature = request.feature or request.app_feature
        if feature is None:
            raise Invalid.field("feature", "is required")
        own_id = session_id or request.session_id
        if own_id in RESERVED_SESSION_IDS:
            raise Invalid.field("sessionId", f"{own_id!r} is a reserved word")
        self.check_label(request.label)
        self.check_metadata(request.metadata or {})
        if redactor is not None:
            request = redacted_start(request, redactor)
        return NewSession(
            id=own_id or new_session_id(feature, now_us, self._random_bytes),
            feature=feature,
            started_us=now_us if request.started_at is None else moment_us("startedAt", request.started_at),
            user_id=request.user_id,
            label=request.label,
            source=request.source,
            integration_name=request.integration_name,
            workspace_id=request.workspace_id,
            tags=list(dict.fromkeys(request.tags or ())),
            metadata=request.metadata or {},
        )

    def end(self, request: EndRequest, fallback: Moment | None = None) -> SessionEnd:
        """Return the end that a request asks for. Raises Invalid."""
        ended_at = fallback if request.ended_at is None else request.ended_at
        return SessionEnd(status=request.status, ended_us=None if ended_at is None else moment_us("endedAt", ended_at))

    def check_label(self, label: str | None) -> None:
        """Refuse a label that is too long. Raises Invalid."""
        limit = self._settings.max_label
        if label is not None and len(label) > limit:
            raise Invalid.field("label", f"longer than {limit} characters (PLAYHEAD_MAX_LABEL)")

    def check_metadata(self, metadata: Object) -> None:
        """Refuse metadata that is too large. Raises Invalid."""
        limit = self._settings.max_metadata_bytes
        if metadata and len(msgspec.json.encode(metadata)) > limit:
            raise Invalid.field("metadata", f"larger than {limit} bytes as JSON (PLAYHEAD_MAX_METADATA_BYTES)")

    # --- snapshots -------------------------------------------------------------------------------------------------

    def snapshot(
        self, body: bytes, session_id: str, now_us: int, redactor: Redactor | None = None
    ) -> tuple[bool, list[NewEvent]]:
        """Return whether system metrics are to be captured, and a snapshot's events, all checked.

        Raises Invalid, InvalidJson, TooLarge for the first that is wrong.
        """
        alone = _alone(body)
        if alone is not None:
            return False, [self.check(alone, now_us, redactor=redactor)]
        self._check_elements(body)
        request: SnapshotRequest = decode(_snapshot, body)
        given = list(self._given(request))
        self._check_count(len(given))
        events = [self._named(raw, name, session_id, now_us, redactor) for name, raw in given]
        return request.capture_system_metrics, events

    def check(self, event: RawEvent, now_us: int, spare_id: str = "", *, redactor: Redactor | None = None) -> NewEvent:
        """Return one event, redacted, checked and priced. Raises Invalid, InvalidJson, TooLarge.

        ``spare_id`` is for one that has no id of its own; else one is made.
        """
        if redactor is not None and event.data is not UNSET:
            self._check_size(bytes(event.data))
            event = redacted_event(event, redactor)
        event_id = event.id or spare_id or new_event_id(now_us, self._random_bytes)
        if event.data is not UNSET:
            text = bytes(event.data)
            self._check_size(text)
            plain = plain_event(event, text, event_id=event_id, received_us=now_us, prices=self._prices)
            if plain is not None:
                return plain
        return check_event(event, event_id=event_id, received_us=now_us, prices=self._prices)

    def _check_size(self, text: bytes) -> None:
        limit = self._settings.max_event_bytes
        if len(text) > limit:
            raise TooLarge(f"data: an event larger than {limit} bytes (PLAYHEAD_MAX_EVENT_BYTES)")
        check_depth(text, self._settings.max_depth, "data")

    def _named(self, event: RawEvent, name: str, session_id: str, now_us: int, redactor: Redactor | None) -> NewEvent:
        try:
            if event.session_id not in (None, session_id):
                raise Invalid.field("sessionId", "differs from the session in the path")
            return self.check(event, now_us, redactor=redactor)
        except Invalid as error:
            raise _within(error, name) from None

    def _given(self, request: SnapshotRequest) -> Iterator[tuple[str, RawEvent]]:
        """Yield the events of whichever form was sent, each with the name of its place in the body."""
        older = [(member, kind) for member, kind in OLDER_FORM if _present(getattr(request, member))]
        forms = [request.events is not None, request.type is not None or request.data is not UNSET, bool(older)]
        if sum(forms) > 1:
            raise Invalid.field("body", "send one event (type, data), the older form (aiInteraction, …), or events")
        if not any(forms) and not request.capture_system_metrics:
            raise Invalid.field("type", "is required, or one of events, aiInteraction, userAction, codeContext")
        if request.events is not None:
            yield from ((f"events[{index}]", event) for index, event in enumerate(request.events))
        elif forms[1]:
            if request.type is None:
                raise Invalid.field("type", "is required")
            yield "", RawEvent(type=request.type, data=request.data, id=request.id, timestamp=request.timestamp)
        else:
            yield from _older_events(request, older)

    def _check_elements(self, body: bytes) -> None:
        if has_more_elements(body, self._settings.max_batch):
            self._check_count(self._settings.max_batch + 1)

    def _check_count(self, count: int) -> None:
        limit = self._settings.max_batch
        if count > limit:
            raise TooLarge(
                f"events: more than {limit} in one request (PLAYHEAD_MAX_BATCH)",
                details=[{"field": "events", "message": f"at most {limit}", "limit": limit}],
            )

    # --- batches ---------------------------------------------------------------------------------------------------

    def batch(
        self, body: bytes, *, lines: bool, now_us: int, redactor: Redactor | None = None
    ) -> tuple[list[Origin], list[SessionChange], list[RejectedEvent]]:
        """Return a batch's good changes with where they come from, and what was refused of it.

        Raises InvalidJson, Invalid, TooLarge when the batch as a whole cannot be read.
        """
        if not lines:
            self._check_elements(body)
        raws = _lines(body, self._settings.max_batch + 1) if lines else _envelopes(body)
        self._check_count(len(raws))
        origins: list[Origin] = []
        changes: list[SessionChange] = []
        rejected: list[RejectedEvent] = []
        for index, raw in enumerate(raws):
            event_id = None
            try:
                event = raw if isinstance(raw, RawEvent) else decode(_event, memoryview(raw))
                event_id = event.id
                spare_id = "" if event_id else new_event_id(now_us, self._random_bytes)
                change = self._change(event, now_us, spare_id, redactor)
                changes.append(change)
                origins.append(Origin(index, event_id or _id_within(change, spare_id)))
            except PlayheadError as failure:
                error = failure if redactor is None else redacted_error(failure, redactor)
                rejected.append(RejectedEvent(index=index, id=event_id, code=error.code, message=error.message))
        return origins, changes, rejected

    def _change(self, event: RawEvent, now_us: int, spare_id: str, redactor: Redactor | None) -> SessionChange:
        if event.session_id is None:
            raise Invalid.field("sessionId", "is required")
        if event.type == "session.start":
            request: StartRequest = self._start_request(event)
            new = self.start(request, now_us, session_id=event.session_id, redactor=redactor)
            return SessionChange(event.session_id, new)
        if event.type == "session.end":
            end: EndRequest = EndRequest() if event.data is UNSET else decode(_end, memoryview(event.data), "data")
            return SessionChange(event.session_id, self.end(end, event.timestamp))
        return SessionChange(event.session_id, self.check(event, now_us, spare_id, redactor=redactor))

    def _start_request(self, event: RawEvent) -> StartRequest:
        data, _ = decode_data(event.data)
        data.setdefault("startedAt", event.timestamp)
        if data.setdefault("sessionId", event.session_id) != event.session_id:
            raise Invalid.field("data.sessionId", "differs from the event's sessionId")
        check_depth(bytes(memoryview(event.data)), self._settings.max_depth, "data")  # type: ignore[arg-type]
        request: StartRequest = decode(_start, msgspec.json.encode(data), "data")
        return request


def _id_within(change: SessionChange, spare_id: str) -> str | None:
    """Return the id that an event without one in its envelope has in its data."""
    event = change.change
    return event.id if isinstance(event, NewEvent) and event.id != spare_id else None


def _alone(body: bytes) -> RawEvent | None:
    """Return the event of a snapshot that is one event and nothing else, or None."""
    try:
        one = _one.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return RawEvent(type=one.type, data=one.data, id=one.id, timestamp=one.timestamp)


def _lines(body: bytes, most: int) -> Sequence[bytes]:
    """Return up to ``most`` lines that are not blank."""
    return [line[0] for line in islice(LINE.finditer(body), most)]


def _envelopes(body: bytes) -> Sequence[RawEvent | msgspec.Raw]:
    """Return the envelopes of a batch, all decoded at once, or as they are when not every one of them is sound."""
    try:
        events = _sound.decode(body).events
    except (msgspec.MsgspecError, ValueError, RecursionError):
        events = None
    if events is not None and all(event.is_sound for event in events):
        return events
    raws: Sequence[msgspec.Raw] = decode(_batch, body).events
    return raws


def _present(member: msgspec.Raw | msgspec.UnsetType) -> bool:
    return not isinstance(member, msgspec.UnsetType) and bytes(member) != NULL


def _older_events(request: SnapshotRequest, older: list[tuple[str, str]]) -> Iterator[tuple[str, RawEvent]]:
    """Yield the events of the older form; what stands beside ``aiInteraction`` goes into it where it has none."""
    beside = {name: getattr(request, name) for name in BESIDE if getattr(request, name) is not None}
    if beside and request.ai_interaction is UNSET:
        raise Invalid.field(_camel(next(iter(beside))), "stands beside aiInteraction, which is missing")
    alone = request.id if len(older) == 1 else None
    for member, kind in older:
        extra = {_camel(name): value for name, value in beside.items()} if kind == "interaction" else {}
        if request.timestamp is not None:
            extra["timestamp"] = request.timestamp
        yield _camel(member), RawEvent(type=kind, data=_merged(getattr(request, member), extra), id=alone)


def _merged(raw: msgspec.Raw, extra: dict[str, Any]) -> msgspec.Raw:
    if not extra:
        return raw
    data, _ = decode_data(raw)
    return msgspec.Raw(msgspec.json.encode({**extra, **data}))


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


def _within(error: Invalid, name: str) -> Invalid:
    """Say a failure's field from the body's root: ``events[7].data.model``, ``aiInteraction.model``."""
    if not name or not error.details:
        return error
    details = [{**each, "field": _joined(name, each["field"])} for each in error.details]
    return Invalid("; ".join(f"{each['field']}: {each['message']}" for each in details), details=details)


def _joined(name: str, field: str) -> str:
    if name[-1:] != "]":
        return name + field.removeprefix("data")
    return f"{name}.{field}"
