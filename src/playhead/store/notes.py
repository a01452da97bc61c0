"""What every engine promises of notes: comments and bookmarks beside sessions. Held to by the contract suite."""

from __future__ import annotations

from typing import Protocol

from playhead.model.audit import NewEntry
from playhead.model.note import NoteEdit, NoteRecord


class Notes(Protocol):
    """Part of ``Registry``: small and rare, so writes block until they are on stable storage. Erasing a session
    removes its notes. A change's ``entry`` is appended to the audit log with it."""

    def add_note(self, note: NoteRecord, entry: NewEntry | None = None) -> None:
        """Keep a note, in the place of one with its id. Raises SessionNotFound, and TooLarge when the session has
        ``MAX_NOTES`` others already."""
        ...

    def list_notes(self, project: int, session_id: str) -> list[NoteRecord]:
        """Return a session's notes by their moment, equal ones by age. Raises SessionNotFound."""
        ...

    def edit_note(
        self, project: int, session_id: str, note_id: str, edit: NoteEdit, entry: NewEntry | None = None
    ) -> NoteRecord:
        """Change a note and return it. Raises SessionNotFound, NoteNotFound."""
        ...

    def delete_note(self, project: int, session_id: str, note_id: str, entry: NewEntry | None = None) -> None:
        """Remove a note. Raises SessionNotFound, NoteNotFound."""
        ...
