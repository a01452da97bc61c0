"""Programs that record, each a process of its own, and what a server has of them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.server import Server

from playhead.record.recorder import Recorder

BASE = "/api/session-replay"
PRELUDE = """
import asyncio, multiprocessing, os, signal, sys, threading, time
import playhead

def click(session, name, count):
    for number in range(count):
        session.record_user_action(action=name, target=number)

"""


class Program:
    """A program that records to a server, with a spool of its own; ``gone`` has no server to send to."""

    def __init__(self, server: Server, directory: Path) -> None:
        self.server, self.key, self.spool = server, server.new_key(), directory / "spool"
        self.directory = directory

    def start(self, text: str, **environment: str) -> subprocess.Popen[str]:
        script = self.directory / "program.py"
        script.write_text(PRELUDE + textwrap.dedent(text), encoding="utf-8")
        known = {name: value for name, value in os.environ.items() if not name.startswith("PLAYHEAD_")}
        known |= {"PLAYHEAD_URL": self.server.url, "PLAYHEAD_API_KEY": self.key, "PLAYHEAD_SPOOL_DIR": str(self.spool)}
        return subprocess.Popen(
            [sys.executable, "-W", "ignore::DeprecationWarning", str(script)],
            env=known | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, text: str, **environment: str) -> tuple[int, str, str]:
        process = self.start(text, **environment)
        out, errors = process.communicate(timeout=60)
        return process.returncode, out, errors

    def recover(self) -> None:
        """Start a recorder on what the program left, as the next start of it would."""
        recorder = Recorder(self.server.url, self.key, spool_dir=self.spool)
        try:
            assert recorder.flush(20)
            assert recorder.stats().unaccounted == 0
        finally:
            recorder.shutdown(2)

    def events(self, session_id: str) -> list[dict[str, Any]]:
        with self.server.client(self.key) as client:
            return list(_pages(client, session_id))

    def clicks(self, session_id: str, name: str) -> list[int]:
        return [one["target"] for one in self.events(session_id) if one.get("action") == name]

    def status(self, session_id: str) -> str:
        with self.server.client(self.key) as client:
            return str(client.get(f"{BASE}/{session_id}").json()["data"]["status"])


def _pages(client: httpx.Client, session_id: str) -> Any:
    after: int | None = 0
    while after is not None:
        page = client.get(f"{BASE}/{session_id}/events", params={"after": after, "limit": 1000})
        if page.status_code == 404:
            return
        body = page.json()
        yield from body["data"]
        after = body["next"]


@pytest.fixture
def program(server: Server, tmp_path: Path) -> Program:
    return Program(server, tmp_path)
