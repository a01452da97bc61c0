"""Narrowing: the sessions that one member of a filter leaves, listed by an index alone, and what such lists tell.

A question about sessions that are hard to find by walking through all in order is easy when one of its conditions holds
for few: this module knows for each condition the index that lists its sessions. Rows of ``sessions`` are not read.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Final

import apsw
from msgspec import Struct
from msgspec.structs import replace

from playhead.model.filters import SessionFilter
from playhead.store.payload import from_json
from playhead.store.rows import comparable
from playhead.store.spans import EVERY
from playhead.store.sqlite.filters_sql import BOUND

ORDERS: Final = {
    "started_us": "sessions_started",
    "cost_nanos": "sessions_cost",
    "tokens": "sessions_tokens",
    "duration_us": "sessions_duration",
    "interactions": "sessions_interactions",
    "errors": "sessions_errors",
}
"""The index of each column that lists are sorted by."""
TOLD: Final = {
    "started_us": {"started_us"},
    "errors": {"started_us", "errors"},
    "duration_us": set(ORDERS),
    **dict.fromkeys(("cost_nanos", "tokens", "interactions"), set(ORDERS) - {"duration_us"}),
}
"""What stands in the index of each order."""
COLUMNS: Final = {
    "user_id": "sessions_user",
    "label": "sessions_label",
    "workspace_id": "sessions_workspace",
    "feature": "sessions_feature",
    "source": "sessions_source",
    "status": "sessions_status",
}
"""Members that have an index of their own, with the start behind them."""
BOOKMARKED: Final = "sessions_bookmarked"
BY_START: Final = {*COLUMNS.values(), BOOKMARKED, ORDERS["started_us"]}
"""Indexes that list the sessions of one member in order of their start."""
RANGES: Final = {
    "started_us": ("started_from_us", "started_until_us"),
    "cost_nanos": ("min_cost_nanos", "max_cost_nanos"),
    "tokens": ("min_tokens", "max_tokens"),
    "duration_us": ("min_duration_us", "max_duration_us"),
    "interactions": ("min_interactions",),
}


class Listing(Struct, frozen=True):
    """SQL that lists the sessions (``no``) of one member of a filter; ``own``: of the project alone; ``index``: that of
    ``sessions`` which it reads, if it does."""

    sql: str
    values: list[str | int]
    own: bool = True
    index: str = ""

    def numbers(self, db: apsw.Connection, limit: int) -> list[int]:
        """Return sessions, up to a limit; as one value, because each row costs a lock."""
        found: list[int] = from_json(
            db.execute(f"SELECT json_group_array(no) FROM ({self.sql} LIMIT ?)", [*self.values, limit]).get
        )
        return found

    def sessions(self) -> tuple[str, list[str | int]]:
        """Return SQL for the sessions ``s`` that are listed, beside the filter's condition, and the values it binds."""
        if self.index:
            return f"sessions s INDEXED BY {self.index}", []
        return f"({self.sql}) AS listed CROSS JOIN sessions s ON s.no = listed.no", self.values

    def count(self, db: apsw.Connection, limit: int) -> int:
        """Return how many there are, up to a limit."""
        return int(db.execute(f"SELECT count(*) FROM ({self.sql} LIMIT ?)", [*self.values, limit]).get)


def listings_of(project: int, where: SessionFilter) -> list[Listing]:
    """Return a listing of each member of a filter, those first that are usually short; but none of ``bookmarked=False``
    and of a search (see ``holders``)."""
    return [
        *(
            Listing(
                "SELECT session_no AS no FROM session_metadata WHERE name = ? AND value = ?", [name, text], own=False
            )
            for name, text in where.metadata.items()
        ),
        *(Listing("SELECT session_no AS no FROM session_tags WHERE tag = ?", [tag], own=False) for tag in where.tags),
        *_columns(project, where),
        *_models(where),
        *_ranges(project, where),
    ]


def is_covered(where: SessionFilter, column: str) -> bool:
    """Say whether the index of an order tells which sessions match, without a look at their rows."""
    told = TOLD[column]
    bounds = {name: None for each in told for name in RANGES.get(each, ())}
    has_errors = None if "errors" in told else where.has_errors
    return replace(where, has_errors=has_errors, **bounds) == EVERY


def few_sessions(db: apsw.Connection, listings: list[Listing], limit: int) -> array[int] | None:
    """Return the numbers of up to ``limit`` sessions among which are all that match, or None where every listing is
    longer. They may be another project's or fail other members: the filter is still to be asked."""
    for listing in listings:
        found = listing.numbers(db, limit + 1)
        if len(found) <= limit:
            return array("q", sorted(set(found)))
    return None


def shortest_of(db: apsw.Connection, listings: list[Listing], limit: int) -> tuple[Listing | None, int]:
    """Return the shortest listing and its length, or None and the limit where no listing is shorter than that."""
    shortest, length = None, limit
    for listing in listings:
        if (found := listing.count(db, length)) < length:
            shortest, length = listing, found
    return shortest, length


def _columns(project: int, where: SessionFilter) -> Iterator[Listing]:
    of_project = "SELECT no FROM sessions WHERE project_no = ?"
    for name, index in COLUMNS.items():
        if (value := getattr(where, name)) is not None:
            yield Listing(f"{of_project} AND {name} = ?", [project, value], index=index)
    if where.bookmarked:
        yield Listing(f"{of_project} AND bookmarked = 1", [project], index=BOOKMARKED)
    if where.has_errors is not None:
        yield Listing(
            f"{of_project} AND errors {'>' if where.has_errors else '='} 0", [project], index=ORDERS["errors"]
        )


def _models(where: SessionFilter) -> Iterator[Listing]:
    models = "SELECT session_no AS no FROM session_models WHERE"
    if where.model is not None:
        yield Listing(f"SELECT DISTINCT no FROM ({models} model = ?)", [where.model], own=False)
    if where.provider is not None:
        yield Listing(f"SELECT DISTINCT no FROM ({models} provider = nullif(?, ''))", [where.provider], own=False)


def _ranges(project: int, where: SessionFilter) -> Iterator[Listing]:
    for column, members in RANGES.items():
        bounds = [(BOUND[name], comparable(value)) for name in members if (value := getattr(where, name)) is not None]
        if bounds:
            conditions = " AND ".join(sql for sql, _ in bounds)
            sql = f"SELECT s.no FROM sessions s WHERE s.project_no = ? AND {conditions} ORDER BY s.{column}"
            yield Listing(sql, [project, *(value for _, value in bounds)], index=ORDERS[column])
