"""The registry: projects, keys, shares and the installation's secret.

Writes go through the store's writer and wait for it. ``find_key`` is asked with every request: it has a connection and
a memory of its own, dropped whenever any process has committed anything, so that a revocation is seen at once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TypeVar

import apsw

from playhead.errors import Conflict, KeyNotFound, ShareNotFound
from playhead.model.audit import NewEntry
from playhead.model.results import KeyRecord, Project, ShareRecord
from playhead.store.copies import KeyCopy, ShareCopy
from playhead.store.keys import KEY_COLUMNS, KEYS, PROJECT, key_of, key_values
from playhead.store.rows import Row, becomes_sql, insert_sql
from playhead.store.sqlite.audit import SqliteAudit, enter, entered
from playhead.store.sqlite.connection import ReaderPool
from playhead.store.sqlite.notes import SqliteNotes
from playhead.store.sqlite.project_settings import SqliteSettings
from playhead.store.sqlite.reading import session_number
from playhead.store.sqlite.writer import Writer, WriteScope

T = TypeVar("T")

MAX_REMEMBERED = 10_000
_SHARE_COLUMNS = (
    "id",
    "project_no",
    "session_no",
    "token_hash",
    "access_level",
    "password_hash",
    "created_us",
    "expires_us",
    "max_views",
    "views",
    "redact",
    "revoked_us",
)
_SHARES = (
    "SELECT h.token_hash, h.id, h.project_no, s.id, h.access_level, h.created_us, h.expires_us, h.password_hash,"
    " h.max_views, h.views, h.redact, h.revoked_us FROM shares AS h JOIN sessions AS s ON s.no = h.session_no"
)


class KeyDoor:
    """Finds keys by their hash, from memory as long as no process has written."""

    def __init__(self, open_reader: Callable[[], apsw.Connection]) -> None:
        self._db = open_reader()
        self._version = -1
        self._known: dict[bytes, KeyRecord | None] = {}
        self._lock = threading.Lock()

    def find(self, key_hash: bytes) -> KeyRecord | None:
        """Return the key of a hash, or None."""
        with self._lock:
            version: int = self._db.pragma("data_version")
            if version != self._version or len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
                self._version = version
            if key_hash not in self._known:
                row = self._db.execute(f"{KEYS} WHERE k.hash = ?", (key_hash,)).fetchone()
                self._known[key_hash] = None if row is None else key_of(row)
            return self._known[key_hash]

    def get(self, key_id: str) -> KeyRecord | None:
        """Return the key of an id, or None."""
        with self._lock:
            row = self._db.execute(f"{KEYS} WHERE k.id = ?", (key_id,)).fetchone()
        return None if row is None else key_of(row)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._db.close()


class SqliteRegistry(SqliteNotes, SqliteSettings, SqliteAudit):
    """Implements the ``Registry`` protocol over a writer, a pool of readers and a key door."""

    _writer: Writer
    _readers: ReaderPool
    _door: KeyDoor

    def server_secret(self) -> bytes:
        """Return the installation's 32 random bytes, made once."""
        with self._readers.read() as db:
            secret: bytes | None = db.execute("SELECT value FROM installation WHERE name = 'secret'").get
        return secret if secret is not None else self._do(_make_secret)

    def ensure_project(self, name: str, now_us: int) -> Project:
        """Return the project of a name, made if there is none."""
        with self._readers.read() as db:
            found = _project(db, name)
        return found if found is not None else self._do(lambda scope: _make_project(scope, name, now_us))

    def list_projects(self) -> list[Project]:
        """Return all projects by number."""
        with self._readers.read() as db:
            return [Project(*row) for row in db.execute(f"SELECT {PROJECT} FROM projects AS p ORDER BY p.no")]

    def set_timeout(self, project: int, timeout_s: int) -> None:
        """Set how many seconds a project's sessions may be silent before they end themselves."""
        self._do(
            lambda scope: scope.db.execute(
                "UPDATE projects SET timeout_s = ? WHERE no = ?", (timeout_s, project)
            ).close()
        )

    def add_key(self, record: KeyRecord, key_hash: bytes, entry: NewEntry | None = None) -> None:
        """Keep a key by its keyed hash."""
        values = key_values(record, key_hash)
        self._change(lambda scope: scope.db.execute(insert_sql("keys", KEY_COLUMNS, "?"), values).close(), entry)

    def find_key(self, key_hash: bytes) -> KeyRecord | None:
        """Return the key of a hash, also an expired or revoked one, or None."""
        return self._door.find(key_hash)

    def get_key(self, key_id: str) -> KeyRecord | None:
        """Return the key of an id, also an expired or revoked one, or None."""
        return self._door.get(key_id)

    def list_keys(self, project: int | None = None) -> list[KeyRecord]:
        """Return keys in order of creation, of one project or of all."""
        with self._readers.read() as db:
            rows = db.execute(f"{KEYS} WHERE ?1 IS NULL OR k.project_no = ?1 ORDER BY k.no", (project,))
            return [key_of(row) for row in rows]

    def revoke_key(
        self, key_id: str, now_us: int, project: int | None = None, entry: NewEntry | None = None
    ) -> KeyRecord:
        """Revoke a key (of that project only, when given); the first revocation's time stays. Raises KeyNotFound."""
        return self._change(lambda scope: _revoke_key(scope, key_id, now_us, project), entry)

    def add_share(self, share: ShareRecord, token_hash: bytes, entry: NewEntry | None = None) -> None:
        """Keep a share by the hash of its token. Raises SessionNotFound."""
        self._change(lambda scope: _add_share(scope, share, token_hash), entry)

    def find_share(self, token_hash: bytes) -> ShareRecord | None:
        """Return the share of a token's hash, also one that no longer opens anything, or None."""
        with self._readers.read() as db:
            row = db.execute(f"{_SHARES} WHERE h.token_hash = ?", (token_hash,)).fetchone()
        return None if row is None else _share_of(row)

    def count_view(self, share_id: str, now_us: int, entry: NewEntry | None = None) -> bool:
        """Count one view of a share; False, and nothing counted, when it is expired, revoked or used up."""
        return self._do(lambda scope: _count_view(scope, share_id, now_us, entry))

    def list_shares(self, project: int, session_id: str) -> list[ShareRecord]:
        """Return a session's shares in order of creation. Raises SessionNotFound."""
        with self._readers.read() as db:
            no = session_number(db, project, session_id)
            return [_share_of(row) for row in db.execute(f"{_SHARES} WHERE h.session_no = ? ORDER BY h.no", (no,))]

    def revoke_share(
        self, project: int, session_id: str, share_id: str, now_us: int, entry: NewEntry | None = None
    ) -> ShareRecord:
        """Revoke a share; the first revocation's time stays. Raises SessionNotFound, ShareNotFound."""
        return self._change(lambda scope: _revoke_share(scope, (project, session_id, share_id), now_us), entry)

    def keep_secret(self, secret: bytes) -> None:
        """Make this the installation's secret. Raises Conflict when keys or shares depend on another one."""
        self._do(lambda scope: _keep_secret(scope.db, secret))

    def copy_keys(self, project: int) -> list[KeyCopy]:
        """Return a project's keys with their hashes, in order of creation."""
        with self._readers.read() as db:
            rows = db.execute(f"{KEYS} WHERE k.project_no = ? ORDER BY k.no", (project,))
            return [KeyCopy(key_of(row), row[0]) for row in rows]

    def keep_key(self, copy: KeyCopy) -> None:
        """Keep a key as it is in a copy. Raises Conflict."""
        values = key_values(copy.record, copy.key_hash)
        self._do(lambda scope: _keep(scope.db, "keys", KEY_COLUMNS, values))

    def copy_shares(self, project: int) -> list[ShareCopy]:
        """Return a project's shares with their tokens' hashes, in order of creation."""
        with self._readers.read() as db:
            rows = db.execute(f"{_SHARES} WHERE h.project_no = ? ORDER BY h.no", (project,))
            return [ShareCopy(_share_of(row), row[0]) for row in rows]

    def keep_share(self, copy: ShareCopy) -> None:
        """Keep a share as it is in a copy. Raises SessionNotFound, Conflict."""
        share, token_hash = copy.record, copy.token_hash
        self._do(lambda scope: _keep(scope.db, "shares", _SHARE_COLUMNS, _share_values(scope.db, share, token_hash)))

    def _change(self, run: Callable[[WriteScope], T], entry: NewEntry | None) -> T:
        return self._do(entered(run, entry))

    def _do(self, run: Callable[[WriteScope], T]) -> T:
        return self._writer.submit(run).result()


def _make_secret(scope: WriteScope) -> bytes:
    scope.db.execute("INSERT INTO installation VALUES ('secret', ?) ON CONFLICT DO NOTHING", (os.urandom(32),))
    secret: bytes = scope.db.execute("SELECT value FROM installation WHERE name = 'secret'").get
    return secret


def _project(db: apsw.Connection, name: str) -> Project | None:
    row = db.execute(f"SELECT {PROJECT} FROM projects AS p WHERE p.name = ?", (name,)).fetchone()
    return None if row is None else Project(*row)


def _make_project(scope: WriteScope, name: str, now_us: int) -> Project:
    scope.db.execute("INSERT INTO projects (name, created_us) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, now_us))
    project = _project(scope.db, name)
    if project is None:
        raise LookupError(f"project {name!r} was neither found nor made")
    return project


def _revoke_key(scope: WriteScope, key_id: str, now_us: int, project: int | None) -> KeyRecord:
    scope.db.execute(
        "UPDATE keys SET revoked_us = coalesce(revoked_us, ?2) WHERE id = ?1 AND (?3 IS NULL OR project_no = ?3)",
        (key_id, now_us, project),
    )
    if not scope.db.changes():
        raise KeyNotFound
    revoked: Row = scope.db.execute(f"{KEYS} WHERE k.id = ?", (key_id,)).fetchall()[0]
    return key_of(revoked)


def _add_share(scope: WriteScope, share: ShareRecord, token_hash: bytes) -> None:
    scope.db.execute(insert_sql("shares", _SHARE_COLUMNS, "?"), _share_values(scope.db, share, token_hash))


def _keep(db: apsw.Connection, table: str, columns: tuple[str, ...], values: Row) -> None:
    try:
        db.execute(insert_sql(table, columns, "?") + becomes_sql(columns), values)
    except apsw.ConstraintError:
        raise Conflict("The hash belongs to another one here") from None


def _keep_secret(db: apsw.Connection, secret: bytes) -> None:
    there: bytes | None = db.execute("SELECT value FROM installation WHERE name = 'secret'").get
    if (
        there not in (None, secret)
        and db.execute("SELECT EXISTS (SELECT 1 FROM keys) OR EXISTS (SELECT 1 FROM shares)").get
    ):
        raise Conflict("Keys or shares here depend on another secret")
    db.execute("INSERT OR REPLACE INTO installation VALUES ('secret', ?)", (secret,))


def _share_values(db: apsw.Connection, share: ShareRecord, token_hash: bytes) -> Row:
    """Return the values of ``_SHARE_COLUMNS``. Raises SessionNotFound."""
    return (
        share.id,
        share.project_no,
        session_number(db, share.project_no, share.session_id),
        token_hash,
        share.access_level,
        share.password_hash,
        share.created_us,
        share.expires_us,
        share.max_views,
        share.views,
        share.redact,
        share.revoked_us,
    )


def _count_view(scope: WriteScope, share_id: str, now_us: int, entry: NewEntry | None) -> bool:
    scope.db.execute(
        "UPDATE shares SET views = views + 1 WHERE id = ? AND revoked_us IS NULL AND expires_us > ?"
        " AND (max_views IS NULL OR views < max_views)",
        (share_id, now_us),
    )
    counted = scope.db.changes() == 1
    if counted:
        enter(scope.db, [entry])
    return counted


def _revoke_share(scope: WriteScope, share: tuple[int, str, str], now_us: int) -> ShareRecord:
    project, session_id, share_id = share
    no = session_number(scope.db, project, session_id)
    scope.db.execute(
        "UPDATE shares SET revoked_us = coalesce(revoked_us, ?) WHERE session_no = ? AND id = ?", (now_us, no, share_id)
    )
    if not scope.db.changes():
        raise ShareNotFound
    return _share_of(scope.db.execute(f"{_SHARES} WHERE h.id = ?", (share_id,)).fetchone())


def _share_of(row: Row | None) -> ShareRecord:
    if row is None:
        raise ShareNotFound
    _, *values = row
    values[9] = bool(values[9])
    return ShareRecord(*values)
