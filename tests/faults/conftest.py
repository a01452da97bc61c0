"""What fault tests share: servers, recorders that are short of patience, and proxies that break things."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.faults.proxy import Proxy
from tests.support.server import Server, own_server, server

from playhead.record import _delivery
from playhead.record.recorder import Recorder

__all__ = ["Stage", "looker", "own_server", "server", "stage"]


@dataclass
class Stage:
    """One fault run: a server, a proxy before it, and the run's own luck, always the same."""

    proxy: Proxy
    key: str
    client: httpx.Client
    dice: random.Random
    spool_dir: Path
    recorders: list[Recorder] = field(default_factory=list)

    def recorder(self, *, on_disk: bool = True, **settings: Any) -> Recorder:
        """Return a recorder that sends through the proxy."""
        defaults = {"batch_s": 0.01, "batch_events": 25, "request_timeout_s": 5.0}
        spool_dir = self.spool_dir if on_disk else False
        recorder = Recorder(self.proxy.url, self.key, spool_dir=spool_dir, **{**defaults, **settings})
        self.recorders.append(recorder)
        return recorder


@pytest.fixture(scope="session")
def looker(server: Server) -> Iterator[httpx.Client]:
    """A client that looks at what the server has."""
    with server.client() as client:
        yield client


@pytest.fixture
def stage(
    server: Server,
    looker: httpx.Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Stage]:
    """A stage; pauses between attempts are a small part of what they are otherwise."""
    monkeypatch.setattr(_delivery, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(_delivery, "LONGEST_PAUSE_S", 0.02)
    monkeypatch.setattr(_delivery, "SLOW_PAUSE_S", 0.2)
    with Proxy(server.url) as proxy:
        stage = Stage(proxy, server.admin_key, looker, random.Random(request.node.name), tmp_path / "spool")
        yield stage
        for recorder in stage.recorders:
            recorder.shutdown(0.1)
