"""Expiring: the sessions that a project keeps no longer, counted, and erased a few at a time."""

from __future__ import annotations

import apsw

from playhead.model.audit import NewEntry
from playhead.model.session import Erasure
from playhead.store.expiring import MOST_SESSIONS, Expired, Expiry, first_batch, of_session
from playhead.store.rows import Row
from playhead.store.sqlite.erasing import erase_session
from playhead.store.sqlite.writer import WriteScope

_DUE = "FROM sessions WHERE project_no = ? AND bookmarked IN (?, 0) AND status <> 'active' AND last_arrival_us <= ?"


def count_expired(db: apsw.Connection, project: int, expiry: Expiry) -> Expired:
    """Return how much is over."""
    asked = f"SELECT count(*), coalesce(sum(interactions), 0), min(started_us) {_DUE}"
    row: Row = db.execute(asked, _values(project, expiry)).fetchall()[0]
    return Expired(*row)


def erase_expired(
    scope: WriteScope, project: int, expiry: Expiry, now_us: int, entry: NewEntry | None
) -> list[Erasure]:
    """Erase some of the sessions that are over, the oldest first; return nothing when there is none."""
    asked = f"SELECT id, events {_DUE} LIMIT {MOST_SESSIONS}"
    due: list[Row] = scope.db.execute(asked, _values(project, expiry)).fetchall()
    ids = list(first_batch((id_, events) for id_, events in due))
    return [erase_session(scope, project, id_, now_us, of_session(entry, id_)) for id_ in ids]


def _values(project: int, expiry: Expiry) -> tuple[int, int, int]:
    return project, int(not expiry.keep_bookmarked), expiry.until_us
