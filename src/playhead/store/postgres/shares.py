"""Shares: the statements behind them, each inside a transaction. Whether a session is there is the caller's to know."""

from __future__ import annotations

from typing import Final

import psycopg

from playhead.errors import Conflict, ShareNotFound
from playhead.model.audit import NewEntry
from playhead.model.results import ShareRecord
from playhead.store.copies import ShareCopy
from playhead.store.postgres.audit import enter
from playhead.store.postgres.connection import Db
from playhead.store.rows import Row, becomes_sql, insert_sql

_COLUMNS: Final = (
    "id",
    "project_no",
    "session_id",
    "access_level",
    "created_us",
    "expires_us",
    "password_hash",
    "max_views",
    "views",
    "redact",
    "revoked_us",
)
"""In the order of ``ShareRecord``; the token's hash stands behind them."""
_SHARES: Final = f"SELECT {', '.join(_COLUMNS)}, token_hash FROM shares"
_KEPT: Final = (*_COLUMNS, "token_hash")
_INSERT: Final = insert_sql("shares", _KEPT, "%s")
_BECOMES: Final = becomes_sql(_KEPT)


def add_share(db: Db, share: ShareRecord, token_hash: bytes) -> None:
    """Keep a share by the hash of its token."""
    db.execute(_INSERT, _values(share, token_hash))


def keep_share(db: Db, copy: ShareCopy) -> None:
    """Keep a share as it is in a copy; one of the same id becomes it. Raises Conflict when its hash is another's."""
    try:
        db.execute(_INSERT + _BECOMES, _values(copy.record, copy.token_hash))
    except psycopg.errors.UniqueViolation:
        raise Conflict("The hash belongs to another one here") from None


def find_share(db: Db, token_hash: bytes) -> ShareRecord | None:
    """Return the share of a token's hash, or None."""
    row = db.execute(f"{_SHARES} WHERE token_hash = %s", (token_hash,)).fetchone()
    return None if row is None else _share_of(row)


def list_shares(db: Db, project: int, session_id: str) -> list[ShareRecord]:
    """Return a session's shares in order of creation."""
    rows = db.execute(f"{_SHARES} WHERE project_no = %s AND session_id = %s ORDER BY no", (project, session_id))
    return [_share_of(row) for row in rows]


def copy_shares(db: Db, project: int) -> list[ShareCopy]:
    """Return a project's shares with their tokens' hashes, in order of creation."""
    rows = db.execute(f"{_SHARES} WHERE project_no = %s ORDER BY no", (project,))
    return [ShareCopy(_share_of(row), bytes(row[-1])) for row in rows]


def count_view(db: Db, share_id: str, now_us: int, entry: NewEntry | None) -> bool:
    """Count and enter one view of a share, unless it is expired, revoked or used up: then False."""
    updated = db.execute(
        "UPDATE shares SET views = views + 1 WHERE id = %s AND revoked_us IS NULL AND expires_us > %s"
        " AND (max_views IS NULL OR views < max_views)",
        (share_id, now_us),
    )
    counted = updated.rowcount == 1
    if counted:
        enter(db, [entry])
    return counted


def revoke_share(db: Db, share: tuple[int, str, str], now_us: int) -> ShareRecord:
    """Revoke the share of a project, a session and an id; the first revocation's time stays. Raises ShareNotFound."""
    row = None
    if "\x00" not in share[2]:
        of_session = "WHERE project_no = %s AND session_id = %s AND id = %s"
        db.execute(f"UPDATE shares SET revoked_us = coalesce(revoked_us, %s) {of_session}", (now_us, *share))
        row = db.execute(f"{_SHARES} {of_session}", share).fetchone()
    if row is None:
        raise ShareNotFound
    return _share_of(row)


def delete_shares(db: Db, project: int, session_id: str) -> int:
    """Delete a session's shares; return how many."""
    return db.execute("DELETE FROM shares WHERE project_no = %s AND session_id = %s", (project, session_id)).rowcount


def _values(share: ShareRecord, token_hash: bytes) -> Row:
    return (*(getattr(share, name) for name in _COLUMNS), token_hash)


def _share_of(row: Row) -> ShareRecord:
    return ShareRecord(*row[: len(_COLUMNS)])
