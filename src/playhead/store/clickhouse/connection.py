"""The connection to ClickHouse: queries, inserts and statements, in the store's own words for what goes wrong.

Owns the driver and every setting that a request carries. A client may be used by many threads at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, Final, TypeAlias
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from msgspec import Struct

from playhead.errors import BadSetting, NewerDatabase, StoreFull, Unavailable
from playhead.store.clickhouse.schema import (
    TABLES,
    VERSION,
    Layout,
    note_statement,
    noted,
    quoted,
    statements,
    ttl_statements,
    upgrade_statements,
)
from playhead.store.rows import Row

PORTS: Final = {"clickhouse": 8123, "clickhouses": 8443}
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
"""Hosts to which nothing is compressed on the way."""
CONNECT_S: Final = 10
ANSWER_S: Final = 60
NO_SPACE: Final = {243, 252}  # NOT_ENOUGH_SPACE, TOO_MANY_PARTS: both pass
FULL: Final = "ClickHouse has no room at the moment"
ROOM_BYTES: Final = 32 << 20
"""What a disk has to have free for a write that failed to be worth another try: as much as a large group takes."""
BESIDE: Final = 3
"""How many inserts of a group are under way at a time."""
OLDEST_TEXT_INDEX: Final = (26, 2)
OLDEST_LATENCY_STATES: Final = (24, 8)

READING: Final = {
    "do_not_merge_across_partitions_select_final": 1,  # a key lies in one partition
    "max_query_size": 4 << 20,
}
CLUSTERED: Final = {
    "distributed_foreground_insert": 1,  # answered when the shard has it
    "distributed_product_mode": "local",  # rows of one session lie on one shard
    "insert_quorum_timeout": 30_000,
}

Insert: TypeAlias = Callable[[str, Mapping[str, str], Sequence[Row]], None]
"""Inserts rows into a table: its name, names and types of its columns, the rows."""
INDEXED_LATER: Final = {"exclude_materialize_skip_indexes_on_insert": "words"}
"""The full-text index of a part is built when it is first merged. Until then its texts are read."""

log = logging.getLogger("playhead.store")


class Address(Struct, frozen=True):
    """Where a database is, taken from a URL."""

    host: str
    port: int
    user: str
    password: str
    database: str
    secure: bool

    def __repr__(self) -> str:
        return f"Address({self.host}:{self.port}/{self.database})"


def address_of(url: str) -> Address:
    """Return what ``clickhouse://user:password@host:port/database`` names; ``clickhouses`` stands for TLS.

    Raises BadSetting, without repeating the URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise BadSetting("PLAYHEAD_DATABASE_URL: expected clickhouse://user:password@host:port/database") from None
    database = unquote(parts.path.strip("/")) or "playhead"
    if not parts.hostname:
        raise BadSetting("PLAYHEAD_DATABASE_URL: names no host")
    user, password = unquote(parts.username or "default"), unquote(parts.password or "")
    return Address(parts.hostname, port, user, password, database, secure=parts.scheme == "clickhouses")


class Connection:
    """A database of ClickHouse, with its tables; made by ``connect``."""

    def __init__(self, client: Client, database: str, layout: Layout) -> None:
        self._client = client
        self._database = quoted(database)
        self._closed = False
        self._beside = ThreadPoolExecutor(BESIDE, thread_name_prefix="playhead-insert")
        self.layout = layout

    def query(self, sql: str, values: Mapping[str, Any] | None = None, *, raw: Sequence[str] = ()) -> Sequence[Row]:
        """Return the rows of a query; columns named in ``raw`` come as bytes. Raises Unavailable.

        ``{name:Type}`` stands for a value in the query, and a table's name for one of this database.
        """
        self.refuse_if_closed()
        formats: dict[str, Any] = dict.fromkeys(raw, "bytes")
        try:
            answer = self._client.query(sql, parameters=dict(values or {}), column_formats=formats)
        except ClickHouseError as error:
            raise failure(error) from error
        return [tuple(row) for row in answer.result_rows]

    def insert(self, table: str, columns: Mapping[str, str], rows: Sequence[Row]) -> None:
        """Insert rows, on stable storage when this returns. ``columns`` are names and types. Raises Unavailable."""
        self.refuse_if_closed()
        if not rows:
            return
        try:
            self._client.insert(
                f"{self._database}.{table}",
                list(zip(*rows, strict=True)),
                column_names=list(columns),
                column_type_names=list(columns.values()),
                column_oriented=True,
                settings=INDEXED_LATER if self.layout.text_index else None,
            )
        except ClickHouseError as error:
            raise failure(error) from error

    @contextmanager
    def inserting(self) -> Iterator[Insert]:
        """Yield what inserts like ``insert``, beside the block; all of it is on stable storage when the block ends.

        Raises Unavailable when one of these inserts failed, once none is under way any more.
        """
        under_way: list[Future[None]] = []

        def insert(table: str, columns: Mapping[str, str], rows: Sequence[Row]) -> None:
            under_way.append(self._beside.submit(self.insert, table, columns, rows))

        try:
            yield insert
        finally:
            wait(under_way)
        for each in under_way:
            each.result()

    def delete(self, table: str, condition: str, values: Mapping[str, Any]) -> None:
        """Remove rows from the disk: their parts are written anew without them. Raises Unavailable."""
        self.refuse_if_closed()
        name = f"{self._database}.{table}{self.layout.suffix}{self.layout.on_cluster}"
        try:
            self._client.command(
                f"ALTER TABLE {name} DELETE WHERE {condition}",
                parameters=dict(values),
                settings={"mutations_sync": 2},
            )
        except ClickHouseError as error:
            raise failure(error) from error

    def size_bytes(self) -> int:
        """Return how much the tables take on the disk of the server that answers."""
        names = ", ".join(f"'{table.name}{self.layout.suffix}'" for table in TABLES)
        rows = self.query(
            "SELECT sum(bytes_on_disk) FROM system.parts"
            f" WHERE active AND database = currentDatabase() AND table IN ({names})"
        )
        return int(rows[0][0])

    def count_sessions(self) -> int:
        """Return about how many sessions the server that answers has; earlier rows of a session may count too."""
        asked = "SELECT total_rows FROM system.tables WHERE database = currentDatabase() AND name = {name:String}"
        rows = self.query(asked, {"name": f"sessions{self.layout.suffix}"})
        return int(rows[0][0] or 0) if rows else 0

    def check(self) -> None:
        """Raise Unavailable when ClickHouse does not answer, StoreFull when no disk of it has room for a group."""
        if int(self.query("SELECT max(unreserved_space) FROM system.disks")[0][0]) < ROOM_BYTES:
            raise StoreFull(FULL)

    def close(self) -> None:
        """Close the connections; later calls raise Unavailable."""
        self._closed = True
        self._beside.shutdown()
        self._client.close()

    def refuse_if_closed(self) -> None:
        """Raise Unavailable once closed."""
        if self._closed:
            raise Unavailable("The store is closed")


def connect(address: Address, *, cluster: str | None = None, ttl_days: int | None = None) -> Connection:
    """Connect to a database, with its tables made where they are missing.

    Raises Unavailable when it cannot be reached or refuses, NewerDatabase when a newer program made its tables.
    """
    try:
        client = _client(address, None, {})
        version = _version(client.server_version or "0.0")
        layout = Layout(cluster, ttl_days, version >= OLDEST_TEXT_INDEX, version >= OLDEST_LATENCY_STATES)
        _prepare(client, address.database, layout)
        settings = READING | (CLUSTERED | {"insert_quorum": _replicas(client, cluster)} if cluster else {})
        client.close()
        return Connection(_client(address, address.database, settings), address.database, layout)
    except ClickHouseError as error:
        raise failure(error) from error


def _client(address: Address, database: str | None, settings: Mapping[str, Any]) -> Client:
    return clickhouse_connect.get_client(
        host=address.host,
        port=address.port,
        username=address.user,
        password=address.password,
        database=database or "default",
        secure=address.secure,
        connect_timeout=CONNECT_S,
        send_receive_timeout=ANSWER_S,
        client_name="playhead",
        settings=dict(settings),
        autogenerate_session_id=False,
        show_clickhouse_errors="scrub",
        compress=address.host not in LOOPBACK,
        dedicated_pool=True,
    )


def _version(text: str) -> tuple[int, int]:
    major, minor, *_ = text.split(".")
    return int(major), int(minor)


def _replicas(client: Client, cluster: str) -> int:
    """Return how many replicas a shard has: a row counts as stored when all of them have it."""
    found = client.query(
        "SELECT max(replica_num) FROM system.clusters WHERE cluster = {cluster:String}", {"cluster": cluster}
    ).result_rows[0][0]
    if not found:
        raise BadSetting("PLAYHEAD_CLICKHOUSE_CLUSTER: the server knows no cluster of this name")
    return int(found)


def _prepare(client: Client, database: str, layout: Layout) -> None:
    there = client.query("SELECT 1 FROM system.databases WHERE name = {name:String}", {"name": database}).result_rows
    if not there:
        client.command(f"CREATE DATABASE IF NOT EXISTS {quoted(database)}{layout.on_cluster}")
    comment = _comment(client, database, layout)
    if comment is None:
        _run(client, statements(database, layout))
        return
    version, ttl_days = noted(comment)
    if version > VERSION:
        raise NewerDatabase
    upgrade = upgrade_statements(database, layout) if version < VERSION else []
    ttl = ttl_statements(database, layout) if ttl_days != layout.ttl_days else []
    if version < VERSION or ttl:
        _run(client, [*upgrade, *ttl, note_statement(database, layout)])


def _comment(client: Client, database: str, layout: Layout) -> str | None:
    rows = client.query(
        "SELECT comment FROM system.tables WHERE database = {database:String} AND name = {name:String}",
        {"database": database, "name": f"sessions{layout.suffix}"},
    ).result_rows
    return rows[0][0] if rows else None


def _run(client: Client, texts: Sequence[str]) -> None:
    for text in texts:
        client.command(text)


def failure(error: ClickHouseError) -> Unavailable:
    """Return the store's word for what ClickHouse or the driver says."""
    log.warning("ClickHouse: %s", error)
    code = getattr(error, "code", None)
    if code in NO_SPACE:
        return StoreFull(FULL)
    return Unavailable(f"ClickHouse cannot do this at the moment{f' (code {code})' if code else ''}")
