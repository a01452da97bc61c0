"""Opening: which engine keeps the recordings of a place. The one module that knows all engines by name.

Only the engine that is asked for is loaded, so that each driver is wanted by its own users alone. URLs hold passwords:
what is raised or logged here names the setting and the scheme, and never repeats a URL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from msgspec import Struct

from playhead.errors import BadSetting, StoreFull, Unavailable
from playhead.store.base import Registry, Store
from playhead.store.place import DATABASE_URL, Place, scheme_of
from playhead.store.write_queue import MAX_BYTES


class Engine(Store, Registry, Protocol):
    """An engine that keeps sessions and keys alike."""


class Opened(Struct, frozen=True):
    """An open engine: both of its protocols, and how both are closed."""

    store: Store
    registry: Registry
    close: Callable[[], None]


def open_engine(place: Place, *, max_bytes: int = MAX_BYTES) -> Opened:
    """Open what a place names, made or brought up to date where that is needed.

    ``max_bytes`` bounds what waits to be written. Raises BadSetting for a URL that names no engine, or one whose driver
    is not installed, and for a directory that cannot be written; NewerDatabase; StoreFull when there is no room for a
    new database; Unavailable when a database cannot be reached or read.
    """
    if place.database_url is None:
        return _sqlite(place, max_bytes)
    scheme = scheme_of(place.database_url)
    if scheme not in ENGINES:
        raise BadSetting(
            f"{DATABASE_URL}: expected a URL that begins with {' or '.join(f'{each}://' for each in URLS)}"
        )
    return ENGINES[scheme](place, max_bytes)


def _whole(engine: Engine) -> Opened:
    return Opened(engine, engine, engine.close)


def _sqlite(place: Place, max_bytes: int) -> Opened:
    import apsw  # noqa: PLC0415  # only the engine that is named is loaded

    from playhead.store.sqlite.store import open_sqlite  # noqa: PLC0415  # as above

    try:
        return _whole(open_sqlite(place.data_dir, max_bytes=max_bytes))
    except apsw.FullError as error:
        raise StoreFull(f"there is no room left on the disk for the recordings in {place.data_dir}") from error
    except (OSError, apsw.CantOpenError, apsw.ReadOnlyError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise BadSetting(
            f"cannot keep recordings in {place.data_dir}: {reason}; "
            "--data-dir or PLAYHEAD_DATA_DIR names another directory"
        ) from error
    except apsw.Error as error:
        raise Unavailable(
            f"the recordings in {place.data_dir} cannot be opened: {error}; `playhead doctor` examines them"
        ) from error


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
