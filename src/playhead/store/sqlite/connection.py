"""Connections: how the two files are opened, and the pool of readers.

Owns every PRAGMA. ``playhead.db`` has one writing connection a process and a few that only read; ``search.db``
belongs to the follower and is attached to readers as ``search``. Neither file may be replaced while a store is open: a
search index is rebuilt inside its file.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw

from playhead.errors import StoreBusy, StoreFull, Unavailable
from playhead.store.sqlite.dictionaries import learn_dictionaries
from playhead.store.sqlite.migrations import MIGRATIONS, SEARCH_MIGRATIONS, Migration, migrate
from playhead.store.sqlite.vacuum import allow_vacuum

DATABASE = "playhead.db"
SEARCH_DATABASE = "search.db"
BUSY_TIMEOUT_MS = 10_000
WAL_LIMIT_BYTES = 64 << 20
READERS = 8
STATEMENTS = 200
"""How many statements a connection keeps prepared: each bulk insert is one for every number of rows (``bulk``)."""

CLOSED_ERRORS = (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError)
CLOSED = "The directory and the files in it must be writable for whoever runs this, also to read them"
DISK_ERRORS = (apsw.BusyError, apsw.CorruptError, apsw.NotADBError, apsw.IOError, apsw.FullError, *CLOSED_ERRORS)
"""What a disk, a damaged file or another program makes SQLite say, and no mistake of ours."""

_WRITE = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
_READ = apsw.SQLITE_OPEN_READWRITE  # a WAL reader must be able to write the shared-memory file


def open_writer(path: Path, *, cache_kib: int = 8192) -> apsw.Connection:
    """Open a database to write: WAL, every commit on stable storage, freed pages overwritten."""
    db = _open(path, _WRITE, cache_kib)
    allow_vacuum(db)
    db.pragma("journal_mode", "WAL")
    db.pragma("synchronous", "FULL")
    db.pragma("secure_delete", "ON")
    return db


def open_database(data_dir: Path) -> apsw.Connection:
    """Open ``playhead.db`` to write, made and brought up to date. Raises NewerDatabase."""
    return _migrated(open_writer(data_dir / DATABASE), MIGRATIONS)


def open_search(data_dir: Path) -> apsw.Connection:
    """Open ``search.db`` as ``main`` to write, made and brought up to date. Raises NewerDatabase."""
    return _migrated(open_writer(data_dir / SEARCH_DATABASE, cache_kib=4096), SEARCH_MIGRATIONS)


def open_reader(data_dir: Path, *, search: bool = True) -> apsw.Connection:
    """Open ``playhead.db`` to read, with ``search.db`` attached as ``search``; both must exist."""
    db = _open(data_dir / DATABASE, _READ, 1024)
    if search:
        attach_search(db, data_dir)
    db.pragma("query_only", "ON")
    return db


def attach_search(db: apsw.Connection, data_dir: Path) -> None:
    """Attach ``search.db`` to a reader, as ``search``."""
    db.execute("ATTACH ? AS search", (str(data_dir / SEARCH_DATABASE),))
    db.pragma("cache_size", -1024, schema="search")
    _keep_log(db, "search")


def _open(path: Path, flags: int, cache_kib: int) -> apsw.Connection:
    db = apsw.Connection(str(path), flags=flags, statementcachesize=STATEMENTS)
    db.set_busy_timeout(BUSY_TIMEOUT_MS)
    db.pragma("cache_size", -cache_kib)
    db.pragma("mmap_size", 0)
    db.pragma("temp_store", "MEMORY")
    _keep_log(db, "main")
    return db


def _keep_log(db: apsw.Connection, schema: str) -> None:
    """Have the last one to close a file leave its log there, empty, and the log's index.

    Nobody could read the file from a disk that is full if these had to be made first.
    """
    db.pragma("journal_size_limit", WAL_LIMIT_BYTES, schema=schema)
    on = ctypes.c_int(1)  # named, so that it is there for as long as SQLite reads it
    db.file_control(schema, apsw.SQLITE_FCNTL_PERSIST_WAL, ctypes.addressof(on))


def _migrated(db: apsw.Connection, migrations: Sequence[Migration]) -> apsw.Connection:
    try:
        migrate(db, migrations)
    except BaseException:
        db.close()
        raise
    return db


def failure_of(error: apsw.Error, where: str = "The database") -> Unavailable:
    """Return the failure for what SQLite says of a disk, a file or a lock, in words; ``where`` names the place."""
    if has_no_room(error):
        return StoreFull(f"{where} has no room left on its disk")
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return StoreBusy(f"{where} is locked by another program")
    if isinstance(error, CLOSED_ERRORS):
        return Unavailable(f"{where} cannot be written: {error}. {CLOSED}")
    return Unavailable(f"{where} cannot be used: {error}. `playhead doctor` examines it")


def has_no_room(error: apsw.Error) -> bool:
    """Say whether it is for want of room on the disk that SQLite cannot do something."""
    return isinstance(error, apsw.FullError) or (
        getattr(error, "extendedresult", apsw.SQLITE_OK) == apsw.SQLITE_IOERR_SHMSIZE  # the log's index
    )


class ReaderPool:
    """Up to ``limit`` reading connections, opened when first needed, lent to one thread at a time.

    A borrower sees one state of the database throughout. The most recently used connection is lent first.
    """

    def __init__(self, data_dir: Path, limit: int = READERS) -> None:
        self._data_dir = data_dir
        self._limit = limit
        self._idle: list[apsw.Connection] = []
        self._opened = 0
        self._closed = False
        self._change = threading.Condition()

    @contextmanager
    def read(self) -> Iterator[apsw.Connection]:
        """Lend a connection inside a read transaction; waits while all are lent. Raises StoreBusy, Unavailable."""
        db = self._take()
        try:
            db.execute("BEGIN")
            try:
                learn_dictionaries(db)
                yield db
            finally:
                db.execute("ROLLBACK")
        except DISK_ERRORS as error:
            raise failure_of(error) from error
        finally:
            self._give_back(db)

    def close(self) -> None:
        """Close what is idle, and the rest as it comes back. Later reads raise Unavailable."""
        with self._change:
            self._closed = True
            idle, self._idle = self._idle, []
            self._change.notify_all()
        for db in idle:
            db.close()

    def _take(self) -> apsw.Connection:
        with self._change:
            while not self._idle and self._opened >= self._limit and not self._closed:
                self._change.wait()
            if self._closed:
                raise Unavailable("The store is closed")
            if self._idle:
                return self._idle.pop()
            self._opened += 1
        try:
            return open_reader(self._data_dir)
        except BaseException as error:
            with self._change:
                self._opened -= 1
                self._change.notify()
            if isinstance(error, DISK_ERRORS):
                raise failure_of(error) from error
            raise

    def _give_back(self, db: apsw.Connection) -> None:
        with self._change:
            if not self._closed:
                self._idle.append(db)
                self._change.notify()
                return
        db.close()
