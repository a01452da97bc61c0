"""Exports: sessions as files, written piece by piece, in memory that does not grow with them.

JSON is the whole replay; NDJSON a line for the session (``type`` is ``session``), one for each note (``note``) and one
for each event; CSV a row an event. Blocks its thread; belongs on a reader thread.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import msgspec

from playhead.errors import SessionNotFound
from playhead.model.requests import BulkFormat
from playhead.replay import tables
from playhead.server.documents import MAX_SIZE, gathered
from playhead.server.present import flat_event
from playhead.server.recording_file import MOST_EVENTS, check_size, page_chunks
from playhead.server.view import View

MEDIA_TYPES: Final = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
}

encode = msgspec.json.Encoder().encode


def export_chunks(view: View, kind: BulkFormat) -> Iterator[bytes]:
    """Yield a session as lines of a kind. Raises SessionNotFound, before the first."""
    view.session()
    yield from gathered(_document(kind, _lines(view, kind)))


def html_chunks(view: View) -> Iterator[bytes]:
    """Yield a session as a page that plays it. Raises SessionNotFound, TooLarge, NotBuilt, before the first."""
    session, places = view.session(), Places(view)
    check_size(session.totals.events, sum(places.sizes))
    yield from gathered(page_chunks(_replayed(view, zip(places.seqs, places.sizes, strict=True))))


class Places:
    """Where a session's events are, and how large: read once, eight bytes an event, so that what is checked is what is
    written, also of a session that goes on."""

    def __init__(self, view: View) -> None:
        self.seqs, self.sizes = array("I"), array("I")
        for mark in islice(view.marks(), MOST_EVENTS + 1):
            self.seqs.append(mark.seq)
            self.sizes.append(min(mark.size_bytes, MAX_SIZE))


def bulk_chunks(views: Iterable[View], kind: BulkFormat) -> Iterator[bytes]:
    """Yield many sessions as lines of a kind, one behind the other; one that is erased meanwhile ends where it is."""
    yield from gathered(_document(kind, (line for view in views for line in _lines_while_there(view, kind))))


def _document(kind: BulkFormat, lines: Iterator[bytes]) -> Iterator[bytes]:
    # Always a first piece: an export of nothing is an empty line of NDJSON or CSV's header.
    yield tables.header() if kind == "csv" else b""
    yield from lines


def _lines_while_there(view: View, kind: BulkFormat) -> Iterator[bytes]:
    try:
        yield from _lines(view, kind)
    except SessionNotFound:
        return


def _lines(view: View, kind: BulkFormat) -> Iterator[bytes]:
    places = ((mark.seq, mark.size_bytes) for mark in view.marks())
    if kind == "ndjson":
        yield from _replayed(view, places)
        return
    for batch in view.batches(places):
        yield from (tables.row(view.session_id, event) for event in batch)


def _replayed(view: View, places: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    """Yield the session, its notes and the events of these (seq, size in bytes) as JSON lines."""
    yield encode({"type": "session"} | msgspec.to_builtins(view.item())) + b"\n"
    for note in view.notes():
        yield encode({"type": "note", "sessionId": view.session_id} | msgspec.to_builtins(note)) + b"\n"
    for batch in view.batches(places):
        yield from (encode({"sessionId": view.session_id} | flat_event(event)) + b"\n" for event in batch)
