"""What the server's tests share: the running server."""

from __future__ import annotations

from tests.support.server import own_server, server

__all__ = ["own_server", "server"]
