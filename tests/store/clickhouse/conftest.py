"""Engines of their own for tests that kill them, and stores on one database that others may open too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.clickhouse import clickhouse, start_clickhouse
from tests.support.ports import own_port
from tests.support.postgres import postgres

from playhead.store.clickhouse.store import ClickHouseStore
from playhead.store.opening import open_engine
from playhead.store.place import Place

__all__ = ["clickhouse", "postgres"]


class Installation:
    """An engine that may be killed, and a store on it, with SQLite beside it in a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.engine = start_clickhouse(directory / "engine", own_port())
        self.database = "playhead"
        self.store = self.open()

    def open(self) -> ClickHouseStore:
        """Open a store, as a server does when it starts."""
        store = open_engine(Place(self._directory / "data", self.engine.url(self.database))).store
        assert isinstance(store, ClickHouseStore)
        return store

    def start_again(self) -> None:
        """Start the engine where it was."""
        self.engine.process.wait(20)
        self.engine = start_clickhouse(self.engine.data_dir, self.engine.port)

    def die_after(self, statement: str) -> None:
        """Let the engine die when it has done a statement about a table, and before it says so."""
        verb, _, table = statement.rpartition(" ")
        self.engine.die_after(f"{verb} `{self.database}`.{table} ")

    def count(self, table: str) -> int:
        """Return how many rows lie in a table, read or not."""
        return int(self.engine.query(f"SELECT count() FROM {self.database}.{table}"))

    def remove(self) -> None:
        """Close the store and end the engine."""
        self.store.close()
        self.engine.kill()


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An installation of one server."""
    made = Installation(tmp_path)
    yield made
    made.remove()
