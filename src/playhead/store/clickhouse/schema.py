"""The ClickHouse tables, as numbered migrations. Read this first: the rest of the package speaks of these tables.

Three tables in one database. ``sessions`` has one row a session, ``events`` the log of every session, ``messages`` each
message of a session's conversations once. All replace: of rows with the same key the one with the highest version
counts, and every reader says FINAL. All are partitioned by the month in which a session first arrived (``created``,
the day, stands in each row), so that a session lies in one partition and goes as a whole when its time is over.

ClickHouse has no transactions that would span an insert and what depends on it, so a session is **a log with an end**,
and the end is kept elsewhere, in the book (see ``book``). Each event takes the next ``slot``, and so does each
completion of a pending one, which is a row of its own with the seq of the other: slots 1 to ``last_seq + changes``. A
group of writes (1) locks its sessions in the book, (2) inserts rows behind their ends, (3) commits the new ends in the
book, (4) inserts the sessions' rows, which say the new ends, and (5) is acknowledged. Readers ask ClickHouse alone:
they read a session's row first, and of its log nothing behind the end that it says.

- Killed between 2 and 3, a group leaves rows behind the end. Nobody reads them, and the next rows of the session, the
  retry's most likely, take their slots: ``attempt``, the book's clock under the lock, is the version, so that later
  ones win even over an insert that was thought lost and arrives late. Numbers of messages are used in the same way.
- Killed between 3 and 4, the session's row is behind the book. ``settling`` compares and inserts it again. Its version
  is the book's ``revision``, so that no row can take the place of a later one.

``messages`` are numbered within a session as they come; a prompt that is a list of them is kept in ``events.prompt`` as
runs of these numbers (first, count, first, count, …), and is null in the payload. A chat that sends its whole history
with every turn has one or two runs in each, so that a session of n turns costs n. ``seq`` is the event that brought a
message first, which is where search finds it.

``text`` holds the words of an event, or of a session's label and tags, as ``replay.words`` takes them apart: each
between spaces, each text on a line, so that a phrase is a substring; the first ``prompt_bytes`` are the prompt's.
``sessions.state`` is the state as JSON, which is what is answered; the columns beside it are for conditions, orders and
sums. Money is whole nano-dollars, times microseconds.

``events`` has a projection for percentiles of very many calls (see ``latency_states``), from version 2 on.

Columns of what is written once are compressed with zstandard. The index of ``events.text`` is not built by an insert,
which would take almost half of its time, but by the first merge; what is not indexed is read. An insert is on the disk
before it is answered (``fsync_after_insert``); in a cluster, on all replicas (``insert_quorum``).
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from playhead.store.clickhouse.latency_states import NAME, PROJECTION, SETTING

VERSION: Final = 2

SESSIONS: Final = """
    project_no UInt32, id String, no UInt64, created Date, revision UInt64, erased UInt8,
    slots UInt32, changes UInt32, messages UInt32,
    feature LowCardinality(String), source LowCardinality(String), status LowCardinality(String),
    user_id Nullable(String), label Nullable(String), workspace_id Nullable(String), tags Array(String),
    metadata Map(String, String), started_us Int64, duration_us Int64, bookmarked UInt8,
    interactions Int64, finished Int64, errors Int64, cost_nanos Int64, input_tokens Int64, output_tokens Int64,
    tokens Int64, unpriced Int64, dropped Int64,
    sums Nested (model String, provider String, interactions Int64, errors Int64, cost_nanos Int64, input_tokens Int64,
        output_tokens Int64),
    text String CODEC(ZSTD(1)), state String CODEC(ZSTD(1)),
    INDEX numbers no TYPE bloom_filter GRANULARITY 1{words}"""
EVENTS: Final = """
    project_no UInt32, no UInt64, slot UInt32, seq UInt32, change UInt32, pending UInt8, created Date, attempt UInt64,
    id String CODEC(ZSTD(1)), type UInt8, timestamp_us Int64 CODEC(Delta, ZSTD(1)),
    received_us Int64 CODEC(Delta, ZSTD(1)), error UInt8, latency_ms Nullable(Float64), size_bytes UInt64,
    model LowCardinality(Nullable(String)), provider LowCardinality(Nullable(String)), cost_nanos Int64,
    cost_source LowCardinality(String), input_tokens Nullable(Int64), output_tokens Nullable(Int64),
    cached_tokens Nullable(Int64), reasoning_tokens Nullable(Int64), first_token_ms Nullable(Float64),
    started_us Int64 CODEC(Delta, ZSTD(1)), feature LowCardinality(String), user_id LowCardinality(String),
    prompt Array(UInt32) CODEC(ZSTD(1)), payload String CODEC(ZSTD(1)), prompt_bytes UInt32,
    text String CODEC(ZSTD(1)), INDEX ids id TYPE bloom_filter GRANULARITY 1{words}{latencies}"""
MESSAGES: Final = """
    project_no UInt32, no UInt64, number UInt32, seq UInt32, created Date, attempt UInt64, hash FixedString(16),
    body String CODEC(ZSTD(1))"""
TEXT_INDEX: Final = ",\n    INDEX words text TYPE text(tokenizer = 'splitByNonAlpha')"

STATES: Final = f",\n    {PROJECTION}"

LOCAL: Final = "_shard"
"""Ends the names of a cluster's own tables; the plain names are the distributed ones."""


class Table(Struct, frozen=True):
    """One table: its columns, what versions a row, and its order, which is also its key."""

    name: str
    columns: str
    version: str
    order: str
    granularity: int


TABLES: Final = (
    Table("events", EVENTS, "attempt", "project_no, no, slot", 1024),
    Table("messages", MESSAGES, "attempt", "project_no, no, number", 1024),
    Table("sessions", SESSIONS, "revision, erased", "project_no, id", 256),
)


class Layout(Struct, frozen=True):
    """How the tables are made: in which cluster, if in one, and after how many days a session is forgotten, if ever.

    ``text_index`` says whether the server has a full-text index; without one, searching reads the texts.
    ``latency_states`` says whether it keeps projections of tables that replace; without, estimates read the calls.
    """

    cluster: str | None = None
    ttl_days: int | None = None
    text_index: bool = True
    latency_states: bool = True

    @property
    def suffix(self) -> str:
        """What ends the names of the tables that hold rows, where those that are asked are others."""
        return LOCAL if self.cluster else ""

    @property
    def on_cluster(self) -> str:
        """The clause that a statement about tables needs."""
        return f" ON CLUSTER {quoted(self.cluster)}" if self.cluster else ""


def quoted(name: str) -> str:
    """Return a name as SQL has it."""
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def statements(database: str, layout: Layout) -> list[str]:
    """Return what makes the tables that are not there, in a database that is; ``sessions`` comes last."""
    return [text for table in TABLES for text in _create(database, table, layout)]


def upgrade_statements(database: str, layout: Layout) -> list[str]:
    """Return what gives tables of version 1 the projection of latencies; ClickHouse fills it in the background."""
    if not layout.latency_states:
        return []
    events = f"ALTER TABLE {quoted(database)}.events{layout.suffix}{layout.on_cluster}"
    added = PROJECTION.replace("PROJECTION", "PROJECTION IF NOT EXISTS", 1)
    return [f"{events} MODIFY SETTING {SETTING}", f"{events} ADD {added}", f"{events} MATERIALIZE PROJECTION {NAME}"]


def ttl_statements(database: str, layout: Layout) -> list[str]:
    """Return what sets the TTL of tables that have another, or takes it away."""
    change = f"MODIFY {ttl}" if (ttl := _ttl(layout)) else "REMOVE TTL"
    names = (f"{quoted(database)}.{table.name}{layout.suffix}{layout.on_cluster}" for table in TABLES)
    return [f"ALTER TABLE {name} {change}" for name in names]


def note(layout: Layout) -> str:
    """Return the comment of ``sessions``: which version made the tables, and their TTL."""
    return f"playhead {VERSION} ttl {layout.ttl_days or 0}"


def note_statement(database: str, layout: Layout) -> str:
    """Return what leaves the note at the table of sessions."""
    return f"ALTER TABLE {quoted(database)}.sessions{layout.suffix}{layout.on_cluster} MODIFY COMMENT '{note(layout)}'"


def noted(comment: str) -> tuple[int, int | None]:
    """Return the version and the TTL in days that a note says."""
    _, version, _, ttl_days = comment.split(" ")
    return int(version), int(ttl_days) or None


def _create(database: str, table: Table, layout: Layout) -> list[str]:
    name = f"{quoted(database)}.{table.name}"
    words = TEXT_INDEX if layout.text_index else ""
    states = STATES if layout.latency_states else ""
    columns = table.columns.replace("{words}", words).replace("{latencies}", states)
    projecting = f", {SETTING}" if states and "{latencies}" in table.columns else ""
    local = (
        f"CREATE TABLE IF NOT EXISTS {name}{layout.suffix}{layout.on_cluster} ("
        f"{columns})\n"
        f"ENGINE = {_engine(table, layout)} PARTITION BY toYYYYMM(created) ORDER BY ({table.order}) {_ttl(layout)}\n"
        f"SETTINGS index_granularity = {table.granularity}, fsync_after_insert = 1, fsync_part_directory = 1,"
        f" old_parts_lifetime = 60{projecting}\nCOMMENT '{note(layout)}'"
    )
    if not layout.cluster:
        return [local]
    distributed = (
        f"CREATE TABLE IF NOT EXISTS {name}{layout.on_cluster} AS {name}{layout.suffix}\n"
        f"ENGINE = Distributed({quoted(layout.cluster)}, {quoted(database)}, {table.name}{layout.suffix},"
        " cityHash64(project_no, no))"
    )
    return [local, distributed]


def _engine(table: Table, layout: Layout) -> str:
    if not layout.cluster:
        return f"ReplacingMergeTree({table.version})"
    path = f"/clickhouse/tables/{{shard}}/{{database}}/{table.name}{layout.suffix}"
    return f"ReplicatedReplacingMergeTree('{path}', '{{replica}}', {table.version})"


def _ttl(layout: Layout) -> str:
    return f"TTL created + INTERVAL {layout.ttl_days:d} DAY" if layout.ttl_days else ""
