"""A store on a directory of its own, closed when the test is over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from playhead.store.sqlite.store import SqliteStore, open_sqlite


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqliteStore]:
    store = open_sqlite(tmp_path / "data")
    yield store
    store.close()
