"""Ledgers: the sessions that a run of writes touches, locked and read together, and saved together.

Owns the statements between ``Ledger`` and the tables. A session's row is locked in order of ``no`` before anything else
of it is read, so that whatever another server did before is seen, and nothing comes between.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Final

from playhead.store.conversations import HASH_BYTES
from playhead.store.ledger import LOADED, SAVED, Ledger
from playhead.store.postgres.bulk import Columns, given, insert_rows
from playhead.store.postgres.connection import Db
from playhead.store.rows import Row

LOADED_WITH_MONTH: Final = f"{', '.join(LOADED)}, month"
"""What ``MonthLedger`` is made from, of ``sessions``."""
_LOAD: Final = (
    f"SELECT {LOADED_WITH_MONTH} FROM sessions WHERE project_no = %s AND id = ANY(%s) ORDER BY no FOR NO KEY UPDATE"
)
_LOCK: Final = (
    "SELECT s.no FROM unnest(%s::integer[], %s::text[]) AS asked (project_no, id)"
    " JOIN sessions AS s ON s.project_no = asked.project_no AND s.id = asked.id ORDER BY s.no FOR NO KEY UPDATE OF s"
)
_RECOGNIZE: Final = (
    "SELECT e.session_no, e.id, e.seq, e.change FROM unnest(%s::bigint[], %s::text[]) AS asked (session_no, id)"
    " JOIN events AS e ON e.month = %s AND e.session_no = asked.session_no AND e.id = asked.id"
)
_TEXTS: Final = ("status", "end_reason", "models")
_SAVED: Final[Columns] = {"no": "bigint", **{name: "text" if name in _TEXTS else "bigint" for name in SAVED}}
_SAVE: Final = (
    f"UPDATE sessions AS s SET {', '.join(f'{name} = saved.{name}' for name in SAVED)}"
    f" FROM {given(_SAVED, 'saved')} WHERE s.no = saved.no"
)
_SUMS: Final = ("interactions", "errors", "cost_nanos", "input_tokens", "output_tokens")
_MODELS: Final[Columns] = {
    "session_no": "bigint",
    "key": "bytea",
    "model": "text",
    "provider": "text",
    **dict.fromkeys(_SUMS, "bigint"),
}
_ADD_UP: Final = "ON CONFLICT (session_no, key) DO UPDATE SET " + ", ".join(
    f"{name} = least(9223372036854775807, m.{name}::numeric + excluded.{name})" for name in _SUMS
)
_QUEUED: Final[Columns] = {
    "session_no": "bigint",
    "project_no": "integer",
    "first_seq": "integer",
    "last_seq": "integer",
}


class MonthLedger(Ledger):
    """A ledger, and the month that its session belongs to."""

    def __init__(self, row: Row) -> None:
        super().__init__(row[:-1])
        self.month: int = row[-1]


def lock_sessions(db: Db, places: Collection[tuple[int, str]]) -> None:
    """Lock the rows of sessions, given by project and id, in the order in which all servers lock them."""
    db.execute(_LOCK, ([project for project, _ in places], [id_ for _, id_ in places])).close()


def open_ledgers(db: Db, project: int, ids: Mapping[str, Collection[str]]) -> dict[str, MonthLedger]:
    """Lock and read sessions for writing, and which of the event ids asked for with each they have; absent ones are
    left out."""
    names = [name for name in ids if "\x00" not in name]  # no session is called so
    ledgers = {row[0]: MonthLedger(row) for row in db.execute(_LOAD, (project, names))} if names else {}
    asked: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for name, ledger in ledgers.items():
        if ledger.last_seq:
            asked[ledger.month] += ((ledger.no, id_) for id_ in ids.get(name, ()) if "\x00" not in id_)
    by_no = {ledger.no: ledger for ledger in ledgers.values()}
    for month, pairs in asked.items():
        for session_no, id_, seq, change in _recognized(db, month, pairs):
            by_no[session_no].recognize(id_, seq, pending=change == 0)
    return ledgers


def save_ledgers(db: Db, ledgers: Iterable[Ledger]) -> None:
    """Write what has changed: summaries, sums by model, and the search index's queue."""
    changed = [ledger for ledger in ledgers if ledger.changed]
    if not changed:
        return
    db.execute(_SAVE, [list(column) for column in zip(*(ledger.summary() for ledger in changed), strict=True)])
    sums = [(row[0], name_key(row[1], row[2]), *row[1:]) for ledger in changed for row in ledger.sums()]
    insert_rows(db, f"INSERT INTO session_models AS m ({', '.join(_MODELS)})", _MODELS, sums, _ADD_UP)
    queue(db, [ledger.news() for ledger in changed if ledger.has_news])
    queue(db, [row for ledger in changed for row in ledger.completed()])


def queue(db: Db, rows: Sequence[Row]) -> None:
    """Queue events for the search index: session, project, first and last seq of each row."""
    insert_rows(db, f"INSERT INTO index_queue ({', '.join(_QUEUED)})", _QUEUED, rows)


def name_key(*names: str) -> bytes:
    """Return the hash by which names are found that together may be too long for an index entry."""
    return blake2b("\x00".join(names).encode(), digest_size=HASH_BYTES).digest()


def _recognized(db: Db, month: int, pairs: Sequence[tuple[int, str]]) -> Sequence[Row]:
    if not pairs:
        return []
    return db.execute(_RECOGNIZE, ([no for no, _ in pairs], [id_ for _, id_ in pairs], month)).fetchall()
