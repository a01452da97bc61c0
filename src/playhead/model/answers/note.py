"""Notes, as answers show them."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from playhead.model.note import NoteKind


class NoteAuthor(Struct, frozen=True, rename="camel", kw_only=True):
    """Who wrote it: the key's id, and the label that it had then."""

    key_id: str
    label: str


class NoteItem(Struct, frozen=True, rename="camel", kw_only=True):
    """A comment or a bookmark; ``at`` in milliseconds from the session's start."""

    note_id: str
    kind: NoteKind
    at: float
    text: str
    event_id: str | None
    author: NoteAuthor
    created_at: datetime
    editor: NoteAuthor | None
    edited_at: datetime | None
