"""Breadth: on how many threads a question over sessions is answered.

Replaced rows are left out while parts are merged, and threads that share this work read what is between them twice. Few
sessions are read sooner by one thread, and several questions at a time by one each.
"""

from __future__ import annotations

import time
from typing import Final

from playhead.store.clickhouse.connection import Connection

FEW: Final = 100_000
"""Sessions, in the tables of the server that answers."""
KNOWN_FOR_S: Final = 30.0


class Breadth:
    """Remembers whether there are few sessions. For any number of threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asked: tuple[float, bool] | None = None

    def are_few(self) -> bool:
        """Say whether there are few sessions. Raises Unavailable."""
        now_s = time.monotonic()
        if self._asked is None or now_s - self._asked[0] >= KNOWN_FOR_S:
            self._asked = now_s, self._connection.count_sessions() < FEW
        return self._asked[1]

    def settings(self) -> str:
        """Return what a query ends with. Raises Unavailable."""
        return " SETTINGS max_threads = 1" if self.are_few() else ""
