"""Keys, projects and the installation's secret: the statements behind them, each inside a transaction."""

from __future__ import annotations

import os
from typing import Final

import psycopg

from playhead.errors import Conflict, KeyNotFound
from playhead.model.results import KeyRecord, Project
from playhead.store.copies import KeyCopy
from playhead.store.keys import KEY_COLUMNS, KEYS, PROJECT, key_of, key_values
from playhead.store.postgres.connection import Db
from playhead.store.rows import becomes_sql, insert_sql

_INSERT: Final = insert_sql("keys", KEY_COLUMNS, "%s")
_BECOMES: Final = becomes_sql(KEY_COLUMNS)


def server_secret(db: Db) -> bytes:
    """Return the installation's 32 random bytes, made once."""
    db.execute("INSERT INTO installation VALUES ('secret', %s) ON CONFLICT DO NOTHING", (os.urandom(32),))
    row = db.execute("SELECT value FROM installation WHERE name = 'secret'").fetchone()
    if row is None:
        raise LookupError("the installation's secret was neither found nor made")
    return bytes(row[0])


def keep_secret(db: Db, secret: bytes) -> None:
    """Make this the installation's secret. Raises Conflict when keys or shares depend on another one."""
    row = db.execute("SELECT value FROM installation WHERE name = 'secret' FOR UPDATE").fetchone()
    if row is not None and bytes(row[0]) != secret:
        used = db.execute("SELECT EXISTS (SELECT FROM keys) OR EXISTS (SELECT FROM shares)").fetchone()
        if used is None or used[0]:
            raise Conflict("Keys or shares here depend on another secret")
    db.execute(
        "INSERT INTO installation VALUES ('secret', %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (secret,),
    )


def find_project(db: Db, name: str) -> Project | None:
    """Return the project of a name, or None."""
    row = db.execute(f"SELECT {PROJECT} FROM projects AS p WHERE p.name = %s", (name,)).fetchone()
    return None if row is None else Project(*row)


def make_project(db: Db, name: str, now_us: int) -> Project:
    """Return the project of a name, made unless somebody else was quicker."""
    db.execute("INSERT INTO projects (name, created_us) VALUES (%s, %s) ON CONFLICT DO NOTHING", (name, now_us))
    project = find_project(db, name)
    if project is None:
        raise LookupError(f"project {name!r} was neither found nor made")
    return project


def list_projects(db: Db) -> list[Project]:
    """Return all projects by number."""
    return [Project(*row) for row in db.execute(f"SELECT {PROJECT} FROM projects AS p ORDER BY p.no")]


def set_timeout(db: Db, project: int, timeout_s: int) -> None:
    """Set a project's time-out in seconds."""
    db.execute("UPDATE projects SET timeout_s = %s WHERE no = %s", (timeout_s, project))


def add_key(db: Db, record: KeyRecord, key_hash: bytes) -> None:
    """Keep a key by its keyed hash."""
    db.execute(_INSERT, key_values(record, key_hash))


def keep_key(db: Db, copy: KeyCopy) -> None:
    """Keep a key as it is in a copy; one of the same id becomes it. Raises Conflict when its hash is another's."""
    try:
        db.execute(_INSERT + _BECOMES, key_values(copy.record, copy.key_hash))
    except psycopg.errors.UniqueViolation:
        raise Conflict("The hash belongs to another one here") from None


def find_key(db: Db, key_hash: bytes) -> KeyRecord | None:
    """Return the key of a hash, or None."""
    row = db.execute(f"{KEYS} WHERE k.hash = %s", (key_hash,)).fetchone()
    return None if row is None else key_of(row)


def get_key(db: Db, key_id: str) -> KeyRecord | None:
    """Return the key of an id, or None."""
    row = None if "\x00" in key_id else db.execute(f"{KEYS} WHERE k.id = %s", (key_id,)).fetchone()
    return None if row is None else key_of(row)


def copy_keys(db: Db, project: int | None = None) -> list[KeyCopy]:
    """Return keys with their hashes in order of creation, of one project or of all."""
    rows = db.execute(
        f"{KEYS} WHERE %(project)s::integer IS NULL OR k.project_no = %(project)s ORDER BY k.no", {"project": project}
    )
    return [KeyCopy(key_of(row), bytes(row[0])) for row in rows]


def revoke_key(db: Db, key_id: str, now_us: int, project: int | None) -> KeyRecord:
    """Revoke a key (of that project only, when given); the first revocation's time stays. Raises KeyNotFound."""
    key = get_key(db, key_id)
    if key is None or project not in (None, key.project.no):
        raise KeyNotFound
    db.execute("UPDATE keys SET revoked_us = coalesce(revoked_us, %s) WHERE id = %s", (now_us, key_id))
    revoked = get_key(db, key_id)
    if revoked is None:
        raise KeyNotFound
    return revoked
