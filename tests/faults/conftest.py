"""What fault tests share: servers of their own, to be killed."""

from __future__ import annotations

from tests.support.server import own_server

__all__ = ["own_server"]
