"""The server that the examples of the documents are run against."""

from tests.support.server import server

__all__ = ["server"]
