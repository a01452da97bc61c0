"""A real server in its own process, on a free port and a directory of its own, for whoever tests over HTTP.

    def test_something(server):            # the session's shared server; make a project of your own in it
        with server.client() as client:
            client.get("/health")

``server`` and ``own_server`` are fixtures: take them up by ``from tests.support.server import own_server, server`` in a
conftest. ``start_server`` is for tests that need settings of their own, or more than one process.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec
import pytest

from playhead.model.results import Scope
from playhead.server import keyring
from playhead.store.sqlite.store import open_sqlite

PROGRAM = """
import sys
from playhead.server.run import serve
from playhead.server.settings import from_environment

def ready(started):
    print("Playhead listening on", started.url, flush=True)
    print(started.sign_in_url, flush=True)

serve(from_environment(), ready)
"""
ADMIN_KEY = "test-admin-key-0123456789abcdef"
_numbers = itertools.count(1)


@dataclass
class Server:
    """A running server: ``url`` where it listens, ``admin_key`` of its project "default"."""

    process: subprocess.Popen[str]
    url: str
    sign_in_url: str
    data_dir: Path
    admin_key: str
    log: Path
    _projects: Iterator[int] = field(default_factory=lambda: _numbers)

    def client(self, key: str | None = "", **options: object) -> httpx.Client:
        """Return a client with a key: the admin key unless one is given, none when it is None."""
        headers = {} if key is None else {"Authorization": f"Bearer {key or self.admin_key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False, **options)  # type: ignore[arg-type]

    def new_key(self, scope: Scope = "admin", *, project: str | None = None, expires_us: int | None = None) -> str:
        """Make a key beside the running server, in a project of its own unless one is named."""
        return make_key(
            self.data_dir, scope=scope, project=project or f"p{next(self._projects)}", expires_us=expires_us
        )

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        """Ask the process to end, and return its status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def logged(self) -> str:
        """Return what the server wrote to stderr."""
        return self.log.read_text(encoding="utf-8")


def make_key(data_dir: Path, *, scope: Scope, project: str, expires_us: int | None = None) -> str:
    """Make a key in a data directory, as the command line does."""
    store = open_sqlite(data_dir)
    try:
        owner = store.ensure_project(project, 1)
        _, key = keyring.make_key(
            store, owner, scope=scope, now_us=1, random_bytes=os.urandom, label="test", expires_us=expires_us
        )
    finally:
        store.close()
    return key


def start_server(data_dir: Path, **settings: object) -> Server:
    """Start a server and wait until it listens; ``settings`` by their names in ``Settings``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PLAYHEAD_")}
    values: dict[str, object] = {"port": 0, "data_dir": data_dir, "admin_key": ADMIN_KEY, "log_format": "json"}
    for name, value in (values | settings).items():
        if value is not None:
            environment[f"PLAYHEAD_{name.upper()}"] = str(value)
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "server.log"
    with log.open("a", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    assert process.stdout is not None
    url = process.stdout.readline().removeprefix("Playhead listening on ").strip()
    if not url:
        process.wait(10)
        process.stdout.close()
        raise AssertionError(f"the server did not start: {log.read_text(encoding='utf-8')}")
    return Server(process, url, process.stdout.readline().strip(), data_dir, str((values | settings)["admin_key"]), log)


@contextlib.contextmanager
def running_server(data_dir: Path, **settings: object) -> Iterator[Server]:
    """A server for the length of a block."""
    server = start_server(data_dir, **settings)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()
        if server.process.stdout is not None:
            server.process.stdout.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of a run; tests stay apart by projects of their own."""
    with running_server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server for one test alone."""
    with running_server(tmp_path / "data") as running:
        yield running


def error_of(response: httpx.Response) -> dict[str, object]:
    """Return the failure of an answer, after checking that it is one and carries both envelopes."""
    body = response.json()
    assert response.headers["content-type"] == "application/problem+json", response.text
    assert body["success"] is False
    assert body["status"] == response.status_code
    assert body["detail"] == body["error"]["message"]
    assert msgspec.json.decode(response.content)["type"].endswith(body["error"]["code"])
    error: dict[str, object] = body["error"]
    return error
