"""The engines, each of which must pass everything in ``contract/``. A new one joins by a line in ENGINES."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.store.build import T0, Engine, OpenEngine
from tests.support.clickhouse import open_clickhouse_for
from tests.support.postgres import open_postgres_for

from playhead.store.memory import MemoryStore
from playhead.store.sqlite.store import open_sqlite


def _open_memory(data_dir: Path) -> Engine:
    return MemoryStore()


ENGINES: dict[str, OpenEngine] = {
    "memory": _open_memory,
    "sqlite": open_sqlite,
    "postgres": open_postgres_for,
    "clickhouse": open_clickhouse_for,
}


@pytest.fixture(params=list(ENGINES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty store of each engine."""
    engine = ENGINES[request.param](tmp_path / "data")
    yield engine
    engine.close()


@pytest.fixture
def project(store: Engine) -> int:
    return store.ensure_project("mine", T0).no


@pytest.fixture
def other_project(store: Engine, project: int) -> int:
    return store.ensure_project("theirs", T0).no
