"""A store on a directory of its own, closed when the test is over; and one for a module, of sessions of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from tests.store.sqlite.various import record_various

from playhead.store.sqlite.connection import open_reader
from playhead.store.sqlite.store import SqliteStore, open_sqlite


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqliteStore]:
    store = open_sqlite(tmp_path / "data")
    yield store
    store.close()


@pytest.fixture(scope="module")
def various_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("various")


@pytest.fixture(scope="module")
def various(various_dir: Path) -> Iterator[SqliteStore]:
    store = open_sqlite(various_dir)
    record_various(store)
    yield store
    store.close()


@pytest.fixture(scope="module")
def various_db(various: SqliteStore, various_dir: Path) -> Iterator[apsw.Connection]:
    db = open_reader(various_dir)
    yield db
    db.close()
