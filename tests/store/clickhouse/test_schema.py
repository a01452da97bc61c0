"""The tables: as text where only a cluster could show more, and in the engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.store.build import T0, action, found, interaction, new_session, record
from tests.support.clickhouse import ClickHouse

from playhead.errors import NewerDatabase, SessionErased, SessionNotFound
from playhead.store.clickhouse.connection import address_of, connect
from playhead.store.clickhouse.schema import (
    TABLES,
    VERSION,
    Layout,
    note,
    noted,
    statements,
    ttl_statements,
    upgrade_statements,
)
from playhead.store.clickhouse.sqlite_book import SqliteBook
from playhead.store.clickhouse.store import ClickHouseStore
from playhead.store.memory import MemoryStore

DAY_US = 86_400_000_000


def text_of(layout: Layout) -> list[str]:
    return statements("play`head", layout)


def test_a_cluster_has_replicated_tables_on_all_servers_and_distributed_ones_before_them() -> None:
    made = text_of(Layout(cluster="main"))
    assert len(made) == 2 * len(TABLES)
    assert all(" ON CLUSTER `main`" in text for text in made)
    for table, local, distributed in zip(TABLES, made[::2], made[1::2], strict=True):
        assert local.startswith(f"CREATE TABLE IF NOT EXISTS `play\\`head`.{table.name}_shard ON CLUSTER")
        path = f"'/clickhouse/tables/{{shard}}/{{database}}/{table.name}_shard', '{{replica}}'"
        assert f"ENGINE = ReplicatedReplacingMergeTree({path}, {table.version})" in local
        assert distributed.startswith(f"CREATE TABLE IF NOT EXISTS `play\\`head`.{table.name} ON CLUSTER")
        named = f"`main`, `play\\`head`, {table.name}_shard, cityHash64(project_no, no)"
        assert distributed.endswith(f"ENGINE = Distributed({named})")


def test_one_server_has_plain_tables() -> None:
    made = "\n".join(text_of(Layout()))
    assert not any(word in made for word in ("CLUSTER", "Replicated", "Distributed", "_shard", "TTL created"))


@pytest.mark.parametrize("layout", [Layout(), Layout(cluster="main"), Layout(ttl_days=7)])
def test_every_insert_waits_for_the_disk(layout: Layout) -> None:
    tables = [text for text in text_of(layout) if "MergeTree" in text]
    assert len(tables) == len(TABLES)
    assert all("fsync_after_insert = 1, fsync_part_directory = 1" in text for text in tables)


def test_all_rows_of_a_session_go_on_the_same_day() -> None:
    assert all("TTL created + INTERVAL 30 DAY" in text for text in text_of(Layout(ttl_days=30)))
    assert ttl_statements("d", Layout(ttl_days=7))[0] == "ALTER TABLE `d`.events MODIFY TTL created + INTERVAL 7 DAY"
    assert ttl_statements("d", Layout(cluster="c"))[0] == "ALTER TABLE `d`.events_shard ON CLUSTER `c` REMOVE TTL"


def test_a_server_that_cannot_keep_projections_gets_none() -> None:
    assert upgrade_statements("d", Layout(latency_states=False)) == []
    assert not any("PROJECTION" in text or "projection" in text for text in text_of(Layout(latency_states=False)))
    made = upgrade_statements("d", Layout(cluster="c"))
    assert all(text.startswith("ALTER TABLE `d`.events_shard ON CLUSTER `c` ") for text in made)


@pytest.mark.parametrize("days", [None, 30])
def test_the_tables_say_who_made_them(days: int | None) -> None:
    assert noted(note(Layout(ttl_days=days))) == (VERSION, days)


def ttl_of(clickhouse: ClickHouse, url: str) -> set[bool]:
    database = address_of(url).database
    shown = (clickhouse.query(f"SHOW CREATE TABLE {database}.{table.name}") for table in TABLES)
    return {"TTL created + toIntervalDay(9)" in text for text in shown}


def test_a_ttl_can_be_set_and_taken_away_later(clickhouse: ClickHouse) -> None:
    url = clickhouse.new_database()
    seen = []
    for days in (None, 9, 9, None):
        connect(address_of(url), ttl_days=days).close()
        seen.append(ttl_of(clickhouse, url))
    assert seen == [{False}, {True}, {True}, {False}]


def test_tables_that_a_newer_program_made_are_refused(clickhouse: ClickHouse) -> None:
    url = clickhouse.new_database()
    connect(address_of(url)).close()
    clickhouse.query(f"ALTER TABLE {address_of(url).database}.sessions MODIFY COMMENT 'playhead {VERSION + 1} ttl 0'")
    with pytest.raises(NewerDatabase):
        connect(address_of(url))


def test_nothing_is_added_to_a_session_whose_time_is_over(clickhouse: ClickHouse, tmp_path: Path) -> None:
    connection = connect(address_of(clickhouse.new_database()), ttl_days=10)
    book = SqliteBook(tmp_path)
    store = ClickHouseStore(connection, book, MemoryStore())
    try:
        project = store.ensure_project("mine", T0).no
        with book.open_page() as page:
            now_us = page.clock_us
        record(store, project, "young", action("a"), now_us=now_us - 9 * DAY_US)
        assert store.append(project, "young", [action("b")], now_us).result()[0].seq == 2
        store.start_session(project, new_session("old"), now_us - 11 * DAY_US).result()
        with pytest.raises(SessionNotFound):
            store.append(project, "old", [action("a")], now_us).result()
        with pytest.raises(SessionErased):
            store.start_session(project, new_session("old"), now_us).result()
    finally:
        store.close()


def test_a_server_without_a_text_index_finds_the_same(clickhouse: ClickHouse, tmp_path: Path) -> None:
    url = clickhouse.new_database()
    connection = connect(address_of(url))
    connection.layout = replace(connection.layout, text_index=False)
    store = ClickHouseStore(connection, SqliteBook(tmp_path), MemoryStore())
    try:
        project = store.ensure_project("mine", T0).no
        record(store, project, "s1", interaction("i", prompt="a needle in the hay"), action("a", action="needles"))
        assert found(store, project, "needle") == {("s1", 1)}
        assert found(store, project, '"needle in"') == {("s1", 1)}
        assert found(store, project, "needle*") == {("s1", 1), ("s1", 2)}
    finally:
        store.close()
