"""Notes: the statements behind them, each inside a transaction. Whether a session is there is the caller's to know."""

from __future__ import annotations

from typing import Any, Final

from playhead.errors import NoteNotFound, TooLarge
from playhead.model.note import MAX_NOTES, NoteEdit, NoteRecord
from playhead.store.postgres.connection import Db
from playhead.store.rows import Row

_KEPT: Final = NoteRecord.__struct_fields__
_OF_SESSION: Final = "WHERE project_no = %s AND session_id = %s"
_LIST: Final = f"SELECT {', '.join(_KEPT)} FROM notes {_OF_SESSION}"
_ADD: Final = (
    f"INSERT INTO notes ({', '.join(_KEPT)}) SELECT {', '.join(['%s'] * len(_KEPT))}"
    f" WHERE (SELECT count(*) FROM notes {_OF_SESSION} AND id <> %s) < {MAX_NOTES}"
    f" ON CONFLICT (project_no, session_id, id) DO UPDATE"
    f" SET {', '.join(f'{name} = excluded.{name}' for name in _KEPT)}"
)
_EDIT: Final = (
    "UPDATE notes SET text = coalesce(%s, text), at_ms = coalesce(%s, at_ms), editor = %s, editor_label = %s,"
    f" edited_us = %s {_OF_SESSION} AND id = %s"
)


def add_note(db: Db, note: NoteRecord) -> None:
    """Keep a note, in the place of one with its id. Raises TooLarge when the session has ``MAX_NOTES`` others."""
    values = [getattr(note, name) for name in _KEPT]
    if not db.execute(_ADD, [*values, note.project_no, note.session_id, note.id]).rowcount:
        raise TooLarge(f"A session has at most {MAX_NOTES} notes")


def list_notes(db: Db, project: int, session_id: str) -> list[NoteRecord]:
    """Return a session's notes by their moment, equal ones by age."""
    return [_note(row) for row in db.execute(f"{_LIST} ORDER BY at_ms, no", (project, session_id))]


def edit_note(db: Db, place: tuple[int, str, str], edit: NoteEdit) -> NoteRecord:
    """Change the note of a project, a session and an id, and return it. Raises NoteNotFound."""
    if "\x00" in place[2]:
        raise NoteNotFound
    db.execute(_EDIT, (edit.text, edit.at_ms, edit.editor, edit.editor_label, edit.now_us, *place))
    row = db.execute(f"{_LIST} AND id = %s", place).fetchone()
    if row is None:
        raise NoteNotFound
    return _note(row)


def delete_note(db: Db, place: tuple[int, str, str]) -> None:
    """Remove the note of a project, a session and an id. Raises NoteNotFound."""
    if "\x00" in place[2] or not db.execute(f"DELETE FROM notes {_OF_SESSION} AND id = %s", place).rowcount:
        raise NoteNotFound


def delete_notes(db: Db, project: int, session_id: str) -> None:
    """Remove all notes of a session."""
    db.execute(f"DELETE FROM notes {_OF_SESSION}", (project, session_id))


def _note(row: Row) -> NoteRecord:
    members: dict[str, Any] = dict(zip(_KEPT, row, strict=True))
    return NoteRecord(**members)
