"""Sessions that were erased: what their own project may still be told, which is when."""

from __future__ import annotations

from playhead.errors import SessionNotFound
from playhead.model.moment import from_us
from playhead.store.base import Store

LAST_ASCII = "\x7f"


def not_found(store: Store, project: int, session_id: str) -> SessionNotFound:
    """Return the failure of asking for a session that is not there; for its own project alone.

    Where it was erased, ``details`` say when; to another project it is as one that never was.
    """
    erased = store.list_erased(project, _just_before(session_id), 1) if session_id.isascii() and session_id else []
    if not erased or erased[0].session_id != session_id:
        return SessionNotFound()
    return SessionNotFound("The session was erased", details={"erasedAt": from_us(erased[0].erased_us)})


def _just_before(session_id: str) -> str:
    """Return a text that only this id and those behind it come after, among ids, which are ASCII."""
    return session_id[:-1] + chr(max(0, ord(session_id[-1]) - 1)) + LAST_ASCII
