"""A real PostgreSQL server of the newest version installed, and a fresh database in it for whoever asks.

    def test_something(postgres):          # one server for the whole run; databases of one's own in it
        url = postgres.new_database()

It runs as another user than root, listens on a free port of 127.0.0.1 and a socket, keeps everything under a directory
in /tmp, and is stopped at exit. Where there is no PostgreSQL a test is skipped with the reason; on CI it fails.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from playhead.store.postgres.store import PostgresStore, open_postgres
from tests.support.ports import own_port

USERS = ("postgres", "nobody")
PASSWORD = "open-sesame"
QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
"""What the shared server does without: no test that uses it pulls a plug."""
KEPT = 6
_numbers = itertools.count(1)


def binaries() -> Path | None:
    """Return the directory of the newest server that is installed, or None."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    return max(found, key=lambda path: int(path.parent.name), default=None)


class PostgresServer:
    """A server in a directory of its own; ``settings`` are lines of its configuration.

    With ``home`` it keeps its databases there, and goes on with those that it finds.
    """

    password = PASSWORD

    def __init__(self, settings: Sequence[str] = (), home: Path | None = None) -> None:
        found = binaries()
        if found is None:
            missing = "no PostgreSQL in /usr/lib/postgresql: apt-get install postgresql"
            if os.environ.get("CI"):
                pytest.fail(missing)
            pytest.skip(missing)
        self._bin = found
        self._user = next(user for user in USERS if _exists(user)) if os.geteuid() == 0 else None
        self._kept = home is not None
        self._home = home or Path(tempfile.mkdtemp(prefix="playhead-postgres-", dir="/tmp"))
        self._data = self._home / "data"
        self._databases: list[str] = []
        if not self._data.exists():
            self._initialize()
        self.port = own_port()
        self._configure(settings)
        atexit.register(self.remove)
        self.start()

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://playhead:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Return the address of a database without any table."""
        return self._create(f"fresh_{next(_numbers)}", "")

    def new_store_database(self) -> str:
        """Return the address of a database with all tables and no rows: quicker than to make them."""
        if "template" not in self._databases:
            self._create("template", "")
            open_postgres(self.url("template")).close()
            self._databases.append("template")
        return self._create(f"store_{next(_numbers)}", "TEMPLATE template")

    def drop(self, url: str) -> None:
        """Remove a database, also one that is in use."""
        self._execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def start(self) -> None:
        """Start, and wait until connections are taken; end what a killed program left running where this is kept."""
        is_left = self._kept and (self._data / "postmaster.pid").exists()
        self._control("restart" if is_left else "start", "-w", "-l", str(self._home / "log"))

    def stop(self) -> None:
        """Stop in order, ending connections."""
        self._control("stop", "-w", "-m", "fast")

    def crash(self) -> None:
        """End every process at once without writing anything, as a power cut would; the next start recovers."""
        self._control("stop", "-w", "-m", "immediate")

    def copy_to(self, home: Path) -> None:
        """Copy all databases, as they are, into an empty directory, for a server there that follows this one."""
        if self._user is not None:
            shutil.chown(home, self._user)
        followed = f"host=127.0.0.1 port={self.port} user=playhead password={PASSWORD}"
        self._run("pg_basebackup", "-d", followed, "-D", str(home / "data"), "-R", "-X", "stream", "-c", "fast")

    def remove(self) -> None:
        """End the server, and remove its directory unless that is to be kept."""
        if (self._data / "postmaster.pid").exists():
            (self.stop if self._kept else self.crash)()
        if not self._kept:
            shutil.rmtree(self._home, ignore_errors=True)

    def _create(self, name: str, how: str) -> str:
        self._execute(f"CREATE DATABASE {name} {how}")
        return self.url(name)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as db:
            db.execute(statement)

    def _initialize(self) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        if self._user is not None:
            shutil.chown(self._home, self._user)
        secret = self._home / "secret"
        secret.write_text(PASSWORD, encoding="utf-8")
        if self._user is not None:
            shutil.chown(secret, self._user)
        self._run(
            "initdb",
            "--pgdata",
            str(self._data),
            "--username=playhead",
            f"--pwfile={secret}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )

    def _configure(self, settings: Sequence[str]) -> None:
        lines = (
            "listen_addresses='127.0.0.1'",
            f"port={self.port}",
            f"unix_socket_directories='{self._home}'",
            "max_connections=100",
            *settings,
        )
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-t", "60", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            user=self._user,
            cwd="/tmp",
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{program} failed: {done.stderr}"


def database_name(url: str) -> str:
    """Return the name of the database in an address."""
    return re.sub(r"\?.*", "", url).rpartition("/")[2]


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


@functools.cache
def shared_server() -> PostgresServer:
    """Return the server of this run, started with the first call."""
    return PostgresServer(QUICK)


@functools.cache
def _url_of(data_dir: Path) -> str:
    """Return the database that stands for a directory; of more than a few the oldest are dropped."""
    server = shared_server()
    url = server.new_store_database()
    _kept.append(url)
    if len(_kept) > KEPT:
        server.drop(_kept.pop(0))
    return url


_kept: list[str] = []


def open_postgres_for(data_dir: Path) -> PostgresStore:
    """Open the store that stands for a directory, for tests that know engines by directories."""
    return open_postgres(_url_of(data_dir))


@pytest.fixture
def postgres() -> PostgresServer:
    """One server for all tests of a run; tests stay apart by databases of their own."""
    return shared_server()
