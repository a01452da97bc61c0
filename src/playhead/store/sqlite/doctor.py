"""The doctor: examines a data directory and tells how it is.

Opens the files to read only, beside a running server or without one, and changes nothing: neither migrates nor repairs.
What is checked is ``examination``'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import apsw

from playhead.store.health import Finding, Health, Size
from playhead.store.sqlite.connection import (
    DATABASE,
    SEARCH_DATABASE,
    attach_search,
    failure_of,
    has_no_room,
    open_reader,
)
from playhead.store.sqlite.examination import Examination, damaged, has_search, schemas

LARGE_LOG_BYTES = 256 << 20
FILES: Final = (DATABASE, f"{DATABASE}-wal", SEARCH_DATABASE, f"{SEARCH_DATABASE}-wal")
COUNTED: Final = ("projects", "keys", "sessions", "messages", "shares", "erased_sessions", "dictionaries")


def examine(data_dir: Path, /, *, thorough: bool = False) -> Health:
    """Return how the database in a directory is. Implements ``store.health.Doctor``. Raises StoreFull."""
    findings: list[Finding] = []
    tables: list[Size] = []
    counts: dict[str, int] = {}
    try:
        with closing(open_reader(data_dir, search=False)) as db:
            findings += _attached(db, data_dir)
            findings += Examination(db, thorough=thorough).findings()
            tables, counts = _tables(db), _counts(db)
    except apsw.Error as error:
        if has_no_room(error):
            raise failure_of(error, f"The database in {data_dir}") from error
        findings.append(damaged("database", error))
    findings += _log_sizes(data_dir)
    return Health("sqlite", str(data_dir), findings, _files(data_dir), tables, counts)


def _attached(db: apsw.Connection, data_dir: Path) -> Iterator[Finding]:
    """Attach the search index where it is there and can be read at all."""
    if not (data_dir / SEARCH_DATABASE).exists():
        return
    try:
        attach_search(db, data_dir)
        db.execute("SELECT count(*) FROM search.sqlite_schema").fetchall()
    except apsw.Error as error:
        if has_search(db):
            db.execute("DETACH search")
        yield damaged("pages", error, SEARCH_DATABASE)


def _tables(db: apsw.Connection) -> list[Size]:
    sizes: list[Size] = []
    for schema, _ in schemas(db):
        rows: list[Any] = db.execute(f"SELECT name, sum(pgsize) FROM dbstat('{schema}') GROUP BY name").fetchall()
        sizes += [Size(name, size) for name, size in rows]
    return sorted(sizes, key=lambda size: (-size.size_bytes, size.name))


def _counts(db: apsw.Connection) -> dict[str, int]:
    there = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    counts = {name: int(db.execute(f"SELECT count(*) FROM {name}").get) for name in COUNTED if name in there}
    events = db.execute("SELECT sum(events), sum(interactions) FROM sessions").get if "sessions" in there else (0, 0)
    return counts | {"events": events[0] or 0, "interactions": events[1] or 0}


def _files(data_dir: Path) -> list[Size]:
    return [Size(name, (data_dir / name).stat().st_size) for name in FILES if (data_dir / name).is_file()]


def _log_sizes(data_dir: Path) -> Iterator[Finding]:
    for size in _files(data_dir):
        if size.name.endswith("-wal") and size.size_bytes > LARGE_LOG_BYTES:
            yield Finding(
                "warning", "log", f"{size.name} has {size.size_bytes:,} bytes: some reader has been at work for long"
            )
