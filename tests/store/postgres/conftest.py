"""What tests of the PostgreSQL engine share: databases and open stores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.postgres import PostgresServer, postgres

__all__ = ["postgres"]


@pytest.fixture
def fresh_url(postgres: PostgresServer) -> Iterator[str]:
    """The address of a database without any table."""
    url = postgres.new_database()
    yield url
    postgres.drop(url)
