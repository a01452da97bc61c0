"""Erasing: a session, removed so that nothing of it is left in ``playhead.db`` or its log.

Pages that become free are overwritten (``secure_delete``) and the write-ahead log is emptied after the commit. The
follower removes the texts from ``search.db``. Of the session there stays its id, so that it does not come back.
"""

from __future__ import annotations

import apsw

from playhead.model.audit import NewEntry, with_erasure
from playhead.model.session import Erasure
from playhead.store.rows import MAX_SEQ, event_no
from playhead.store.sqlite.audit import enter
from playhead.store.sqlite.reading import session_number
from playhead.store.sqlite.rollups import forget_latencies
from playhead.store.sqlite.writer import WriteScope

_BESIDE = ("notes", "session_tags", "session_metadata", "session_models", "nodes")


def erase_session(
    scope: WriteScope, project: int, session_id: str, now_us: int, entry: NewEntry | None = None
) -> Erasure:
    """Remove a session with all that hangs on it, and enter that. Raises SessionNotFound."""
    db = scope.db
    no = session_number(db, project, session_id)
    scope.known.forget()
    scope.wal.must_be_emptied = True
    forget_latencies(db, no)
    span = (event_no(no, 1), event_no(no, MAX_SEQ))
    events = _delete(db, "events WHERE no BETWEEN ? AND ?", span)
    _delete(db, "calls WHERE no BETWEEN ? AND ?", span)
    messages = _delete(db, "messages WHERE session_no = ?", (no,))
    shares = _delete(db, "shares WHERE session_no = ?", (no,))
    for table in _BESIDE:
        _delete(db, f"{table} WHERE session_no = ?", (no,))
    _delete(db, "sessions WHERE no = ?", (no,))
    db.execute("INSERT INTO erased_sessions VALUES (?, ?, ?)", (project, session_id, now_us))
    db.execute(
        "INSERT INTO index_queue (session_no, project_no, first_seq, last_seq, erased) VALUES (?, ?, 0, ?, 1)",
        (no, project, MAX_SEQ),
    )
    erasure = Erasure(session_id=session_id, erased_us=now_us, events=events, messages=messages, shares=shares)
    if entry is not None:
        enter(db, [with_erasure(entry, erasure)])
    return erasure


def _delete(db: apsw.Connection, where: str, values: tuple[int, ...]) -> int:
    db.execute(f"DELETE FROM {where}", values)
    return db.changes()
