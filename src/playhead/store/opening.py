"""Opening: which engine keeps the recordings, and where. The one place that knows all engines by name.

A ``Place`` is a directory for SQLite, or the URL of a database whose scheme names the engine. Only the engine that is
asked for is loaded, so that each driver is wanted by its own users alone. URLs hold passwords: what is raised or logged
here names the setting and the scheme, and never repeats a URL.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from msgspec import Struct

from playhead.errors import BadSetting
from playhead.store.base import Registry, Store
from playhead.store.write_queue import MAX_BYTES

DATABASE_URL: Final = "PLAYHEAD_DATABASE_URL"
REGISTRY_URL: Final = "PLAYHEAD_REGISTRY_URL"


class Engine(Store, Registry, Protocol):
    """An engine that keeps sessions and keys alike."""


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


class Opened(Struct, frozen=True):
    """An open engine: both of its protocols, and how both are closed."""

    store: Store
    registry: Registry
    close: Callable[[], None]


def open_engine(place: Place, *, max_bytes: int = MAX_BYTES) -> Opened:
    """Open what a place names, made or brought up to date where that is needed.

    ``max_bytes`` bounds what waits to be written. Raises BadSetting for a URL that names no engine, or one whose driver
    is not installed; NewerDatabase; Unavailable when a database cannot be reached.
    """
    if place.database_url is None:
        return _sqlite(place, max_bytes)
    scheme = scheme_of(place.database_url)
    if scheme not in ENGINES:
        raise BadSetting(
            f"{DATABASE_URL}: expected a URL that begins with {' or '.join(f'{each}://' for each in URLS)}"
        )
    return ENGINES[scheme](place, max_bytes)


def scheme_of(url: str) -> str:
    """Return the scheme of a URL in small letters; empty when it has none."""
    scheme, separator, _ = url.partition("://")
    return scheme.lower() if separator else ""


def _whole(engine: Engine) -> Opened:
    return Opened(engine, engine, engine.close)


def _sqlite(place: Place, max_bytes: int) -> Opened:
    from playhead.store.sqlite.store import open_sqlite  # noqa: PLC0415  # only the engine that is named is loaded

    return _whole(open_sqlite(place.data_dir, max_bytes=max_bytes))


def _postgres(place: Place, max_bytes: int) -> Opened:
    try:
        from playhead.store.postgres.store import open_postgres  # noqa: PLC0415  # only the engine that is named
    except ImportError as error:
        raise missing_driver("postgres") from error
    _, _, rest = (place.database_url or "").partition("://")
    return _whole(open_postgres(f"postgresql://{rest}", max_bytes=max_bytes))


def _clickhouse(place: Place, max_bytes: int) -> Opened:
    try:
        from playhead.store.clickhouse.opening import open_clickhouse  # noqa: PLC0415  # only the engine that is named
    except ImportError as error:
        raise missing_driver("clickhouse,postgres") from error
    return _whole(open_clickhouse(place, max_bytes=max_bytes))


def missing_driver(extra: str) -> BadSetting:
    """Return the failure that says which extra brings an engine's driver."""
    return BadSetting(f'{DATABASE_URL}: its driver is not installed; pip install "playhead[{extra}]"')


_Open: TypeAlias = Callable[[Place, int], Opened]
ENGINES: Final[dict[str, _Open]] = {
    "postgresql": _postgres,
    "postgres": _postgres,
    "clickhouse": _clickhouse,
    "clickhouses": _clickhouse,
}
"""By scheme, in small letters."""
URLS: Final = ("postgresql", "clickhouse")
"""The schemes that are told to whoever names another."""
