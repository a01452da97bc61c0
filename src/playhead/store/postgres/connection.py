"""Connections: how a database is reached, what each session of it is set to, and the pool that reads go through.

Owns the translation of a driver's failures into ours. What the driver says goes to the log at most, because it may
quote values; what is raised says what a caller can do. A database that is away is noticed within seconds and asked
again with growing pauses, so that nobody waits for it in a queue.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, Final, TypeAlias, TypeVar

import psycopg
from psycopg import IsolationLevel
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool

from playhead.errors import BadSetting, StoreFull, Unavailable
from playhead.store.place import DATABASE_URL
from playhead.store.postgres.confirming import UNCONFIRMED, Unconfirmed, check_confirmed, transaction
from playhead.store.rows import Row

T = TypeVar("T")
Db: TypeAlias = psycopg.Connection[Row]

READERS: Final = 8
CONNECT_S: Final = 3
WAIT_S: Final = 3.0
PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 5.0
OLDEST_SERVER: Final = 15_00_00
AWAY: Final = "The database cannot be reached at the moment"
REASONS: Final = {
    "authentication failed": "the database server refuses this user or password",
    "no password supplied": "the database server asks for a password",
    "no pg_hba.conf entry": "the database server does not let this user in from here",
    "does not exist": "the database server knows no such user or database",
    "could not translate host name": "the host's name is not known",
    "invalid port": "the port is not a number from 1 to 65535",
    "invalid integer value": "the port is not a number from 1 to 65535",
}
DURABLE: Final = ("on", "remote_apply")

_NETWORK: Final = {
    "connect_timeout": CONNECT_S,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "application_name": "playhead",
}
_ONE_OF_MANY: Final = {"target_session_attrs": "read-write"}
"""Of several hosts the one that takes writes: a standby stands by."""
_READING: Final = (
    "SET jit = off; SET plan_cache_mode = force_custom_plan; SET statement_timeout = '60s'; SET work_mem = '32MB'"
)
"""Sums by a key of many sessions are taken in memory, rather than sorted on the disk."""
_WRITING: Final = (
    "SET jit = off; SET statement_timeout = '60s'; SET lock_timeout = '10s';"
    " SET idle_in_transaction_session_timeout = '60s'"
)
"""Nobody waits longer for a row than for a commit: who holds it may itself be waiting for a standby."""

log = logging.getLogger("playhead.store")


def check_url(url: str) -> None:
    """Raise BadSetting for a URL that the driver cannot read; its words are left out, because they quote the URL."""
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise BadSetting(
            f"{DATABASE_URL}: not a PostgreSQL URL; expected postgresql://user:password@host:5432/name"
        ) from None


def connect(url: str) -> Db:
    """Open a connection that writes: each statement by itself unless a transaction is begun, each commit on stable
    storage whatever the database's default is. Raises psycopg.Error, BadSetting."""
    db: Db = psycopg.connect(url, autocommit=True, **_options(url))
    try:
        _check_server(db)
        db.execute(_WRITING)
        _make_durable(db)
    except BaseException:
        db.close()
        raise
    return db


def _options(url: str) -> dict[str, Any]:
    """Return what a URL leaves open of how to connect."""
    said = conninfo_to_dict(url)
    hosts = str(said.get("host") or said.get("hostaddr") or "")
    ours = _NETWORK | (_ONE_OF_MANY if "," in hosts else {})
    return {name: value for name, value in ours.items() if name not in said}


@contextmanager
def connected(url: str) -> Iterator[Db]:
    """Open a connection for a block. Raises BadSetting, Unavailable."""
    check_url(url)
    try:
        db = connect(url)
    except psycopg.OperationalError as error:
        raise Unavailable(f"{DATABASE_URL}: {_reason(error)}") from None
    try:
        with closing(db):
            yield db
    except psycopg.Error as error:
        raise failure_of(error) from error


def _reason(error: psycopg.OperationalError) -> str:
    """Return in our words why a database lets nobody in; the driver's may quote any part of the URL."""
    said = str(error)
    return next((words for phrase, words in REASONS.items() if phrase in said), AWAY)


def failure_of(error: psycopg.Error) -> Exception:
    """Return what a caller is told of a driver's failure: one of ours where waiting or room helps, else itself."""
    if isinstance(error, psycopg.errors.DiskFull):
        return StoreFull()
    if isinstance(error, Unconfirmed):
        return Unavailable(UNCONFIRMED)
    return Unavailable(AWAY) if is_passing(error) else error


def is_passing(error: psycopg.Error) -> bool:
    """Say whether a failure lies with the database or the way to it and not with the statement.

    A server that was turned into a standby takes no writes: it is as good as away. What is beyond a limit of the
    database (class 54) the driver counts here too, although it lies with the values.
    """
    passing = isinstance(error, psycopg.OperationalError | psycopg.errors.ReadOnlySqlTransaction)
    return passing and (error.sqlstate or "")[:2] != "54"


def before_nul(text: str) -> str:
    """Return a text up to its first NUL, which PostgreSQL takes in no value.

    Of texts without any, the same ones come after either.
    """
    return text.partition("\x00")[0]


def _check_server(db: Db) -> None:
    if db.info.server_version < OLDEST_SERVER:
        raise BadSetting(
            f"{DATABASE_URL}: this is PostgreSQL {db.info.server_version // 10_000}; 15 or newer is needed"
        )
    if db.info.parameter_status("server_encoding") != "UTF8":
        raise BadSetting(f"{DATABASE_URL}: the database's encoding must be UTF8")


def _make_durable(db: Db) -> None:
    row = db.execute("SELECT current_setting('synchronous_commit'), current_setting('fsync')").fetchone()
    if row is not None and row[0] not in DURABLE:
        db.execute("SET synchronous_commit = on")


class Pause:
    """Keeps callers from asking for a database that is away: after each failure for twice as long as before."""

    def __init__(self) -> None:
        self._until = 0.0
        self._next_s = PAUSE_S
        self._words = AWAY
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raise Unavailable as long as the last failure is too fresh."""
        if time.monotonic() < self._until:
            raise Unavailable(self._words)

    def failed(self, words: str = AWAY) -> None:
        """Note that the database could not be reached, or what else callers are to be told."""
        with self._lock:
            self._words = words
            self._until = time.monotonic() + self._next_s
            self._next_s = min(2 * self._next_s, LONGEST_PAUSE_S)

    def succeeded(self) -> None:
        """Note that it could."""
        if self._next_s != PAUSE_S:
            with self._lock:
                self._until, self._next_s = 0.0, PAUSE_S


class Pool:
    """Up to ``limit`` connections, opened when first needed, lent to one thread at a time."""

    def __init__(self, url: str, limit: int = READERS) -> None:
        check_url(url)
        self._pause = Pause()
        self._unconfirmed = False
        self._pool: ConnectionPool[Db] = ConnectionPool(
            url,
            kwargs={**_options(url), "autocommit": True},
            min_size=0,
            max_size=limit,
            open=True,
            configure=_configure,
            timeout=WAIT_S,
            num_workers=1,
            reconnect_timeout=WAIT_S,
            name="playhead",
        )

    def read(self, ask: Callable[[Db], T]) -> T:
        """Ask inside a transaction that sees one state throughout; again when the connection turns out to be dead.

        Raises Unavailable.
        """
        return self._run(ask, IsolationLevel.REPEATABLE_READ)

    def write(self, do: Callable[[Db], T]) -> T:
        """Do something small and blocking in a transaction; it is on stable storage when this returns.

        Raises Unavailable, StoreFull; the former also when it is not known whether it was done, and as long as a
        standby does not confirm what was.
        """
        return self._run(do, None)

    def close(self) -> None:
        """Close the connections. Later calls raise Unavailable."""
        self._pool.close()

    def _run(self, ask: Callable[[Db], T], level: IsolationLevel | None) -> T:
        """Ask at a level, or write where there is none."""
        try:
            try:
                return self._once(ask, level)
            except _StaleConnection:
                self._pool.check()
                return self._once(ask, level)
        except psycopg.Error as error:
            if is_passing(error):
                log.warning("the database failed a question: %s", type(error).__name__)
                self._unconfirmed = self._unconfirmed or isinstance(error, Unconfirmed)
                if not isinstance(error, psycopg.errors.QueryCanceled | Unconfirmed):
                    self._pause.failed()
            raise failure_of(error) from error

    def _once(self, ask: Callable[[Db], T], level: IsolationLevel | None) -> T:
        if self._pool.closed:
            raise Unavailable("The store is closed")
        self._pause.check()
        with self._pool.connection() as db:
            began = False
            try:
                with self._writing(db) if level is None else _reading(db, level):
                    began = True
                    answer = ask(db)
            except psycopg.OperationalError as error:
                if db.broken and (level is not None or not began):
                    raise _StaleConnection from error
                raise
        self._pause.succeeded()
        return answer

    @contextmanager
    def _writing(self, db: Db) -> Iterator[None]:
        if self._unconfirmed:
            check_confirmed(db)
            self._unconfirmed = False
        with transaction(db):
            yield


class _StaleConnection(psycopg.OperationalError):
    """A connection was dead, as others in the pool may be; nothing was done through it."""


@contextmanager
def _reading(db: Db, level: IsolationLevel) -> Iterator[None]:
    db.isolation_level, db.read_only = level, True
    with db.transaction():
        yield


def _configure(db: Db) -> None:
    _check_server(db)
    db.execute(_READING)
    _make_durable(db)
