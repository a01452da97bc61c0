"""Ledgers: the sessions that a run of writes touches, read together and saved together.

Owns the statements between ``Ledger`` and the tables. Reading answers in one row of JSON and saving takes many sessions
a statement, because each call of SQLite gives up the interpreter's lock (see ``bulk``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import apsw

from playhead.store.ledger import LOADED, SAVED, Ledger
from playhead.store.payload import from_json, to_json
from playhead.store.rows import Row, seq_of
from playhead.store.sqlite.bulk import insert_rows
from playhead.store.sqlite.event_ids import is_hexadecimal
from playhead.store.sqlite.rollups import save_latencies
from playhead.store.sqlite.starting import insert_sessions

_LOAD = (
    f"SELECT json_group_array(json_array({', '.join(LOADED)})) FROM sessions"
    " WHERE project_no = ? AND id IN (SELECT value FROM carray(?))"
)
_RECOGNIZE = (
    "SELECT json_group_array(json_array(e.session_no, asked.value, e.no, e.change IS 0))"
    " FROM json_each(?) AS session CROSS JOIN json_each(session.value) AS asked"
    " CROSS JOIN events AS e ON e.session_no = CAST(session.key AS INTEGER) AND e.id = {key}"
)
_RECOGNIZE_TEXTS = _RECOGNIZE.format(key="asked.value")
_RECOGNIZE_DIGITS = _RECOGNIZE.format(key="unhex(asked.value)")
_SAVE = f"WITH saved (no, {', '.join(SAVED)}) AS ("
_SAVE_TAIL = (
    f") UPDATE sessions SET {', '.join(f'{name} = saved.{name}' for name in SAVED)}"
    " FROM saved WHERE sessions.no = saved.no"
)
# Where the sum of two integers leaves 64 bits SQLite goes on with a float, which is the larger of the two.
_ADD_UP = "ON CONFLICT DO UPDATE SET " + ", ".join(
    f"{sum_} = min(9223372036854775807, {sum_} + excluded.{sum_})"
    for sum_ in ("interactions", "errors", "cost_nanos", "input_tokens", "output_tokens")
)


def open_ledgers(db: apsw.Connection, project: int, ids: Mapping[str, Collection[str]]) -> dict[str, Ledger]:
    """Read sessions for writing, and which of the event ids asked for with each they have; absent ones are left out."""
    names = tuple(name for name in ids if "\x00" not in name)  # no session is called so, and carray takes none
    rows = _one(db, _LOAD, (project, apsw.carray(names))) if names else []
    ledgers = {row[0]: Ledger(row) for row in rows}
    _recognize(db, [(ledger, ids.get(name, ())) for name, ledger in ledgers.items() if ledger.last_seq])
    return ledgers


def _recognize(db: apsw.Connection, asked: Iterable[tuple[Ledger, Collection[str]]]) -> None:
    """Have ledgers know which of these ids they have as events."""
    texts: dict[int, list[str]] = {}
    digits: dict[int, list[str]] = {}
    by_no: dict[int, Ledger] = {}
    for ledger, ids in asked:
        by_no[ledger.no] = ledger
        for id_ in ids:
            (digits if is_hexadecimal(id_) else texts).setdefault(ledger.no, []).append(id_)
    for statement, wanted in ((_RECOGNIZE_TEXTS, texts), (_RECOGNIZE_DIGITS, digits)):
        for session_no, id_, no, pending in _one(db, statement, (to_json(wanted).decode(),)) if wanted else []:
            by_no[session_no].recognize(id_, seq_of(no), pending=bool(pending))


def save_ledgers(db: apsw.Connection, ledgers: Iterable[Ledger]) -> None:
    """Write what is new or has changed: sessions, summaries, sums by model, and the search index's queue."""
    changed = [ledger for ledger in ledgers if ledger.changed or ledger.start is not None]
    insert_sessions(db, changed)
    insert_rows(db, _SAVE, [ledger.summary() for ledger in changed if ledger.start is None], _SAVE_TAIL)
    insert_rows(db, "INSERT INTO session_models", [row for ledger in changed for row in ledger.sums()], _ADD_UP)
    save_latencies(db, changed)
    queued = [ledger.news() for ledger in changed if ledger.has_news]
    queued += [row for ledger in changed for row in ledger.completed()]
    insert_rows(db, "INSERT INTO index_queue (session_no, project_no, first_seq, last_seq)", queued)


def _one(db: apsw.Connection, statement: str, values: Sequence[apsw.Binding]) -> list[Row]:
    rows: list[Row] = from_json(str(db.execute(statement, values).get))
    return rows
