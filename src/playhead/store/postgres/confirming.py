"""Confirming: how a commit is asked for, and what becomes of it when the database does not say that it is done.

Where a commit has to reach a synchronous standby and that one is away, PostgreSQL waits for it without end. Nobody who
sent something should. After ``PATIENCE_S`` the connection is left: whoever asked is told that it is not known. The
database goes on waiting and keeps the rows locked, so that nothing of it is seen, or acknowledged when it is sent
again, before the standby has it. It must not be told to cancel: then it would say that all is well.

Owns that wait alone; what is repeated and what is refused meanwhile is the callers'.
"""

from __future__ import annotations

import selectors
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg.errors import lookup
from psycopg.pq import DiagnosticField, ExecStatus

from playhead.errors import Unavailable

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn, PGresult

    from playhead.store.postgres.connection import Db

PATIENCE_S: Final = 10.0
UNCONFIRMED: Final = "The database does not confirm what it commits: its synchronous standby may be away"
_WAITING: Final = (
    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND wait_event = 'SyncRep'"
    " AND state_change < clock_timestamp() - make_interval(secs => %s)"
)


class Unconfirmed(psycopg.OperationalError):
    """A commit took longer than anybody waits for; whether it is made is not known."""


@contextmanager
def transaction(db: Db) -> Iterator[None]:
    """Begin a transaction on an autocommit connection: committed when the block ends, undone when it raises.

    Raises Unconfirmed, psycopg.Error.
    """
    db.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
    try:
        yield
    except BaseException:
        with suppress(psycopg.Error):
            db.execute("ROLLBACK")
        raise
    commit(db)


def commit(db: Db) -> None:
    """Commit, and return when it is on stable storage, on that of a synchronous standby too.

    Raises Unconfirmed after ``PATIENCE_S``, with the connection closed; psycopg.Error.
    """
    pgconn = db.pgconn
    pgconn.send_query(b"COMMIT")
    try:
        result = _answer(pgconn, time.monotonic() + PATIENCE_S)
    except Unconfirmed:
        db.close()
        raise
    if result.status != ExecStatus.COMMAND_OK:
        raise _failure(result)
    if result.command_status != b"COMMIT":
        raise psycopg.OperationalError("the transaction had failed before, and was undone")


def check_confirmed(db: Db) -> None:
    """Raise Unavailable as long as any commit of this database waits for a standby that does not come."""
    if db.execute(_WAITING, (PATIENCE_S / 2,)).rowcount:
        raise Unavailable(UNCONFIRMED)


def _answer(pgconn: PGconn, until_s: float) -> PGresult:
    """Return the one result of a query that was sent."""
    found: PGresult | None = None
    with selectors.DefaultSelector() as selector:
        selector.register(pgconn.socket, selectors.EVENT_READ)
        while pgconn.flush() or pgconn.is_busy():
            if not selector.select(max(0.0, until_s - time.monotonic())):
                raise Unconfirmed(UNCONFIRMED)
            pgconn.consume_input()
        while (result := pgconn.get_result()) is not None:
            found = result
    if found is None:
        raise psycopg.OperationalError("the connection was lost")
    return found


def _failure(result: PGresult) -> psycopg.Error:
    state = (result.error_field(DiagnosticField.SQLSTATE) or b"").decode()
    try:
        kind = lookup(state)
    except KeyError:
        kind = psycopg.OperationalError
    return kind(result.get_error_message())
