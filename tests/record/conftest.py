"""What these tests share: a server, and programs that record to it."""

from __future__ import annotations

from tests.record.program import program as program  # noqa: PLC0414 - a fixture
from tests.support.server import own_server as own_server  # noqa: PLC0414 - a fixture
from tests.support.server import server as server  # noqa: PLC0414 - a fixture
