"""Erasing: a session, removed in one transaction with all that hangs on it; its id stays, so that none comes back.

The row's lock is the strongest there is, so that neither a writer nor the search follower of any server puts something
of the session behind what is removed here. How long the database itself keeps what was deleted is in docs/storage.md.
"""

from __future__ import annotations

from typing import Final

from playhead.errors import SessionNotFound
from playhead.model.audit import NewEntry, with_erasure
from playhead.model.session import Erasure
from playhead.store.postgres.notes import delete_notes
from playhead.store.postgres.shares import delete_shares
from playhead.store.postgres.writer import WriteScope

_FIND: Final = "SELECT no, month FROM sessions WHERE project_no = %s AND id = %s FOR UPDATE"
_BY_MONTH: Final = ("texts", "calls", "nodes")
_BESIDE: Final = ("session_tags", "session_metadata", "session_models", "index_queue")


def erase_session(
    scope: WriteScope, project: int, session_id: str, now_us: int, entry: NewEntry | None = None
) -> Erasure:
    """Remove a session with all that hangs on it, and enter that. Raises SessionNotFound."""
    db = scope.db
    row = None if "\x00" in session_id else db.execute(_FIND, (project, session_id)).fetchone()
    if row is None:
        raise SessionNotFound
    no, month = row
    of_month = "WHERE month = %s AND session_no = %s"
    events = db.execute(f"DELETE FROM events {of_month}", (month, no)).rowcount
    messages = db.execute(f"DELETE FROM messages {of_month}", (month, no)).rowcount
    for table in _BY_MONTH:
        db.execute(f"DELETE FROM {table} {of_month}", (month, no))
    for table in _BESIDE:
        db.execute(f"DELETE FROM {table} WHERE session_no = %s", (no,))
    shares = delete_shares(db, project, session_id)
    delete_notes(db, project, session_id)
    db.execute("DELETE FROM sessions WHERE no = %s", (no,))
    db.execute("INSERT INTO erased_sessions VALUES (%s, %s, %s)", (project, session_id, now_us))
    erasure = Erasure(session_id=session_id, erased_us=now_us, events=events, messages=messages, shares=shares)
    if entry is not None:
        scope.entries.append(with_erasure(entry, erasure))
    return erasure
