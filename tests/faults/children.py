"""Runs one of ``programs`` in a process of its own, and compares its ledger with what the server has in the end."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from tests.faults.proxy import Proxy
from tests.faults.stories import stored_events

from playhead.record.recorder import Recorder

PROGRAMS = Path(__file__).with_name("programs.py")
LAST_NS = 100_000_000
"""What a process that ends without warning may lose: what it recorded in its last 100 ms."""


@dataclass
class Child:
    """A process that records through a proxy of its own, and its ledger."""

    process: subprocess.Popen[str]
    proxy: Proxy
    key: str
    folder: Path
    dice: random.Random

    def wait(self) -> int:
        """Wait for its end and return its status."""
        assert self.process.stdout is not None
        self.process.stdout.read()
        return self.process.wait(30)

    def line(self) -> str:
        """Return the next line that it says."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ledger(self) -> list[tuple[int, str, str]]:
        """Return what was recorded: moment, session, event."""
        path = self.folder / "ledger"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(int(moment), session_id, event_id) for moment, session_id, event_id in map(str.split, lines)]


@contextmanager
def running(name: str, run: int, server_url: str, key: str, folder: Path) -> Iterator[Child]:
    """Run a program; with an odd number the server is away until the program has ended."""
    folder.mkdir()
    with Proxy(server_url) as proxy:
        if run % 2:
            proxy.refuse()
        arguments = [name, proxy.url, key, str(folder / "spool"), str(folder / "ledger"), str(run)]
        environment = {each: value for each, value in os.environ.items() if not each.startswith("PLAYHEAD_")}
        with (folder / "stderr").open("w") as errors:
            process = subprocess.Popen(
                [sys.executable, str(PROGRAMS), *arguments],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment,
            )  # fmt: skip
        try:
            yield Child(process, proxy, key, folder, random.Random(f"{name} {run}"))
        finally:
            process.kill()
            process.communicate()


def lost(child: Child, client: httpx.Client) -> list[int]:
    """Let a next process take over what the child left, hold it to its account, and return the moments of what was
    recorded and is not there. What is there is there once, in order, and was recorded."""
    successor = Recorder(child.proxy.url, child.key, spool_dir=child.folder / "spool", batch_s=0.01)
    try:
        assert successor.flush(20), successor.stats()
        stats = successor.stats()
    finally:
        successor.shutdown(1)
    assert stats.unaccounted == 0
    assert stats.recorded == stats.adopted == stats.stored + sum(stats.dropped.values())
    missing = []
    ledger = child.ledger()
    assert ledger
    for session_id in {session_id for _, session_id, _ in ledger}:
        noted = {event_id: moment for moment, session, event_id in ledger if session == session_id}
        there = [event["id"] for event in stored_events(client, session_id)]
        assert len(there) == len(set(there)), "stored twice"
        assert len(set(there) - noted.keys()) <= 1, "from nowhere; but for one that was not noted in time"
        missing += [moment for event_id, moment in noted.items() if event_id not in set(there)]
    return missing
