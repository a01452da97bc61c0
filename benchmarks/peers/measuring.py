"""What is measured of each contender, in the same steps: start, rest, send, kill, ask again."""

from __future__ import annotations

import http.client
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import msgspec
from msgspec import Struct

from benchmarks.peers.server import Contender, Failed, Server

CONNECTIONS, BATCH = 4, 100
SEND_PATIENCE_S = 60.0
REST_PATIENCE_S = 20.0
ASK_EVERY_S = 0.1


class Measured(Struct, frozen=True):
    """One contender's figures; ``kept`` is the part of the acknowledged interactions that survived, ``cpu_ms`` what the
    server took for one of them."""

    rate: float
    cpu_ms: float
    kept: float
    start_s: float
    idle_mb: float
    bytes_each: float


def between(one: Measured, other: Measured) -> Measured:
    """Return the means of two measurements."""
    pairs = zip(msgspec.structs.astuple(one), msgspec.structs.astuple(other), strict=True)
    return Measured(*(fmean(pair) for pair in pairs))


def measured(contender: Contender, count: int) -> Measured:
    """Run a contender through all steps. Raises Failed."""
    print(f"  {contender.name}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="playhead-bench-") as place:
        folder = Path(place) / "data"
        folder.mkdir()
        Server(contender, folder).stop()
        empty_bytes = size_bytes(folder)
        server = Server(contender, folder)
        try:
            start_s = server.first_answer_s
            contender.count(server, 0)
            idle_mb = server.memory_mb()
            bodies, cpu_before_s = contender.bodies(count), server.cpu_s()
            acknowledged, took_s = send(server, bodies, count)
            cpu_s = server.cpu_s() - cpu_before_s
        finally:
            server.kill()
        server = Server(contender, folder)
        try:
            survived = contender.count(server, count)
        finally:
            server.stop()
        if not survived:
            raise Failed(f"nothing of {acknowledged} acknowledged interactions was there after the kill")
        each = (size_bytes(folder) - empty_bytes) / survived
        return Measured(
            rate=survived / took_s,
            cpu_ms=1000 * cpu_s / survived,
            kept=survived / acknowledged,
            start_s=start_s,
            idle_mb=idle_mb,
            bytes_each=each,
        )


def send(server: Server, bodies: Sequence[bytes], count: int) -> tuple[int, float]:
    """Send requests over a few connections; return how many interactions were acknowledged, and in how many seconds
    they were stored. A server that acknowledges before it stores is asked until it has all of them, or gets no further.
    """
    senders = [_Sender(server, bodies[place::CONNECTIONS]) for place in range(CONNECTIONS)]
    started = time.perf_counter()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    sent_s = time.perf_counter() - started
    acknowledged = sum(sender.acknowledged for sender in senders) * BATCH
    there, since_s = server.contender.count(server, count), sent_s
    while there < acknowledged and time.perf_counter() - started - since_s < REST_PATIENCE_S:
        time.sleep(ASK_EVERY_S)
        now = server.contender.count(server, count)
        if now > there:
            there, since_s = now, time.perf_counter() - started
    return acknowledged, since_s


class _Sender(threading.Thread):
    def __init__(self, server: Server, bodies: Sequence[bytes]) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._bodies = bodies
        self.acknowledged = 0

    def run(self) -> None:
        """Send each request until it is acknowledged, or time is up."""
        connection = self._server.connect()
        until = time.perf_counter() + SEND_PATIENCE_S
        for body in self._bodies:
            while time.perf_counter() < until:
                if self._post(connection, body):
                    self.acknowledged += 1
                    break
                connection.close()
        connection.close()

    def _post(self, connection: http.client.HTTPConnection, body: bytes) -> bool:
        contender = self._server.contender
        try:
            connection.request("POST", contender.path, body, contender.headers)
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            return False
        return response.status < 300


def size_bytes(folder: Path) -> int:
    """Return what a directory's files take on the disk."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())
