"""The server that the examples run against."""

from __future__ import annotations

from tests.support.server import server as server  # noqa: PLC0414 - a fixture
