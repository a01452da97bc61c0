"""One session of the memory store: its events as they arrived, its summary, its texts."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from playhead.model.event import NewEvent, StoredEvent
from playhead.model.results import CallMark, Outcome
from playhead.model.session import NewSession, Session, SessionEnd, Totals
from playhead.store.copies import EventCopy
from playhead.store.rows import MAX_INT
from playhead.store.texts import Document, event_document, label_document


def started(new: NewSession, now_us: int) -> Session:
    """Return the session that a start makes."""
    members = msgspec.structs.asdict(new)
    return Session(**members, status="active", created_us=now_us, updated_us=now_us)


class Record:
    """A session with all that belongs to it. ``no`` rises in order of creation."""

    def __init__(self, no: int, project: int, session: Session, now_us: int) -> None:
        self.no = no
        self.project = project
        self.session = session
        self.arrival_us = now_us
        self.events: list[StoredEvent] = []
        self.news: list[NewEvent] = []
        self.seqs: dict[str, int] = {}
        self.pending: set[str] = set()
        self.messages: dict[bytes, tuple[int, Any]] = {}
        self._documents: list[Document] = []

    @property
    def documents(self) -> list[Document]:
        """The searchable texts by seq; at 0 the session's own."""
        return [label_document(self.session.label, self.session.tags), *self._documents]

    def append(self, event: NewEvent, now_us: int) -> Outcome:
        """Store an event unless its id is there; an interaction takes the place of the pending one of its id."""
        if event.id not in self.seqs:
            self._add(event)
        elif event.id in self.pending and event.type == "interaction" and not event.pending:
            self._complete(event)
        else:
            return Outcome(event.id, self.seqs[event.id], duplicate=True)
        self.session = replace(self.session, updated_us=now_us)
        self.arrival_us = max(self.arrival_us, now_us)
        return Outcome(event.id, self.seqs[event.id])

    def _add(self, event: NewEvent) -> None:
        seq = self.seqs[event.id] = len(self.events) + 1
        if event.pending:
            self.pending.add(event.id)
        self.events.append(stored(event, seq))
        self.news.append(event)
        self._documents.append(self._document(event))
        self.session = replace(self.session, totals=summed(counted(self.session.totals, event), event))

    def _complete(self, event: NewEvent) -> None:
        self.pending.remove(event.id)
        totals = self.session.totals
        totals = replace(totals, pending=totals.pending - 1, changes=totals.changes + 1)
        place = self.seqs[event.id] - 1
        event = replace(event, received_us=self.events[place].received_us)
        self.events[place] = replace(stored(event, place + 1), change=totals.changes)
        self.news[place] = event
        self._documents[place] = self._document(event)
        self.session = replace(self.session, totals=summed(totals, event))

    def _document(self, event: NewEvent) -> Document:
        prompt = event.data.get("prompt")
        seq = self.seqs[event.id]
        if event.type == "interaction" and isinstance(prompt, list):
            for message in prompt:
                self.messages.setdefault(msgspec.json.encode(message), (seq, message))
        return event_document(event.type, event.data, self._brought(seq))

    def _brought(self, seq: int) -> list[Any]:
        return [message for first, message in self.messages.values() if first == seq]

    def end(self, end: SessionEnd, now_us: int) -> bool:
        """End the session; say whether that changed anything."""
        if self.session.status != "active" and (self.session.end_reason, end.reason) != ("timeout", "ended"):
            return False
        ended_us = end.ended_us if end.ended_us is not None else now_us
        self.session = replace(
            self.session, status=end.status, ended_us=ended_us, end_reason=end.reason, updated_us=now_us
        )
        if end.reason != "timeout":
            self.arrival_us = max(self.arrival_us, now_us)
        return True

    def behind(self, seq: int) -> list[StoredEvent]:
        """Return the events in time order from behind one of them."""
        events = sorted(self.events, key=lambda event: (event.timestamp_us, event.seq))
        if seq == 0:
            return events
        places = [place for place, event in enumerate(events) if event.seq == seq]
        return events[places[0] + 1 :] if places else []

    def copy(self, event: StoredEvent) -> EventCopy:
        """Return an event as another store can take it."""
        taken = self.news[event.seq - 1]
        new = NewEvent(**{name: getattr(taken, name) for name in NewEvent.__struct_fields__})
        return EventCopy(event.seq, new, event.change, self._brought(event.seq) if event.change else [])

    def mark(self, event: StoredEvent) -> CallMark:
        """Return what a timeline draws of an event."""
        new = self.news[event.seq - 1]
        call = event.call
        return CallMark(
            seq=event.seq,
            id=event.id,
            type=event.type,
            timestamp_us=event.timestamp_us,
            error=event.error,
            latency_ms=new.latency_ms,
            first_token_ms=call.first_token_ms if call else None,
            model=call.model if call else None,
            cost_nanos=call.cost_nanos if call else 0,
            input_tokens=(call.input_tokens if call else None) or 0,
            output_tokens=(call.output_tokens if call else None) or 0,
            size_bytes=new.size_bytes,
            pending=event.pending,
        )


def stored(event: NewEvent, seq: int) -> StoredEvent:
    """Return an event under its seq."""
    return StoredEvent(
        id=event.id,
        seq=seq,
        type=event.type,
        timestamp_us=event.timestamp_us,
        received_us=event.received_us,
        data=event.data,
        error=event.error,
        call=event.call,
        pending=event.pending,
    )


def counted(totals: Totals, event: NewEvent) -> Totals:
    """Return a summary that counts one more event."""
    return replace(
        totals,
        events=totals.events + 1,
        interactions=totals.interactions + (event.type == "interaction"),
        steps=totals.steps + (event.type == "step"),
        pending=totals.pending + event.pending,
        dropped=min(MAX_INT, totals.dropped + event.dropped),
    )


def summed(totals: Totals, event: NewEvent) -> Totals:
    """Return a summary with what an event came to."""
    call = event.call
    last_us = totals.last_event_us
    return replace(
        totals,
        errors=totals.errors + event.error,
        cost_nanos=min(MAX_INT, totals.cost_nanos + (call.cost_nanos if call else 0)),
        input_tokens=min(MAX_INT, totals.input_tokens + ((call.input_tokens if call else None) or 0)),
        output_tokens=min(MAX_INT, totals.output_tokens + ((call.output_tokens if call else None) or 0)),
        unpriced=totals.unpriced + (call is not None and call.cost_source == "unknown"),
        models=totals.models if call is None or call.model in totals.models else [*totals.models, call.model],
        last_event_us=event.timestamp_us if last_us is None else max(last_us, event.timestamp_us),
    )
