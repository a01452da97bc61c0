"""The server that the vectors are sent to."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.support.server import Server, server

__all__ = ["server"]


@pytest.fixture
def key(server: Server) -> str:
    """An admin key of a project of this vector's own."""
    return server.new_key()


@pytest.fixture
def api(server: Server, key: str) -> Iterator[httpx.Client]:
    """A client of that project without any manners: it sends what it is given."""
    with server.client(key) as client:
        yield client
