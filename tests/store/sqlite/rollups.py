"""The rollups of a database, as a test looks at them and does away with them."""

from __future__ import annotations

from typing import Any

import apsw

from playhead.store.sqlite.rollups import take_news

TABLES = ("rollups", "user_rollups", "model_rollups", "tag_rollups", "latency_rollups", "kind_totals")


def dump_rollups(db: apsw.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Return everything in the rollups, with their news."""
    take_news(db)
    return {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}


LISTS = (
    "sessions_status",
    "sessions_source",
    "sessions_label",
    "sessions_workspace",
    "sessions_bookmarked",
    "events_failed",
)


def drop_later(db: apsw.Connection) -> None:
    """Leave the database as it was before there were rollups, further indexes, settings and an audit log."""
    drop_rollups(db)
    for table in ("project_settings", "audit"):
        db.execute(f"DROP TABLE {table}")
    db.execute("DROP INDEX sessions_rested")
    for index in LISTS:
        db.execute(f"DROP INDEX {index}")


def drop_rollups(db: apsw.Connection) -> None:
    """Leave the database without rollups."""
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    for table in (*TABLES, "latency_news"):
        db.execute(f"DROP TABLE {table}")
