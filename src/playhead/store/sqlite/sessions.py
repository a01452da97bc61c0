"""Sessions: their start, end, silence and changes, each as a function that runs inside a ``WriteScope``.

Owns the ``sessions`` row but for what events add to it (the ledger's), and the tags and metadata that are kept beside
it for filters.
"""

from __future__ import annotations

import apsw
from msgspec import UNSET

from playhead.errors import SessionEnded, SessionErased, SessionNotFound
from playhead.model.event import Object
from playhead.model.results import Started
from playhead.model.session import NewSession, Session, SessionEnd, SessionPatch, metadata_text
from playhead.store.payload import to_json
from playhead.store.rows import Row
from playhead.store.sqlite.ledgers import open_ledgers, save_ledgers
from playhead.store.sqlite.reading import get_session, session_number
from playhead.store.sqlite.writer import WriteScope

_INSERT = (
    "INSERT INTO sessions (project_no, id, feature, source, user_id, label, integration_name, workspace_id, tags,"
    " metadata, started_us, status, created_us, updated_us, last_arrival_us)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'active', ?, ?, ?)"
)
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
        refuse_erased(scope.db, project, session.id)
        insert_session(scope.db, project, session.id, session, now_us)
        return Started(get_session(scope.db, project, session.id), created=True)
    if found.status != "active":
        raise SessionEnded
    return Started(found, created=False)


def refuse_erased(db: apsw.Connection, project: int, session_id: str) -> None:
    """Raise SessionErased when a session of this id was erased."""
    if db.execute("SELECT 1 FROM erased_sessions WHERE project_no = ? AND id = ?", (project, session_id)).get:
        raise SessionErased


def insert_session(db: apsw.Connection, project: int, session_id: str, session: NewSession, now_us: int) -> None:
    """Make the rows of a new session, and queue its label and tags for the search index."""
    db.execute(
        _INSERT,
        (
            project,
            session_id,
            session.feature,
            session.source,
            session.user_id,
            session.label,
            session.integration_name,
            session.workspace_id,
            _text(session.tags),
            _text(session.metadata),
            session.started_us,
            now_us,
            now_us,
            now_us,
        ),
    )
    no = db.last_insert_rowid()
    _insert_tags(db, no, session.tags)
    _insert_metadata(db, no, session.metadata)
    if session.label or session.tags:
        _queue_own_text(db, no, project)


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
    if patch.label is not UNSET:
        db.execute("UPDATE sessions SET label = ? WHERE no = ?", (patch.label, no))
    if patch.tags is not UNSET:
        db.execute("UPDATE sessions SET tags = ? WHERE no = ?", (_text(patch.tags), no))
        db.execute("DELETE FROM session_tags WHERE session_no = ?", (no,))
        _insert_tags(db, no, patch.tags)
    if patch.metadata is not UNSET:
        db.execute("UPDATE sessions SET metadata = ? WHERE no = ?", (_text(patch.metadata), no))
        db.execute("DELETE FROM session_metadata WHERE session_no = ?", (no,))
        _insert_metadata(db, no, patch.metadata)
    if patch.bookmarked is not UNSET:
        db.execute("UPDATE sessions SET bookmarked = ? WHERE no = ?", (patch.bookmarked, no))
    db.execute("UPDATE sessions SET updated_us = ? WHERE no = ?", (now_us, no))
    if patch.label is not UNSET or patch.tags is not UNSET:
        _queue_own_text(db, no, project)
    return get_session(db, project, session_id)


def _insert_tags(db: apsw.Connection, no: int, tags: list[str]) -> None:
    db.executemany("INSERT INTO session_tags VALUES (?, ?)", [(no, tag) for tag in dict.fromkeys(tags)])


def _insert_metadata(db: apsw.Connection, no: int, metadata: Object) -> None:
    texts = ((name, metadata_text(value)) for name, value in metadata.items())
    db.executemany(
        "INSERT INTO session_metadata VALUES (?, ?, ?)", [(no, name, text) for name, text in texts if text is not None]
    )


def _queue_own_text(db: apsw.Connection, no: int, project: int) -> None:
    db.execute(
        "INSERT INTO index_queue (session_no, project_no, first_seq, last_seq) VALUES (?, ?, 0, 0)", (no, project)
    )


def _text(value: object) -> str:
    return to_json(value).decode()
