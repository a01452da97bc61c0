"""A standby of a real PostgreSQL: copied from it, following it, and promoted when that one is gone."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import psycopg

from tests.support.postgres import PostgresServer


class Standby(PostgresServer):
    """Follows a primary, whose commits from now on wait until they are on the standby's disk too."""

    def __init__(self, primary: PostgresServer) -> None:
        home = Path(tempfile.mkdtemp(prefix="playhead-standby-", dir="/tmp"))
        primary.copy_to(home)
        super().__init__(home=home)
        with psycopg.connect(primary.url(), autocommit=True) as db:
            db.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            db.execute("SELECT pg_reload_conf()")

    def promote(self) -> None:
        """Make it a server that takes writes, and wait until it does."""
        self._control("promote", "-w")

    def remove(self) -> None:
        """End it, and remove its directory."""
        super().remove()
        shutil.rmtree(self._home, ignore_errors=True)
