"""Notes: comments and bookmarks that people write beside a session, at a moment of it."""

from __future__ import annotations

from typing import Final

from playhead.errors import Invalid, NoteNotFound, SessionNotFound, TooLarge
from playhead.model.answers import Answer, NoteItem
from playhead.model.audit import Target
from playhead.model.note import NoteEdit, NoteRecord
from playhead.model.requests import NoteChanges, NoteRequest
from playhead.model.results import KeyRecord
from playhead.server.ids import new_event_id
from playhead.server.present import note_item
from playhead.server.routes.reading import BASE
from playhead.server.table import Call, Route
from playhead.server.witness import viewed

NOTES: Final = f"{BASE}/{{session_id}}/notes"


async def add_note(call: Call) -> Answer[NoteItem]:
    """Write a comment or a bookmark."""
    body: NoteRequest = call.body
    author = _author(call)
    note = NoteRecord(
        id=new_event_id(call.now_us, call.services.random_bytes),
        project_no=call.project.no,
        session_id=call.params["session_id"],
        kind=body.kind,
        at_ms=body.at,
        text=await _redacted(call, body.text),
        author=author.id,
        author_label=author.label,
        created_us=call.now_us,
        event_id=body.event_id,
    )
    entry = call.entry("note.create", _target(call, note.id), kind=note.kind)
    await call.services.read(call.services.registry.add_note, note, entry)
    return Answer(data=note_item(note))


async def list_notes(call: Call) -> Answer[list[NoteItem]]:
    """Return a session's notes by their moment."""
    notes = await call.services.read(call.services.registry.list_notes, call.project.no, call.params["session_id"])
    await viewed(call)
    return Answer(data=[note_item(note) for note in notes])


async def edit_note(call: Call) -> Answer[NoteItem]:
    """Change a note's text or moment."""
    body: NoteChanges = call.body
    if body.text is None and body.at is None:
        raise Invalid.field("text", "is required, or at")
    editor = _author(call)
    text = None if body.text is None else await _redacted(call, body.text)
    edit = NoteEdit(editor=editor.id, editor_label=editor.label, now_us=call.now_us, text=text, at_ms=body.at)
    place = call.project.no, call.params["session_id"], call.params["note_id"]
    members = [name for name in body.__struct_fields__ if getattr(body, name) is not None]
    entry = call.entry("note.change", _target(call, place[-1]), members=members)
    return Answer(data=note_item(await call.services.read(call.services.registry.edit_note, *place, edit, entry)))


async def delete_note(call: Call) -> Answer[None]:
    """Remove a note."""
    place = call.project.no, call.params["session_id"], call.params["note_id"]
    entry = call.entry("note.delete", _target(call, place[-1]))
    await call.services.read(call.services.registry.delete_note, *place, entry)
    return Answer(data=None)


async def _redacted(call: Call, text: str) -> str:
    redactor = await call.services.redactions.of(call.project.no)
    return text if redactor is None else redactor.text(text)


def _target(call: Call, note_id: str) -> Target:
    return Target("note", note_id, call.params["session_id"])


def _author(call: Call) -> KeyRecord:
    if call.key is None:
        raise LookupError("a route with a scope has a key")
    return call.key


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path=NOTES,
        scope="admin",
        handler=add_note,
        body=NoteRequest,
        answer=Answer[NoteItem],
        status=201,
        summary="Write a comment or a bookmark at a moment of a session",
        tag="notes",
        errors=(SessionNotFound, TooLarge),
    ),
    Route(
        method="GET",
        path=NOTES,
        scope="read",
        handler=list_notes,
        answer=Answer[list[NoteItem]],
        summary="List a session's comments and bookmarks",
        tag="notes",
        errors=(SessionNotFound,),
    ),
    Route(
        method="PATCH",
        path=f"{NOTES}/{{note_id}}",
        scope="admin",
        handler=edit_note,
        body=NoteChanges,
        answer=Answer[NoteItem],
        summary="Change a comment or a bookmark",
        tag="notes",
        errors=(SessionNotFound, NoteNotFound),
    ),
    Route(
        method="DELETE",
        path=f"{NOTES}/{{note_id}}",
        scope="admin",
        handler=delete_note,
        answer=Answer[None],
        summary="Remove a comment or a bookmark",
        tag="notes",
        errors=(SessionNotFound, NoteNotFound),
    ),
)
