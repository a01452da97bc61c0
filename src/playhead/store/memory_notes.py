"""The memory store's notes."""

from __future__ import annotations

from msgspec.structs import replace

from playhead.errors import NoteNotFound, TooLarge
from playhead.model.audit import NewEntry
from playhead.model.note import MAX_NOTES, NoteEdit, NoteRecord
from playhead.model.session import Session
from playhead.store.memory_audit import MemoryAudit


class MemoryNotes(MemoryAudit):
    """Implements ``Notes`` in a list, in order of their making."""

    def __init__(self) -> None:
        super().__init__()
        self._notes: list[NoteRecord] = []

    def get_session(self, project: int, session_id: str) -> Session:
        """Return one session; the store's."""
        raise NotImplementedError

    def add_note(self, note: NoteRecord, entry: NewEntry | None = None) -> None:
        """Keep a note, in the place of one with its id."""
        others = [one for one in self.list_notes(note.project_no, note.session_id) if one.id != note.id]
        if len(others) >= MAX_NOTES:
            raise TooLarge
        self._notes = [one for one in self._notes if (one.session_id, one.id) != (note.session_id, note.id)]
        self._notes.append(note)
        self._enter(entry)

    def list_notes(self, project: int, session_id: str) -> list[NoteRecord]:
        """Return a session's notes by their moment."""
        self.get_session(project, session_id)
        own = [note for note in self._notes if (note.project_no, note.session_id) == (project, session_id)]
        return sorted(own, key=lambda note: note.at_ms)

    def edit_note(
        self, project: int, session_id: str, note_id: str, edit: NoteEdit, entry: NewEntry | None = None
    ) -> NoteRecord:
        """Change a note and return it."""
        note = self._find(project, session_id, note_id)
        edited = replace(
            note,
            text=note.text if edit.text is None else edit.text,
            at_ms=note.at_ms if edit.at_ms is None else edit.at_ms,
            editor=edit.editor,
            editor_label=edit.editor_label,
            edited_us=edit.now_us,
        )
        self._notes[self._notes.index(note)] = edited
        self._enter(entry)
        return edited

    def delete_note(self, project: int, session_id: str, note_id: str, entry: NewEntry | None = None) -> None:
        """Remove a note."""
        self._notes.remove(self._find(project, session_id, note_id))
        self._enter(entry)

    def forget_notes(self, project: int, session_id: str) -> None:
        """Remove all notes of a session."""
        self._notes = [note for note in self._notes if (note.project_no, note.session_id) != (project, session_id)]

    def _find(self, project: int, session_id: str, note_id: str) -> NoteRecord:
        found = next((note for note in self.list_notes(project, session_id) if note.id == note_id), None)
        if found is None:
            raise NoteNotFound
        return found
