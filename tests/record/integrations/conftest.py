"""Recording into memory with every integration on; off again afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import playhead
from playhead.record import door
from playhead.record.session import Session
from playhead.testing import MemoryServer


class Recorded:
    """What reached a server that is memory."""

    def __init__(self, server: MemoryServer) -> None:
        self.server = server

    def calls(self) -> list[dict[str, Any]]:
        """Return the interactions that are over or pending, in order, once everything has been sent."""
        assert playhead.flush(10)
        return [event["data"] for event in self.server.of_type("interaction")]

    def call(self) -> dict[str, Any]:
        """Return the only one."""
        (only,) = self.calls()
        return only


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorded]:
    """A process's recorder that sends to memory, integrations on."""
    server = MemoryServer()
    recorder = server.recorder()
    monkeypatch.setattr(door, "_recorder", recorder)
    playhead.instrument("openai", "anthropic", "litellm")
    yield Recorded(server)
    playhead.uninstrument()
    stats = recorder.stats()
    recorder.shutdown(5)
    assert stats.dropped == {}
    assert stats.altered == {}


@pytest.fixture
def session(recorded: Recorded) -> Iterator[Session]:
    """A current session."""
    with playhead.session(feature="chat") as session:
        yield session
