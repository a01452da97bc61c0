"""Expiring: the sessions that a project keeps no longer, as readers see them.

Asks the rows of ``sessions`` alone. That something arrived last is in a session's state only; what started to arrive
later than asked for is left out before any state is looked into.
"""

from __future__ import annotations

from typing import Any, Final

from playhead.store.clickhouse.connection import Connection
from playhead.store.clickhouse.state import State
from playhead.store.expiring import Expired, Expiry
from playhead.store.rows import comparable

_ARRIVAL: Final = f"JSONExtractInt(state, {State.__struct_fields__.index('last_arrival_us') + 1})"
_DUE: Final = (
    "FROM sessions FINAL WHERE project_no = {project:UInt32} AND status != 'active' AND bookmarked <= {most:UInt8}"
    " AND created <= toDate(fromUnixTimestamp64Micro({until:Int64}, 'UTC'))"
    f" AND {_ARRIVAL} <= {{until:Int64}}"
)


def count_expired(connection: Connection, project: int, expiry: Expiry) -> Expired:
    """Return how much is over."""
    asked = f"SELECT count(), sum(interactions), min(started_us) {_DUE}"
    sessions, interactions, oldest_us = connection.query(asked, _values(project, expiry))[0]
    return Expired(sessions, interactions, oldest_us) if sessions else Expired()


def expired_ids(connection: Connection, project: int, expiry: Expiry, limit: int) -> list[str]:
    """Return the ids of some sessions that are over, those first that began to arrive first."""
    asked = f"SELECT id {_DUE} ORDER BY created, no LIMIT {int(limit)}"
    return [id_ for (id_,) in connection.query(asked, _values(project, expiry))]


def _values(project: int, expiry: Expiry) -> dict[str, Any]:
    until_us = min(max(comparable(expiry.until_us), 0), 2**52)
    return {"project": project, "most": int(not expiry.keep_bookmarked), "until": until_us}
