"""Notes in SQLite: the table ``notes``, by session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import apsw

from playhead.errors import NoteNotFound, TooLarge
from playhead.model.audit import NewEntry
from playhead.model.note import MAX_NOTES, NoteEdit, NoteRecord
from playhead.store.sqlite.audit import entered
from playhead.store.sqlite.connection import ReaderPool
from playhead.store.sqlite.reading import session_number
from playhead.store.sqlite.writer import Writer, WriteScope

T = TypeVar("T")

_KEPT = tuple(name for name in NoteRecord.__struct_fields__ if name not in ("project_no", "session_id"))
_ADD = (
    f"INSERT INTO notes (session_no, {', '.join(_KEPT)}) SELECT ?, {', '.join('?' * len(_KEPT))}"
    f" WHERE (SELECT count(*) FROM notes WHERE session_no = ? AND id <> ?) < {MAX_NOTES}"
    f" ON CONFLICT (session_no, id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _KEPT)}"
)
_LIST = f"SELECT {', '.join(_KEPT)} FROM notes WHERE session_no = ?"
_EDIT = (
    "UPDATE notes SET text = coalesce(?, text), at_ms = coalesce(?, at_ms), editor = ?, editor_label = ?,"
    " edited_us = ? WHERE session_no = ? AND id = ?"
)


class SqliteNotes:
    """Implements ``Notes`` over a writer and a pool of readers."""

    _writer: Writer
    _readers: ReaderPool

    def add_note(self, note: NoteRecord, entry: NewEntry | None = None) -> None:
        """Keep a note. Raises SessionNotFound, TooLarge."""
        self._keep(lambda scope: _add(scope.db, note), entry)

    def list_notes(self, project: int, session_id: str) -> list[NoteRecord]:
        """Return a session's notes by their moment, equal ones by age. Raises SessionNotFound."""
        with self._readers.read() as db:
            no = session_number(db, project, session_id)
            rows = db.execute(f"{_LIST} ORDER BY at_ms, no", (no,)).fetchall()
        return [_note(project, session_id, row) for row in rows]

    def edit_note(
        self, project: int, session_id: str, note_id: str, edit: NoteEdit, entry: NewEntry | None = None
    ) -> NoteRecord:
        """Change a note and return it. Raises SessionNotFound, NoteNotFound."""
        return self._keep(lambda scope: _edit(scope.db, (project, session_id, note_id), edit), entry)

    def delete_note(self, project: int, session_id: str, note_id: str, entry: NewEntry | None = None) -> None:
        """Remove a note. Raises SessionNotFound, NoteNotFound."""
        self._keep(lambda scope: _delete(scope.db, project, session_id, note_id), entry)

    def _keep(self, run: Callable[[WriteScope], T], entry: NewEntry | None) -> T:
        return self._writer.submit(entered(run, entry)).result()


def _add(db: apsw.Connection, note: NoteRecord) -> None:
    no = session_number(db, note.project_no, note.session_id)
    db.execute(_ADD, (no, *(getattr(note, name) for name in _KEPT), no, note.id))
    if not db.changes():
        raise TooLarge(f"A session has at most {MAX_NOTES} notes")


def _edit(db: apsw.Connection, place: tuple[int, str, str], edit: NoteEdit) -> NoteRecord:
    project, session_id, note_id = place
    no = session_number(db, project, session_id)
    db.execute(_EDIT, (edit.text, edit.at_ms, edit.editor, edit.editor_label, edit.now_us, no, note_id))
    row = db.execute(f"{_LIST} AND id = ?", (no, note_id)).fetchone()
    if row is None:
        raise NoteNotFound
    return _note(project, session_id, row)


def _delete(db: apsw.Connection, project: int, session_id: str, note_id: str) -> None:
    no = session_number(db, project, session_id)
    db.execute("DELETE FROM notes WHERE session_no = ? AND id = ?", (no, note_id))
    if not db.changes():
        raise NoteNotFound


def _note(project: int, session_id: str, row: tuple[apsw.SQLiteValue, ...]) -> NoteRecord:
    return NoteRecord(project_no=project, session_id=session_id, **dict(zip(_KEPT, row, strict=True)))  # type: ignore[arg-type] # the columns are the members
