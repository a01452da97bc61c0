"""Views: one session as a reader may see it, whole or without personal data, and its events a few at a time.

Owners and the visitors of a share read through the same view. Every walk through a session's events is bounded in
count and bytes, because an event may be large and a session long. Blocks its thread; belongs on a reader thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from msgspec import Struct

from playhead.model.answers import NoteItem, SessionItem
from playhead.model.event import EventType, StoredEvent
from playhead.model.results import CallMark, EventPage
from playhead.model.session import Session
from playhead.server.present import note_item, redacted_event, redacted_note, redacted_session, session_item
from playhead.store.base import Store
from playhead.store.notes import Notes

BATCH_EVENTS: Final = 500
BATCH_BYTES: Final = 4 << 20
PAGE_BYTES: Final = 8 << 20
FIRST_MARKS: Final = 1_000
MOST_MARKS: Final = 20_000


class View(Struct, frozen=True):
    """One session of a project. ``url`` is the address under which this reader reaches it in the API; one who was
    sent a link (``shared``) learns nothing of the project beyond this session. Without ``kept_notes`` it has no
    notes."""

    store: Store
    project: int
    session_id: str
    base_url: str
    url: str
    redact: bool = False
    shared: bool = False
    kept_notes: Notes | None = None

    def session(self) -> Session:
        """Return the session. Raises SessionNotFound."""
        session = self.store.get_session(self.project, self.session_id)
        return redacted_session(session) if self.redact else session

    def item(self) -> SessionItem:
        """Return the session as answers show it. Raises SessionNotFound."""
        return session_item(self.session(), self.base_url)

    def notes(self) -> list[NoteItem]:
        """Return what people wrote beside the session. Raises SessionNotFound."""
        if self.kept_notes is None:
            return []
        notes = self.kept_notes.list_notes(self.project, self.session_id)
        return [note_item(redacted_note(note) if self.redact else note) for note in notes]

    def marks(self, after: int = 0, types: Sequence[EventType] = ()) -> Iterator[CallMark]:
        """Yield the marks of events in time order from behind seq ``after``, a page of them in memory at a time.

        Each comes once, also when a pending one is completed meanwhile and moves.
        """
        size = FIRST_MARKS
        pending: set[int] = set()
        while True:
            page = self.store.get_marks(self.project, self.session_id, after=after, limit=size)
            is_last = len(page) < size
            page = page if is_last else settled(page)
            yield from (mark for mark in page if mark.seq not in pending and (not types or mark.type in types))
            if is_last:
                return
            pending.update(mark.seq for mark in page if mark.pending)
            after, size = page[-1].seq, min(2 * size, MOST_MARKS)

    def some_marks(
        self, after: int, limit: int, most_bytes: int, types: Sequence[EventType] = ()
    ) -> tuple[list[CallMark], int | None]:
        """Return up to ``limit`` marks from behind seq ``after``, fewer when their events are large; and the seq behind
        which the next ones are, None when there are none."""
        chosen: list[CallMark] = []
        size_bytes = 0
        for mark in islice(self.marks(after, types), limit + 1):
            size_bytes += mark.size_bytes
            if len(chosen) == limit or (chosen and size_bytes > most_bytes):
                chosen = settled(chosen)
                return chosen, chosen[-1].seq
            chosen.append(mark)
        return chosen, None

    def events(self, seqs: Sequence[int]) -> list[StoredEvent]:
        """Return the events of these seqs in time order."""
        events = self.store.get_events_by_seq(self.project, self.session_id, seqs).events
        return [redacted_event(event) for event in events] if self.redact else events

    def batches(self, places: Iterable[tuple[int, int]]) -> Iterator[list[StoredEvent]]:
        """Yield events in time order, of (seq, size in bytes) pairs, in batches that fit into memory."""
        waiting: list[int] = []
        waiting_bytes = 0
        for seq, size_bytes in places:
            if waiting and (len(waiting) == BATCH_EVENTS or waiting_bytes + size_bytes > BATCH_BYTES):
                yield self.events(waiting)
                waiting, waiting_bytes = [], 0
            waiting.append(seq)
            waiting_bytes += size_bytes
        if waiting:
            yield self.events(waiting)

    def page(self, after: int, limit: int, types: Sequence[EventType] = ()) -> EventPage:
        """Return up to ``limit`` events in time order from behind seq ``after``; fewer when they are large."""
        marks, following = self.some_marks(after, limit, PAGE_BYTES, types)
        return EventPage(self.events([mark.seq for mark in marks]), following)


def settled(marks: list[CallMark]) -> list[CallMark]:
    """Return a page of marks up to the last that is not pending, or all where every one is.

    A pending event moves in time when it is completed; who went on behind it would miss what lies between.
    """
    last = max((place for place, mark in enumerate(marks) if not mark.pending), default=len(marks) - 1)
    return marks[: last + 1]
