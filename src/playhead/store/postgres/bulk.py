"""Many rows in one statement: by COPY where they are only added, as arrays where a statement does more with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from playhead.store.postgres.connection import Db
from playhead.store.rows import Row

Columns: TypeAlias = dict[str, str]
"""Names of columns and their types, in the order of the rows' values."""

SMALL: Final = 4
"""Fewer rows than this are inserted plainly: a COPY costs two more answers of the server."""


def add_rows(db: Db, table: str, columns: Columns, rows: Sequence[Row]) -> None:
    """Add rows that are not there."""
    if len(rows) < SMALL:
        insert_rows(db, f"INSERT INTO {table} ({', '.join(columns)})", columns, rows)
        return
    with db.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(list(columns.values()))
        for row in rows:
            copy.write_row(row)


def insert_rows(db: Db, head: str, columns: Columns, rows: Sequence[Row], tail: str = "") -> None:
    """Run ``head``, a selection of all the rows and ``tail`` as one statement; nothing where there are no rows."""
    if rows:
        db.execute(f"{head} SELECT * FROM {given(columns)} {tail}", arrays(columns, rows))


def given(columns: Columns, name: str = "given") -> str:
    """Return SQL for a table of rows that are bound as ``arrays``."""
    return f"unnest({', '.join(f'%b::{type_}[]' for type_ in columns.values())}) AS {name} ({', '.join(columns)})"


def arrays(columns: Columns, rows: Sequence[Row]) -> list[list[object]]:
    """Return rows as one array a column."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in columns]
