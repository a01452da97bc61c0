"""Sessions: their start, end, silence and changes, each as a function that runs inside a ``WriteScope``.

Owns the ``sessions`` row but for what events add to it (the ledger's), and the tags and metadata that are kept beside
it for filters.
"""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from playhead.errors import SessionEnded, SessionErased, SessionNotFound
from playhead.model.event import Object
from playhead.model.results import Started
from playhead.model.session import NewSession, Session, SessionEnd, SessionPatch, metadata_text
from playhead.store.payload import to_json
from playhead.store.postgres.connection import Db
from playhead.store.postgres.ledgers import (
    LOADED_WITH_MONTH,
    MonthLedger,
    name_key,
    open_ledgers,
    queue,
    save_ledgers,
)
from playhead.store.postgres.partitions import month_of
from playhead.store.postgres.reading import get_session
from playhead.store.postgres.writer import WriteScope
from playhead.store.rows import patched

_INSERT: Final = (
    "INSERT INTO sessions (project_no, month, id, feature, source, user_id, label, integration_name, workspace_id,"
    " tags, metadata, started_us, status, created_us, updated_us, last_arrival_us)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'active', %s, %s, %s)"
    f" ON CONFLICT DO NOTHING RETURNING {LOADED_WITH_MONTH}"
)
_END_SILENT: Final = (
    "UPDATE sessions SET status = 'completed', end_reason = 'timeout', ended_us = coalesce(last_event_us, started_us),"
    " duration_us = greatest(0, coalesce(last_event_us, started_us) - started_us), updated_us = %s"
    " WHERE no IN (SELECT s.no FROM sessions AS s JOIN projects AS p ON p.no = s.project_no WHERE s.status = 'active'"
    " AND s.last_arrival_us <= %s - p.timeout_s * 1000000 ORDER BY s.no FOR NO KEY UPDATE OF s SKIP LOCKED)"
)
"""A session that somebody writes to at the moment is not silent."""


def start_session(scope: WriteScope, project: int, session: NewSession, now_us: int) -> Started:
    """Start a session, or return the open one of its id. Raises SessionEnded, SessionErased."""
    try:
        found = get_session(scope.db, project, session.id)
    except SessionNotFound:
        created = insert_session(scope, project, session.id, session, now_us) is not None
        found = get_session(scope.db, project, session.id)
        if created:
            return Started(found, created=True)
    if found.status != "active":
        raise SessionEnded
    return Started(found, created=False)


def insert_session(
    scope: WriteScope, project: int, session_id: str, session: NewSession, now_us: int
) -> MonthLedger | None:
    """Make the rows of a new session, and queue its label and tags for the search index.

    Returns None when another server has just made it. Raises SessionErased.
    """
    db = scope.db
    values = (
        project,
        scope.months.check(month_of(now_us)),
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
    )
    row = db.execute(_INSERT, values).fetchone()
    if row is None:
        return None
    ledger = MonthLedger(row)
    _refuse_erased(db, project, session_id, ledger.no)
    _insert_tags(db, ledger.no, session.tags)
    _insert_metadata(db, ledger.no, session.metadata)
    if session.label or session.tags:
        _queue_own_text(db, ledger.no, project)
    return ledger


def _refuse_erased(db: Db, project: int, session_id: str, no: int) -> None:
    """Raise SessionErased when a session of this id was erased, and take back the one that has been made.

    Asked behind the insert, which waits for another server that is erasing it at the moment.
    """
    erased = db.execute("SELECT FROM erased_sessions WHERE project_no = %s AND id = %s", (project, session_id))
    if erased.rowcount:
        db.execute("DELETE FROM sessions WHERE no = %s", (no,))
        raise SessionErased


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
    return scope.db.execute(_END_SILENT, (now_us, now_us)).rowcount


def patch_session(scope: WriteScope, project: int, session_id: str, patch: SessionPatch, now_us: int) -> Session:
    """Change what a patch sets. Raises SessionNotFound."""
    db = scope.db
    ledgers = open_ledgers(db, project, {session_id: ()})
    if not ledgers:
        raise SessionNotFound
    no = ledgers[session_id].no
    changed = {**patched(patch), "updated_us": now_us}
    columns = ", ".join(f"{name} = %s" for name in changed)
    db.execute(f"UPDATE sessions SET {columns} WHERE no = %s", (*changed.values(), no))
    if patch.tags is not UNSET:
        db.execute("DELETE FROM session_tags WHERE session_no = %s", (no,))
        _insert_tags(db, no, patch.tags)
    if patch.metadata is not UNSET:
        db.execute("DELETE FROM session_metadata WHERE session_no = %s", (no,))
        _insert_metadata(db, no, patch.metadata)
    if patch.label is not UNSET or patch.tags is not UNSET:
        _queue_own_text(db, no, project)
    return get_session(db, project, session_id)


def _insert_tags(db: Db, no: int, tags: list[str]) -> None:
    if tags:
        db.execute("INSERT INTO session_tags SELECT %s, unnest(%s::text[])", (no, list(dict.fromkeys(tags))))


def _insert_metadata(db: Db, no: int, metadata: Object) -> None:
    texts = ((name, metadata_text(value)) for name, value in metadata.items())
    pairs = [name_key(name, text) for name, text in texts if text is not None]
    if pairs:
        db.execute("INSERT INTO session_metadata SELECT %s, unnest(%s::bytea[])", (no, pairs))


def _queue_own_text(db: Db, no: int, project: int) -> None:
    queue(db, [(no, project, 0, 0)])


def _text(value: object) -> str:
    return to_json(value).decode()
