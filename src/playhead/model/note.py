"""Notes: what people write beside a recording, at a moment of it. They are no part of the record, nor change it."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

NoteKind: TypeAlias = Literal["comment", "bookmark"]

MAX_NOTES = 1_000
"""Of one session."""
MAX_NOTE_CHARS = 10_000
LATEST_MS = 1e13
"""The furthest moment that a note can stand at: some three hundred years into a session."""

NoteText = Annotated[str, Meta(max_length=MAX_NOTE_CHARS, pattern=r"^[^\x00]*$(?!\n)")]
NoteMoment = Annotated[float, Meta(ge=0, le=LATEST_MS)]


class NoteRecord(Struct, frozen=True, kw_only=True):
    """A comment or a bookmark as it is kept. ``at_ms`` is counted from the session's start; a bookmark's text is its
    name and may be empty. ``author`` and ``editor`` are ids of keys, with the labels that these had then."""

    id: str
    project_no: int
    session_id: str
    kind: NoteKind
    at_ms: float
    text: str
    author: str
    author_label: str
    created_us: int
    event_id: str | None = None
    editor: str | None = None
    editor_label: str | None = None
    edited_us: int | None = None


class NoteEdit(Struct, frozen=True, kw_only=True):
    """A change of a note: who made it and when; None leaves a member as it is."""

    editor: str
    editor_label: str
    now_us: int
    text: str | None = None
    at_ms: float | None = None
