"""A book in a SQLite file: for one server beside a ClickHouse, and for trying things out.

Owns ``ledgers.db`` in the data directory. Several processes may share it, each waiting for the other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from playhead.errors import NewerDatabase, StoreBusy, StoreFull, Unavailable
from playhead.model.audit import NewEntry
from playhead.store.clickhouse.book import LedgerBook, Page
from playhead.store.clickhouse.state import Entry, State, decode_state, encode_state
from playhead.store.copies import ErasedSession

FILE = "ledgers.db"
VERSION = 1
PATIENCE_MS = 30_000

_SCHEMA = """
CREATE TABLE ledgers (
    no INTEGER PRIMARY KEY AUTOINCREMENT, project_no INTEGER NOT NULL, id TEXT NOT NULL, created_us INTEGER NOT NULL,
    revision INTEGER NOT NULL, attempt INTEGER NOT NULL, active_us INTEGER, state BLOB, erased_us INTEGER,
    UNIQUE (project_no, id));
CREATE INDEX ledgers_attempt ON ledgers (attempt);
CREATE INDEX ledgers_active ON ledgers (project_no, active_us) WHERE active_us IS NOT NULL;
CREATE TABLE settled (one INTEGER PRIMARY KEY CHECK (one = 1), time_us INTEGER NOT NULL);
INSERT INTO settled VALUES (1, 0);
PRAGMA user_version = 1;
"""
_ENTRY = "SELECT no, project_no, id, created_us, revision, attempt, state, erased_us FROM ledgers"


class SqliteBook(LedgerBook):
    """Implements ``LedgerBook`` over one connection. Raises NewerDatabase."""

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = apsw.Connection(str(data_dir / FILE))
        self._db.set_busy_timeout(PATIENCE_MS)
        self._db.pragma("journal_mode", "wal")
        self._db.pragma("synchronous", "full")
        self._db.pragma("secure_delete", "on")
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        with self._transaction():
            version: int = self._db.pragma("user_version")
            if version > VERSION:
                raise NewerDatabase
            if version == 0:
                self._db.execute(_SCHEMA)

    @contextmanager
    def open_page(self) -> Iterator[Page]:
        """Begin a transaction that ends with the block."""
        with self._transaction():
            yield _Page(self._db)

    def saved_since(self, attempt: int, after_no: int, limit: int) -> Sequence[Entry]:
        """Return committed entries with at least this attempt, by number."""
        with self._guarded():
            rows = self._db.execute(
                f"{_ENTRY} WHERE attempt >= ? AND no > ? ORDER BY no LIMIT ?", (attempt, after_no, limit)
            )
            return [_entry(row) for row in rows]

    def list_erased(self, project: int, after: str, limit: int) -> list[ErasedSession]:
        """Return erased sessions in order of their ids, from behind one."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT id, erased_us FROM ledgers WHERE project_no = ? AND id > ? AND erased_us IS NOT NULL"
                " ORDER BY id LIMIT ?",
                (project, after, limit),
            )
            return [ErasedSession(*row) for row in rows]

    def settled_us(self) -> int:
        """Return the time up to which all entries are known to be in ClickHouse."""
        with self._guarded():
            return int(self._db.execute("SELECT time_us FROM settled").get)

    def set_settled_us(self, time_us: int) -> None:
        """Remember that time, if it is later."""
        with self._transaction():
            self._db.execute("UPDATE settled SET time_us = max(time_us, ?)", (time_us,))

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._guarded():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Have the connection alone, and say in the store's words what goes wrong with it."""
        with self._lock:
            try:
                yield
            except apsw.FullError as error:
                raise StoreFull from error
            except (apsw.BusyError, apsw.LockedError) as error:
                raise StoreBusy("The ledgers are locked by another program") from error
            except (apsw.Error, apsw.ConnectionClosedError) as error:
                raise Unavailable(f"The ledgers cannot be reached: {error}") from error


class _Page(Page):
    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    @property
    def clock_us(self) -> int:
        return time.time_ns() // 1000

    def lock(self, project: int, ids: Collection[str]) -> list[Entry]:
        rows = (self._db.execute(f"{_ENTRY} WHERE project_no = ? AND id = ?", (project, id_)).fetchone() for id_ in ids)
        return [_entry(row) for row in rows if row is not None]

    def lock_silent(self, project: int, until_us: int, limit: int) -> list[Entry]:
        rows = self._db.execute(
            f"{_ENTRY} WHERE project_no = ? AND active_us <= ? ORDER BY active_us LIMIT ?", (project, until_us, limit)
        )
        return [_entry(row) for row in rows]

    def claim_erasing(self) -> bool:
        return True  # whoever has a page has it alone

    def add(self, project: int, session_id: str, state: State | None, now_us: int) -> Entry | None:
        erased_us = now_us if state is None else None
        self._db.execute(
            "INSERT INTO ledgers (project_no, id, created_us, revision, attempt, active_us, state, erased_us)"
            " VALUES (?, ?, ?, 0, 0, ?, ?, ?) ON CONFLICT DO NOTHING",
            (project, session_id, now_us, state and state.active_us, state and encode_state(state), erased_us),
        )
        if not self._db.changes():
            return None
        return Entry(self._db.last_insert_rowid(), project, session_id, now_us, 0, 0, state, erased_us)

    def save(self, entries: Iterable[Entry]) -> None:
        self._db.executemany(
            "UPDATE ledgers SET revision = ?, attempt = ?, active_us = ?, state = ?, erased_us = ? WHERE no = ?",
            [
                (
                    each.revision,
                    each.attempt,
                    each.state and each.state.active_us,
                    each.state and encode_state(each.state),
                    each.erased_us,
                    each.no,
                )
                for each in entries
            ],
        )

    def enter(self, entries: Sequence[NewEntry]) -> bool:  # noqa: ARG002  # the log is in the registry's file
        return False


def _entry(row: tuple[Any, ...]) -> Entry:
    no, project_no, id_, created_us, revision, attempt, state, erased_us = row
    decoded = decode_state(state) if state is not None else None
    return Entry(no, project_no, id_, created_us, revision, attempt, decoded, erased_us)
