"""Migrations: numbered functions, one list a file, applied in order in one transaction when a database is opened.

The number of the last one applied is the file's ``user_version``. A file with a higher number was written by a newer
program and is refused. A migration that has been released is never changed; the next one is put below it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import apsw

from playhead.errors import NewerDatabase
from playhead.store.sqlite.event_ids import SHORTEN
from playhead.store.sqlite.rollup_schema import KINDS, ROLLUPS
from playhead.store.sqlite.rollups import fill_latencies
from playhead.store.sqlite.schema import (
    AUDIT,
    COVERING,
    DICTIONARIES,
    FAILED,
    FIRST,
    LISTS,
    NOTES,
    ORDERS,
    PENDING,
    PLACES,
    PROJECT_SETTINGS,
    RESTED,
    SEARCH,
)

Migration: TypeAlias = Callable[[apsw.Connection], None]


def m001_first(db: apsw.Connection) -> None:
    """Make the tables that the first version has."""
    db.execute(FIRST)


def m002_pending(db: apsw.Connection) -> None:
    """Let an interaction be pending, and count the changes by which those are completed."""
    db.execute(PENDING)


def m003_notes(db: apsw.Connection) -> None:
    """Let people write comments and bookmarks beside a session."""
    db.execute(NOTES)


def m004_dictionaries(db: apsw.Connection) -> None:
    """Let payloads name the dictionaries that they are compressed with."""
    db.execute(DICTIONARIES)


def m005_rollups(db: apsw.Connection) -> None:
    """Keep sums and histograms beside the sessions, and make them of those that are there."""
    db.execute(ROLLUPS)
    fill_latencies(db)


def m006_lists(db: apsw.Connection) -> None:
    """Index what lists are filtered by."""
    db.execute(LISTS)


def m007_event_ids(db: apsw.Connection) -> None:
    """Keep the ids of events that are hexadecimal as bytes."""
    db.execute(SHORTEN)


def m008_failed(db: apsw.Connection) -> None:
    """Let what failed in a session be counted by an index."""
    db.execute(FAILED)


def m009_kinds(db: apsw.Connection) -> None:
    """Count the sessions of each feature, source and status."""
    db.execute(KINDS)


def m010_orders(db: apsw.Connection) -> None:
    """Let a list of a time be read along the index of any order."""
    db.execute(ORDERS)


def m011_project_settings(db: apsw.Connection) -> None:
    """Let a project have settings of its own."""
    db.execute(PROJECT_SETTINGS)


def m012_audit(db: apsw.Connection) -> None:
    """Keep a log of who did what."""
    db.execute(AUDIT)


def m013_covering(db: apsw.Connection) -> None:
    """Let a list with bounds be read along the index of its order."""
    db.execute(COVERING)


def m014_rested(db: apsw.Connection) -> None:
    """Index the sessions that have ended by what arrived of them last."""
    db.execute(RESTED)


def s001_texts(db: apsw.Connection) -> None:
    """Make the full-text index and the follower's position."""
    db.execute(SEARCH)


def s002_places(db: apsw.Connection) -> None:
    """Make room for narrower indexes."""
    _drop_indexes(db)
    db.execute(PLACES)


def s003_words(db: apsw.Connection) -> None:
    """Have indexes that know which words a text has, and not where they stand."""
    _drop_indexes(db)
    db.execute("DELETE FROM blocks; DELETE FROM purges")


def _drop_indexes(db: apsw.Connection) -> None:
    """Drop every index, for all to be built anew from ``playhead.db``: a position before all says so."""
    tables = db.execute("SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%'").fetchall()
    for (table,) in tables:
        db.execute(f"DROP TABLE {table}")
    if tables:
        db.execute("UPDATE position SET queue_no = -1, seq = -1")


MIGRATIONS: list[Migration] = [
    m001_first,
    m002_pending,
    m003_notes,
    m004_dictionaries,
    m005_rollups,
    m006_lists,
    m007_event_ids,
    m008_failed,
    m009_kinds,
    m010_orders,
    m011_project_settings,
    m012_audit,
    m013_covering,
    m014_rested,
]
"""Of ``playhead.db``."""
SEARCH_MIGRATIONS: list[Migration] = [s001_texts, s002_places, s003_words]
"""Of ``search.db``, opened as ``main``."""


def migrate(db: apsw.Connection, migrations: Sequence[Migration]) -> int:
    """Bring a database up to the last migration, whole or not at all, and return how many were applied.

    Two processes may try at once. Raises NewerDatabase when the file is ahead of this program.
    """
    if _version(db, migrations) == len(migrations):
        return 0
    db.execute("BEGIN IMMEDIATE")
    try:
        version = _version(db, migrations)
        for migration in migrations[version:]:
            migration(db)
        db.execute(f"PRAGMA user_version = {len(migrations)}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
    return len(migrations) - version


def _version(db: apsw.Connection, migrations: Sequence[Migration]) -> int:
    version: int = db.pragma("user_version")
    if version > len(migrations):
        raise NewerDatabase(
            f"{db.filename} has schema {version}, this program knows {len(migrations)}: use a newer Playhead"
        )
    return version
