"""What the server's tests share: the running server, and a client in a project of its own."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.support.server import Server, own_server, server

__all__ = ["api", "own_server", "server", "session_id"]

BASE = "/api/session-replay"


@pytest.fixture
def api(server: Server) -> Iterator[httpx.Client]:
    """A client with an admin key of a project that nobody else uses."""
    with server.client(server.new_key()) as client:
        yield client


@pytest.fixture
def session_id(api: httpx.Client) -> str:
    """An open session of that project."""
    started: str = api.post(f"{BASE}/recording/start", json={"feature": "chat"}).json()["sessionId"]
    return started
