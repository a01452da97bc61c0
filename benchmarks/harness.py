"""What benchmarks share: a server process, prepared loads, medians, figures. Measures nothing itself."""

from __future__ import annotations

import http.client
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.goals import is_met

KEY = "benchmark-admin-key-0123456789"
HEADERS = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
BASE = "/api/session-replay"
WORDS = (
    "order",
    "refund",
    "delivery",
    "customer",
    "agent",
    "invoice",
    "shipment",
    "policy",
    "answer",
    "question",
    "model",
    "prompt",
    "token",
    "vector",
    "context",
    "search",
    "result",
    "ticket",
    "status",
    "update",
    "payment",
    "address",
    "summary",
    "review",
    "draft",
    "section",
    "report",
    "market",
    "analysis",
    "vendor",
)


class Figure(msgspec.Struct, frozen=True):
    """One measured figure: ``value`` in ``unit``, and where there is one the reference from the same run."""

    name: str
    value: float
    unit: str
    goal: str = ""
    reference: float | None = None
    reference_name: str = ""

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of the reference."""
        return self.value / self.reference if self.reference else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        return is_met(self.goal, self.value, self.ratio)


class Server:
    """A real server process on its own data directory, or on the database that a URL names."""

    def __init__(self, place: Path | str) -> None:
        self.place = place
        started = time.perf_counter()
        variable = "PLAYHEAD_DATABASE_URL" if isinstance(place, str) else "PLAYHEAD_DATA_DIR"
        others = {name: value for name, value in os.environ.items() if name != "PLAYHEAD_DATABASE_URL"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "playhead", "serve", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=others | {"PLAYHEAD_ADMIN_KEY": KEY, variable: str(place)},
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.port = int(line.rsplit(":", 1)[1])
        self.get("/health")
        self.first_answer_s = time.perf_counter() - started

    def connect(self) -> http.client.HTTPConnection:
        """Return a new connection to the server."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Make one request on a connection of its own, and return the body of a 2xx."""
        connection = self.connect()
        try:
            return request(connection, method, path, body)
        finally:
            connection.close()

    def get(self, path: str) -> bytes:
        """GET a path."""
        return self.send("GET", path)

    def memory_mb(self, field: str = "VmRSS") -> float:
        """Return the process's memory (``VmRSS`` now, ``VmHWM`` at most) in megabytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith(field))
        return int(line.split()[1]) / 1000

    def stop(self) -> None:
        """End the process as an operator would."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def request(connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None) -> bytes:
    """Make one request and return the body of a 2xx; anything else ends the benchmark."""
    connection.request(method, path, body, HEADERS)
    response = connection.getresponse()
    answer = response.read()
    if response.status >= 300:
        raise SystemExit(f"{method} {path} answered {response.status}: {answer[:300]!r}")
    return answer


@contextmanager
def server() -> Iterator[Server]:
    """Run a server on a fresh data directory."""
    with tempfile.TemporaryDirectory(prefix="playhead-bench-") as folder:
        running = Server(Path(folder))
        try:
            yield running
        finally:
            running.stop()


def text(size: int, number: int) -> str:
    """Return about ``size`` characters of words, the same for the same number."""
    words = [WORDS[(number * 31 + place * 7 + place * place) % len(WORDS)] for place in range(size // 7 + 1)]
    return f"{number:x} " + " ".join(words)[:size]


def interaction(number: int, size: int = 2700) -> dict[str, Any]:
    """Return the data of one model call whose JSON is about ``size`` bytes."""
    half = (size - 380) // 2
    return {
        "model": "gpt-4o",
        "provider": "openai",
        "prompt": text(half, number),
        "response": text(half, number + 1_000_003),
        "tokens": {"input": 280 + number % 90, "output": 290 + number % 70},
        "latency": 700 + number % 1300,
        "timeToFirstToken": 180 + number % 200,
        "parameters": {"temperature": 0.7, "max_tokens": 500},
        "requestMetadata": {"endpoint": "/v1/chat/completions", "stream": True},
        "responseMetadata": {"id": f"chatcmpl-{number:024x}", "finishReason": "stop"},
    }


def events(session_ids: Sequence[str], first: int, count: int) -> list[dict[str, Any]]:
    """Return ``count`` interactions spread evenly over sessions, numbered from ``first``."""
    each = max(1, count // len(session_ids))
    return [
        {
            "sessionId": session_ids[min(place // each, len(session_ids) - 1)],
            "id": f"bench-{first + place:012d}",
            "type": "interaction",
            "timestamp": 1_760_000_000_000 + (first + place) * 10,
            "data": interaction(first + place),
        }
        for place in range(count)
    ]


def starts(session_ids: Sequence[str]) -> bytes:
    """Return the bulk body that starts sessions."""
    return msgspec.json.encode(
        {"events": [{"sessionId": one, "type": "session.start", "data": {"feature": "chat"}} for one in session_ids]}
    )


def milliseconds(action: Callable[[], object], repeat: int = 9) -> float:
    """Return the median time of an action in milliseconds."""
    times = []
    for _ in range(repeat):
        started = time.perf_counter()
        action()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)
