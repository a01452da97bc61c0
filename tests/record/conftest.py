"""The server that the client's tests record into."""

from __future__ import annotations

from tests.support.server import own_server as own_server  # noqa: PLC0414 - a fixture
from tests.support.server import server as server  # noqa: PLC0414 - a fixture
