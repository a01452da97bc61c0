"""Opening ClickHouse: the database, the book, and the engine beside them that keeps keys and shares.

Owns what stands beside what: a PostgreSQL when one is named, for any number of servers; else SQLite in the data
directory, for one.
"""

from __future__ import annotations

from contextlib import ExitStack

from playhead.errors import BadSetting
from playhead.store.clickhouse.book import LedgerBook
from playhead.store.clickhouse.connection import address_of, connect
from playhead.store.clickhouse.registry import Beside
from playhead.store.clickhouse.store import ClickHouseStore
from playhead.store.place import Place
from playhead.store.write_queue import MAX_BYTES, MAX_CHANGES

POSTGRESQL = ("postgresql://", "postgres://")


def open_clickhouse(place: Place, *, max_changes: int = MAX_CHANGES, max_bytes: int = MAX_BYTES) -> ClickHouseStore:
    """Open the store that a place with a ClickHouse URL names, made or brought up to date.

    ``max_changes`` and ``max_bytes`` bound what waits to be written. Raises BadSetting, NewerDatabase, Unavailable.
    """
    address = address_of(place.database_url or "")
    with ExitStack() as undone:
        book, beside = _beside_postgres(place.registry_url) if place.registry_url else _beside_sqlite(place)
        undone.callback(beside.close)
        undone.callback(book.close)
        connection = connect(address, cluster=place.cluster, ttl_days=place.ttl_days)
        undone.pop_all()
        return ClickHouseStore(connection, book, beside, max_changes=max_changes, max_bytes=max_bytes)


def _beside_sqlite(place: Place) -> tuple[LedgerBook, Beside]:
    from playhead.store.clickhouse.sqlite_book import SqliteBook  # noqa: PLC0415  # only what is named is loaded
    from playhead.store.sqlite.store import open_sqlite  # noqa: PLC0415

    return SqliteBook(place.data_dir), open_sqlite(place.data_dir)


def _beside_postgres(url: str) -> tuple[LedgerBook, Beside]:
    if not url.lower().startswith(POSTGRESQL):
        raise BadSetting("PLAYHEAD_REGISTRY_URL: expected a URL that begins with postgresql://")
    from playhead.store.clickhouse.postgres_book import PostgresBook  # noqa: PLC0415  # only what is named is loaded
    from playhead.store.postgres.store import open_postgres  # noqa: PLC0415

    _, _, rest = url.partition("://")
    url = f"postgresql://{rest}"
    beside = open_postgres(url)
    return PostgresBook(url), beside
