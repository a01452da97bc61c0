"""Places: where recordings are kept. A directory for SQLite, or the URL of a database whose scheme names the engine.

URLs hold passwords: a place that is shown names the scheme alone. Opens nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from msgspec import Struct

DATABASE_URL: Final = "PLAYHEAD_DATABASE_URL"
"""The setting that names a database."""


class Place(Struct, frozen=True):
    """Where recordings are: under a URL when there is one, else in a directory.

    Beside a ClickHouse, keys, shares and how far each session has come are in the PostgreSQL of ``registry_url``, else
    in the directory. ``cluster`` and ``ttl_days`` are ClickHouse's, see ``clickhouse.schema``.
    """

    data_dir: Path
    database_url: str | None = None
    registry_url: str | None = None
    cluster: str | None = None
    ttl_days: int | None = None

    def __repr__(self) -> str:
        return f"Place({str(self)!r})"

    def __str__(self) -> str:
        return str(self.data_dir) if self.database_url is None else f"the {scheme_of(self.database_url)} database"

    def exists(self) -> bool:
        """Whether a store was made here before; of a database on a network that is taken for granted."""
        return self.database_url is not None or (self.data_dir / "playhead.db").is_file()


def scheme_of(url: str) -> str:
    """Return the scheme of a URL in small letters; empty when it has none."""
    scheme, separator, _ = url.partition("://")
    return scheme.lower() if separator else ""
