"""Sessions: their start, end, silence and changes, each as a function that runs inside a ``WriteScope``.

Owns the ``sessions`` row but for how it is made (``starting``) and what events add to it (the ledger's).
"""

from __future__ import annotations

import apsw
from msgspec import UNSET

from playhead.errors import SessionEnded, SessionErased, SessionNotFound
from playhead.model.results import Started
from playhead.model.session import NewSession, Session, SessionEnd, SessionPatch
from playhead.store.ledger import Ledger
from playhead.store.rows import Row, patched
from playhead.store.sqlite.ledgers import open_ledgers, save_ledgers
from playhead.store.sqlite.reading import get_session, session_number
from playhead.store.sqlite.starting import insert_metadata, insert_tags, room_for
from playhead.store.sqlite.writer import WriteScope

_END_SILENT = (
    "UPDATE sessions SET status = 'completed', end_reason = 'timeout', ended_us = coalesce(last_event_us, started_us),"
    " duration_us = max(0, coalesce(last_event_us, started_us) - started_us), updated_us = ?"
    " WHERE status = 'active' AND project_no = ? AND last_arrival_us <= ?"
)


def start_session(scope: WriteScope, project: int, session: NewSession, now_us: int) -> Started:
    """Start a session, or return the open one of its id. Raises SessionEnded, SessionErased."""
    try:
        found = get_session(scope.db, project, session.id)
    except SessionNotFound:
        no, erased = room_for(scope.db, project, [session.id])
        if erased:
            raise SessionErased from None
        save_ledgers(scope.db, [Ledger.begin(no, project, session.id, session, now_us)])
        return Started(get_session(scope.db, project, session.id), created=True)
    if found.status != "active":
        raise SessionEnded
    return Started(found, created=False)


def end_session(scope: WriteScope, project: int, session_id: str, end: SessionEnd, now_us: int) -> Session:
    """End a session, once; an end that was said replaces one by time-out. Raises SessionNotFound."""
    ledgers = open_ledgers(scope.db, project, {session_id: ()})
    if not ledgers:
        raise SessionNotFound
    ledgers[session_id].end(end, now_us)
    save_ledgers(scope.db, ledgers.values())
    return get_session(scope.db, project, session_id)


def end_silent(scope: WriteScope, now_us: int) -> int:
    """End every active session whose project's time-out has passed since anything arrived, and return how many."""
    ended = 0
    projects: list[Row] = scope.db.execute("SELECT no, timeout_s FROM projects").fetchall()
    for project, timeout_s in projects:
        scope.db.execute(_END_SILENT, (now_us, project, now_us - timeout_s * 1_000_000))
        ended += scope.db.changes()
    return ended


def patch_session(scope: WriteScope, project: int, session_id: str, patch: SessionPatch, now_us: int) -> Session:
    """Change what a patch sets. Raises SessionNotFound."""
    db = scope.db
    no = session_number(db, project, session_id)
    changed = {**patched(patch), "updated_us": now_us}
    columns = ", ".join(f"{name} = ?" for name in changed)
    db.execute(f"UPDATE sessions SET {columns} WHERE no = ?", (*changed.values(), no))
    if patch.tags is not UNSET:
        db.execute("DELETE FROM session_tags WHERE session_no = ?", (no,))
        insert_tags(db, [(no, patch.tags)])
    if patch.metadata is not UNSET:
        db.execute("DELETE FROM session_metadata WHERE session_no = ?", (no,))
        insert_metadata(db, [(no, patch.metadata)])
    if patch.label is not UNSET or patch.tags is not UNSET:
        _queue_own_text(db, no, project)
    return get_session(db, project, session_id)


def _queue_own_text(db: apsw.Connection, no: int, project: int) -> None:
    db.execute(
        "INSERT INTO index_queue (session_no, project_no, first_seq, last_seq) VALUES (?, ?, 0, 0)", (no, project)
    )
