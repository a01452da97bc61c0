"""Vacuum: giving free pages back to the file system, a few at a time.

Owns ``auto_vacuum``: a new file keeps the maps by which pages at its end can be moved into gaps; an old one gets them
when it is compacted. Free pages hold nothing (``secure_delete``), whether they have been given back or not.
"""

from __future__ import annotations

import apsw

STEP_PAGES = 64
KEPT_PAGES = 64
"""How many free pages stay for what is written next."""
INCREMENTAL = 2
GAPS = 0.1
PATIENCE_MS = 10_000


def allow_vacuum(db: apsw.Connection) -> None:
    """Have a database keep the maps; to be called before there is anything in it, and without effect later.

    To set what is set already would write, which a full disk or one that is read only does not take.
    """
    if not keeps_maps(db):
        db.pragma("auto_vacuum", "INCREMENTAL")


def keeps_maps(db: apsw.Connection, schema: str = "main") -> bool:
    """Say whether a database can give pages back without being written anew."""
    return bool(db.pragma("auto_vacuum", schema=schema) == INCREMENTAL)


def free_pages(db: apsw.Connection) -> int:
    """Return how many pages could be given back."""
    return max(0, int(db.pragma("freelist_count")) - KEPT_PAGES) if keeps_maps(db) else 0


def give_back(db: apsw.Connection) -> int:
    """Give a step's worth of pages back, in the writer's transaction; return how many could be next."""
    free = free_pages(db)
    if free:
        db.execute(f"PRAGMA incremental_vacuum({min(STEP_PAGES, free)})").fetchall()
    return free_pages(db)


def give_back_step(db: apsw.Connection) -> int:
    """Do the same in a transaction of its own."""
    if not free_pages(db):
        return 0
    with db:
        give_back(db)
    return free_pages(db)


def is_due(db: apsw.Connection) -> bool:
    """Say whether a file would become smaller by more than a tenth if it were written without gaps."""
    unused, total = db.execute("SELECT sum(unused), sum(pgsize) FROM dbstat").get
    free = int(db.pragma("freelist_count")) * int(db.pragma("page_size"))
    return not keeps_maps(db) or free + (unused or 0) > GAPS * (free + (total or 0))


def rewrite(db: apsw.Connection) -> bool:
    """Write a file anew without gaps and with the maps; False when anybody else has it open.

    Leaving the write-ahead log is possible only to the one that has the file alone, and keeps others out until it is
    used again. Should the program end in between, the next to open the file goes on with the log.
    """
    db.set_busy_timeout(0)
    try:
        db.pragma("locking_mode", "EXCLUSIVE")
        if db.pragma("journal_mode", "DELETE") != "delete":
            return False
        db.execute("BEGIN EXCLUSIVE; COMMIT")
        db.pragma("temp_store", "FILE")
        allow_vacuum(db)
        db.execute("VACUUM")
    except (apsw.BusyError, apsw.LockedError):
        return False
    finally:
        db.pragma("locking_mode", "NORMAL")
        db.set_busy_timeout(PATIENCE_MS)
    db.pragma("journal_mode", "WAL")
    return True
