"""Expiring: the sessions that a project keeps no longer, counted, and erased a few at a time, by one server."""

from __future__ import annotations

from typing import Any, Final

from playhead.model.audit import NewEntry
from playhead.model.session import Erasure
from playhead.store.expiring import MOST_SESSIONS, Expired, Expiry, first_batch, of_session
from playhead.store.postgres.connection import Db
from playhead.store.postgres.erasing import erase_session
from playhead.store.postgres.writer import WriteScope

LOCK: Final = 0x706C6179_0000000A
"""The advisory lock that sessions are erased under, until the transaction ends: others find nothing to do meanwhile."""

_DUE: Final = (
    "FROM sessions WHERE project_no = %s AND bookmarked = ANY(%s) AND status <> 'active' AND last_arrival_us <= %s"
)


def count_expired(db: Db, project: int, expiry: Expiry) -> Expired:
    """Return how much is over."""
    asked = f"SELECT count(*), coalesce(sum(interactions), 0)::bigint, min(started_us) {_DUE}"
    row = db.execute(asked, _values(project, expiry)).fetchone()
    return Expired() if row is None else Expired(*row)


def erase_expired(
    scope: WriteScope, project: int, expiry: Expiry, now_us: int, entry: NewEntry | None
) -> list[Erasure]:
    """Erase some of the sessions that are over; return nothing when there is none, or another server is erasing.

    One that somebody is writing to is waited for, and then left alone if it is over no longer.
    """
    locked = scope.db.execute("SELECT pg_try_advisory_xact_lock(%s)", (LOCK,)).fetchone()
    if locked is None or not locked[0]:
        return []
    asked = f"SELECT id, events {_DUE} ORDER BY last_arrival_us LIMIT {MOST_SESSIONS} FOR UPDATE"
    due = scope.db.execute(asked, _values(project, expiry)).fetchall()
    ids = first_batch(due)
    return [erase_session(scope, project, id_, now_us, of_session(entry, id_)) for id_ in ids]


def _values(project: int, expiry: Expiry) -> tuple[Any, ...]:
    return project, [False] if expiry.keep_bookmarked else [False, True], expiry.until_us
