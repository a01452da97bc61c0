"""What tests of the PostgreSQL engine share: databases and open stores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.postgres import PostgresServer, postgres

from playhead.store.postgres.store import PostgresStore, open_postgres

__all__ = ["postgres"]


@pytest.fixture
def fresh_url(postgres: PostgresServer) -> Iterator[str]:
    """The address of a database without any table."""
    url = postgres.new_database()
    yield url
    postgres.drop(url)


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """The address of a database with all tables and no rows."""
    url = postgres.new_store_database()
    yield url
    postgres.drop(url)


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    """An empty store."""
    opened = open_postgres(url)
    yield opened
    opened.close()


@pytest.fixture
def other(url: str) -> Iterator[PostgresStore]:
    """Another store on the same database, as another server has it."""
    opened = open_postgres(url)
    yield opened
    opened.close()
