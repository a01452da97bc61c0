"""Connections that are always busy: each sends its next request when the last one is answered, all in one thread.

A client that costs little beside the server, and that takes down how long each answer took.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator, Sequence

from benchmarks.harness import KEY

PATIENCE_S = 60.0
CHUNK_BYTES = 65_536


def encoded(path: str, body: bytes, key: str = KEY) -> bytes:
    """Return a POST as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Connection:
    """One connection and the requests that it is going to send; each answer must contain the bytes ``answered``."""

    def __init__(self, port: int, requests: Sequence[bytes], answered: bytes = b"") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests: Iterator[bytes] = iter(requests)
        self._answered = answered
        self._began = 0.0
        self._arrived = b""

    def send(self) -> bool:
        """Send the next request; False when there is none."""
        request = next(self._requests, None)
        if request is None:
            self.socket.close()
            return False
        self._began = time.perf_counter()
        self.socket.sendall(request)
        return True

    def receive(self) -> float | None:
        """Take what has arrived; return the seconds that an answer took if it is whole, and a 2xx."""
        self._arrived += self.socket.recv(CHUNK_BYTES)
        head, found, body = self._arrived.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if not found or len(body) < int(length):
            return None
        if not head.startswith(b"HTTP/1.1 2") or self._answered not in body:
            raise SystemExit(f"answered {head[:60]!r}: {body[:300]!r}")
        self._arrived = b""
        return time.perf_counter() - self._began


def exchange(port: int, loads: Sequence[Sequence[bytes]], answered: bytes = b"") -> tuple[float, list[float]]:
    """Send each load over a connection of its own; return requests a second, and the seconds of each answer, sorted.

    An answer that is no 2xx, or does not contain ``answered``, ends the benchmark.
    """
    waiting = selectors.DefaultSelector()
    connections = [Connection(port, load, answered) for load in loads]
    took: list[float] = []
    began = time.perf_counter()
    for each in connections:
        if each.send():
            waiting.register(each.socket, selectors.EVENT_READ, each)
    while waiting.get_map():
        ready = waiting.select(PATIENCE_S)
        if not ready:
            raise SystemExit(f"no answer in {PATIENCE_S:.0f} s")
        for key, _ in ready:
            if (seconds := key.data.receive()) is not None:
                took.append(seconds)
                waiting.unregister(key.data.socket)
                if key.data.send():
                    waiting.register(key.data.socket, selectors.EVENT_READ, key.data)
    return len(took) / (time.perf_counter() - began), sorted(took)


def percentile_ms(seconds: Sequence[float], share: float) -> float:
    """Return a percentile of sorted seconds, in milliseconds."""
    return seconds[min(len(seconds) - 1, int(len(seconds) * share))] * 1000
