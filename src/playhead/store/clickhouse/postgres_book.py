"""A book in PostgreSQL: for any number of servers beside each other.

Owns the tables ``ledgers`` and ``ledgers_settled``, beside the registry's. A group's transaction holds its connection
for itself; questions go through a pool. Sessions are locked in order of their ids, so that groups seldom wait for each
other crosswise; those that do are told to begin again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

import psycopg

from playhead.errors import Unavailable
from playhead.model.audit import NewEntry
from playhead.store.clickhouse.book import Contended, LedgerBook, Page
from playhead.store.clickhouse.state import Entry, State, decode_state, encode_state
from playhead.store.copies import ErasedSession
from playhead.store.postgres.audit import enter
from playhead.store.postgres.confirming import Unconfirmed, check_confirmed, transaction
from playhead.store.postgres.connection import (
    AWAY,
    Db,
    Pause,
    Pool,
    before_nul,
    connect,
    connected,
    failure_of,
    is_passing,
)
from playhead.store.postgres.migrations import migrate
from playhead.store.rows import Row

READERS: Final = 2
ERASING: Final = 0x706C6179_0000000B
"""The advisory lock that sessions which are over are erased under."""

_SCHEMA: Final = """
CREATE TABLE ledgers (
    no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, project_no integer NOT NULL, id text COLLATE "C" NOT NULL,
    created_us bigint NOT NULL, revision bigint NOT NULL, attempt bigint NOT NULL, active_us bigint, state bytea,
    erased_us bigint, UNIQUE (project_no, id));
CREATE INDEX ledgers_attempt ON ledgers (attempt);
CREATE INDEX ledgers_active ON ledgers (project_no, active_us) WHERE active_us IS NOT NULL;
CREATE TABLE ledgers_settled (one integer PRIMARY KEY CHECK (one = 1), time_us bigint NOT NULL);
INSERT INTO ledgers_settled VALUES (1, 0);
"""
_ENTRY: Final = "SELECT no, project_no, id, created_us, revision, attempt, state, erased_us FROM ledgers"
_WAITED: Final = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.LockNotAvailable,
)


def _ledgers(db: Db) -> None:
    db.execute(_SCHEMA)


MIGRATIONS: Final[list[Callable[[Db], None]]] = [_ledgers]
"""Of the part ``ledgers``."""


class PostgresBook(LedgerBook):
    """Implements ``LedgerBook`` over a database. Raises BadSetting, NewerDatabase, Unavailable."""

    def __init__(self, url: str) -> None:
        with connected(url) as db:
            migrate(db, "ledgers", MIGRATIONS)
        self._url = url
        self._db: Db | None = None
        self._pause = Pause()
        self._unconfirmed = False
        self._pool = Pool(url, READERS)

    @contextmanager
    def open_page(self) -> Iterator[Page]:
        """Begin a transaction that ends with the block."""
        try:
            db = self._connection()
            self._check_confirmed(db)
            with transaction(db):
                yield _Page(db)
        except _WAITED as error:
            raise Contended from error
        except psycopg.Error as error:
            if is_passing(error):
                self._unconfirmed = self._unconfirmed or isinstance(error, Unconfirmed)
                self._hang_up()
            raise failure_of(error) from error
        self._pause.succeeded()

    def saved_since(self, attempt: int, after_no: int, limit: int) -> Sequence[Entry]:
        """Return committed entries with at least this attempt, by number."""
        asked = f"{_ENTRY} WHERE attempt >= %s AND no > %s ORDER BY no LIMIT %s"
        return self._pool.read(lambda db: [_entry(row) for row in db.execute(asked, (attempt, after_no, limit))])

    def list_erased(self, project: int, after: str, limit: int) -> list[ErasedSession]:
        """Return erased sessions in order of their ids, from behind one."""
        asked = (
            "SELECT id, erased_us FROM ledgers WHERE project_no = %s AND id > %s AND erased_us IS NOT NULL"
            " ORDER BY id LIMIT %s"
        )
        return self._pool.read(
            lambda db: [ErasedSession(*row) for row in db.execute(asked, (project, before_nul(after), limit))]
        )

    def settled_us(self) -> int:
        """Return the time up to which all entries are known to be in ClickHouse. Raises Unavailable, also as long as
        entries are not confirmed."""
        return self._pool.read(self._read_settled_us)

    def set_settled_us(self, time_us: int) -> None:
        """Remember that time, if it is later."""
        self._pool.write(
            lambda db: db.execute("UPDATE ledgers_settled SET time_us = greatest(time_us, %s)", (time_us,))
        )

    def close(self) -> None:
        """Close the connections."""
        self._hang_up()
        self._pool.close()

    def _read_settled_us(self, db: Db) -> int:
        self._check_confirmed(db)
        return int(_only(db.execute("SELECT time_us FROM ledgers_settled").fetchone()))

    def _check_confirmed(self, db: Db) -> None:
        if self._unconfirmed:
            check_confirmed(db)
            self._unconfirmed = False

    def _connection(self) -> Db:
        """Return the writing connection, opened anew when it was lost."""
        if self._db is None or self._db.closed:
            self._pause.check()
            try:
                self._db = connect(self._url)
            except psycopg.OperationalError as error:
                self._pause.failed()
                raise Unavailable(AWAY) from error
        return self._db

    def _hang_up(self) -> None:
        if self._db is not None:
            with suppress(psycopg.Error):
                self._db.close()
            self._db = None


class _Page(Page):
    def __init__(self, db: Db) -> None:
        self._db = db

    @property
    def clock_us(self) -> int:
        asked = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
        return int(_only(self._db.execute(asked).fetchone()))

    def lock(self, project: int, ids: Collection[str]) -> list[Entry]:
        names = [id_ for id_ in ids if "\x00" not in id_]  # no session is called so, and PostgreSQL takes none
        rows = self._db.execute(
            f"{_ENTRY} WHERE project_no = %s AND id = ANY(%s) ORDER BY id FOR UPDATE", (project, names)
        )
        return [_entry(row) for row in rows]

    def lock_silent(self, project: int, until_us: int, limit: int) -> list[Entry]:
        rows = self._db.execute(
            f"{_ENTRY} WHERE project_no = %s AND active_us <= %s ORDER BY active_us LIMIT %s FOR UPDATE SKIP LOCKED",
            (project, until_us, limit),
        )
        return [_entry(row) for row in rows]

    def claim_erasing(self) -> bool:
        return bool(_only(self._db.execute("SELECT pg_try_advisory_xact_lock(%s)", (ERASING,)).fetchone()))

    def add(self, project: int, session_id: str, state: State | None, now_us: int) -> Entry | None:
        erased_us = now_us if state is None else None
        row = self._db.execute(
            "INSERT INTO ledgers (project_no, id, created_us, revision, attempt, active_us, state, erased_us)"
            " VALUES (%s, %s, %s, 0, 0, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING no",
            (project, session_id, now_us, state and state.active_us, state and encode_state(state), erased_us),
        ).fetchone()
        return None if row is None else Entry(row[0], project, session_id, now_us, 0, 0, state, erased_us)

    def save(self, entries: Iterable[Entry]) -> None:
        rows = [
            (
                each.revision,
                each.attempt,
                each.state and each.state.active_us,
                each.state and encode_state(each.state),
                each.erased_us,
                each.no,
            )
            for each in entries
        ]
        if rows:
            with self._db.cursor() as cursor:
                cursor.executemany(
                    "UPDATE ledgers SET revision = %s, attempt = %s, active_us = %s, state = %s, erased_us = %s"
                    " WHERE no = %s",
                    rows,
                )

    def enter(self, entries: Sequence[NewEntry]) -> bool:
        enter(self._db, entries)
        return True


def _entry(row: Row) -> Entry:
    no, project_no, id_, created_us, revision, attempt, state, erased_us = row
    decoded = decode_state(state) if state is not None else None
    return Entry(no, project_no, id_, created_us, revision, attempt, decoded, erased_us)


def _only(row: Row | None) -> int:
    return 0 if row is None else row[0]
