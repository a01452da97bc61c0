"""A ClickHouse, and the PostgreSQL beside it, that are killed while many are recording: nothing that was acknowledged
is lost, nothing is stored twice, and servers go on by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.faults.recorders import Account, Recorders
from tests.faults.test_kill import check, start_sessions
from tests.faults.test_postgres import wait_until_ready
from tests.support.clickhouse import start_clickhouse
from tests.support.postgres import PostgresServer
from tests.support.server import running_server

KILLS = 2
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An engine and a database of ledgers that nobody else uses."""
    one = Installation(tmp_path / "engine")
    yield one
    one.end()


class Installation:
    """A ClickHouse and a PostgreSQL, each of which may be killed and started again."""

    def __init__(self, data_dir: Path) -> None:
        self._engine = start_clickhouse(data_dir)
        self._ledgers = PostgresServer()
        self.url = self._engine.new_database()
        self.registry_url = self._ledgers.new_database()

    def kill_engine(self) -> None:
        """End the engine as a power cut would, and start it again on what it left."""
        self._engine.kill()
        self._engine = start_clickhouse(self._engine.data_dir, self._engine.port)

    def kill_ledgers(self) -> None:
        """The same with the database of ledgers."""
        self._ledgers.crash()
        self._ledgers.start()

    def end(self) -> None:
        """End both for good."""
        self._engine.kill()
        self._ledgers.remove()


@pytest.mark.parametrize("kill", [Installation.kill_engine, Installation.kill_ledgers])
def test_what_is_killed_while_many_record_loses_and_doubles_nothing(
    installation: Installation, tmp_path: Path, kill: Callable[[Installation], None]
) -> None:
    where = {"database_url": installation.url, "registry_url": installation.registry_url}
    accounts = [Account(f"kill-{number}") for number in range(4)]
    with running_server(tmp_path / "one", **where) as server:
        start_sessions(server, accounts)
        with Recorders(server, accounts) as recorders:
            for time in range(1, KILLS + 1):
                recorders.wait_for(time * 150)
                kill(installation)
                wait_until_ready(server)
            server.kill()
    with running_server(tmp_path / "other", **where) as again, again.client() as client:
        for account in accounts:
            check(client, account)
