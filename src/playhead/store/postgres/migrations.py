"""Migrations: numbered functions, one list a part of the database, applied in order in one transaction at opening.

The number of the last one applied is kept in ``schema_versions`` by the part's name. Servers that start together wait
for each other; a database that a newer program has written is refused. A migration that has been released is never
changed; the next one is put below it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import psycopg

from playhead.errors import BadSetting, NewerDatabase
from playhead.store.postgres.confirming import transaction
from playhead.store.postgres.connection import Db
from playhead.store.postgres.rollup_schema import FILL, ROLLUPS
from playhead.store.postgres.schema import AUDIT, LISTS, PROJECT_SETTINGS, REGISTRY, RESTED, STORE

Migration: TypeAlias = Callable[[Db], None]

LOCK: Final = 0x706C6179_00000001
"""The advisory lock that migrations are applied under."""


def r001_registry(db: Db) -> None:
    """Make the tables of projects, keys, shares and notes."""
    db.execute(REGISTRY)


def r002_project_settings(db: Db) -> None:
    """Let a project have settings of its own."""
    db.execute(PROJECT_SETTINGS)


def r003_audit(db: Db) -> None:
    """Make the table of who did what."""
    db.execute(AUDIT)


def s001_store(db: Db) -> None:
    """Make the tables of sessions and events, and the search index."""
    try:
        db.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported) as error:
        raise BadSetting(
            "PLAYHEAD_DATABASE_URL: the extension pg_trgm is missing and may not be made here; have somebody who may "
            "run CREATE EXTENSION pg_trgm in this database"
        ) from error
    db.execute(STORE)


def s002_rollups(db: Db) -> None:
    """Make the rollups, and news of all that is there, which the follower folds into them."""
    db.execute(ROLLUPS)
    db.execute(FILL)


def s003_lists(db: Db) -> None:
    """Make the indexes that list the sessions of a label, of a workspace, and those with a bookmark."""
    db.execute(LISTS)


def s004_rested(db: Db) -> None:
    """Make the index of sessions that have ended by what arrived of them last."""
    db.execute("SET LOCAL statement_timeout = 0")
    db.execute(RESTED)


REGISTRY_MIGRATIONS: list[Migration] = [r001_registry, r002_project_settings, r003_audit]
"""Of the part ``registry``."""
STORE_MIGRATIONS: list[Migration] = [s001_store, s002_rollups, s003_lists, s004_rested]
"""Of the part ``store``."""


def migrate(db: Db, part: str, migrations: Sequence[Migration]) -> int:
    """Bring a part of a database up to its last migration, whole or not at all, and return how many were applied.

    Any number of programs may try at once. Raises NewerDatabase when the database is ahead of this program.
    """
    if _version(db, part, migrations) == len(migrations):
        return 0
    with transaction(db):
        db.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")  # another's may take its time
        db.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        db.execute("CREATE TABLE IF NOT EXISTS schema_versions (part text PRIMARY KEY, version integer NOT NULL)")
        version = _version(db, part, migrations)
        for migration in migrations[version:]:
            migration(db)
        db.execute(
            "INSERT INTO schema_versions VALUES (%s, %s) ON CONFLICT (part) DO UPDATE SET version = excluded.version",
            (part, len(migrations)),
        )
    return len(migrations) - version


def _version(db: Db, part: str, migrations: Sequence[Migration]) -> int:
    known = db.execute("SELECT to_regclass('schema_versions') IS NOT NULL").fetchone()
    if known is None or not known[0]:
        return 0
    row = db.execute("SELECT version FROM schema_versions WHERE part = %s", (part,)).fetchone()
    version: int = 0 if row is None else row[0]
    if version > len(migrations):
        raise NewerDatabase(
            f"The database has schema {version} of its {part}, this program knows {len(migrations)}:"
            " use a newer Playhead"
        )
    return version
