"""The operations on notes, the comments and bookmarks beside a session: each builds one call."""

from __future__ import annotations

from playhead.model.answers import Answer, NoteItem
from playhead.model.note import NoteKind
from playhead.record.call import Call, json_body, reader, session_path

_note = reader(Answer[NoteItem], lambda answer: answer.data)
_none = reader(Answer[None], lambda _: None)


def add_note(
    session_id: str, at: float, text: str = "", *, kind: NoteKind = "comment", event_id: str | None = None
) -> Call[NoteItem]:
    """Write a comment, or a bookmark of that name, at a moment in milliseconds from the session's start.

    Raises SessionNotFound, Invalid, and TooLarge at 1,000 notes.
    """
    members = {"kind": kind, "at": at, "text": text, "eventId": event_id}
    body, headers = json_body({name: value for name, value in members.items() if value is not None})
    path = session_path(session_id, "notes")
    return Call(method="POST", path=path, body=body, headers=headers, parse=_note, repeatable=False)


def list_notes(session_id: str) -> Call[list[NoteItem]]:
    """Return a session's comments and bookmarks by their moment. Raises SessionNotFound."""
    parse = reader(Answer[list[NoteItem]], lambda answer: answer.data)
    return Call(method="GET", path=session_path(session_id, "notes"), parse=parse)


def edit_note(session_id: str, note_id: str, *, text: str | None = None, at: float | None = None) -> Call[NoteItem]:
    """Change a note's text or moment. Raises SessionNotFound, NoteNotFound, Invalid."""
    members = {"text": text, "at": at}
    body, headers = json_body({name: value for name, value in members.items() if value is not None})
    path = session_path(session_id, "notes", note_id)
    return Call(method="PATCH", path=path, body=body, headers=headers, parse=_note)


def delete_note(session_id: str, note_id: str) -> Call[None]:
    """Remove a note. Raises SessionNotFound, NoteNotFound."""
    return Call(method="DELETE", path=session_path(session_id, "notes", note_id), parse=_none)
