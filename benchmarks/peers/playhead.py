"""Playhead itself, measured in the same steps as its peers."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from benchmarks.harness import BASE, HEADERS, KEY, events
from benchmarks.peers.measuring import BATCH
from benchmarks.peers.server import Server

CALLS = 20


class Playhead:
    """The contender: sessions start in the batch that brings their calls."""

    name = "Playhead"
    health = "/health"
    path = f"{BASE}/events"
    headers = HEADERS

    def command(self, folder: Path, port: int) -> list[str]:
        """Return what starts the server."""
        return [sys.executable, "-m", "playhead", "serve", "--port", str(port), "--data-dir", str(folder)]

    def environment(self, folder: Path, port: int) -> dict[str, str]:  # noqa: ARG002  # the command names them
        """Return its settings."""
        return {"PLAYHEAD_ADMIN_KEY": KEY}

    def bodies(self, count: int) -> list[bytes]:
        """Return the calls as batches of events."""
        return [_body(first) for first in range(0, count, BATCH)]

    def count(self, server: Server, wanted: int) -> int:  # noqa: ARG002  # it counts all that it has
        """Ask for the statistics."""
        answer = msgspec.json.decode(server.ask("GET", f"{BASE}/stats"))
        return int(answer["data"]["totalInteractions"])


def _body(first: int) -> bytes:
    ids = [f"bench-{number}" for number in range(first // CALLS, (first + BATCH) // CALLS)]
    starts = [{"sessionId": one, "type": "session.start", "data": {"feature": "chat"}} for one in ids]
    return msgspec.json.encode({"events": [*starts, *events(ids, first, BATCH)]})
