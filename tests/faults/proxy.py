"""A proxy in front of a real server that breaks requests as it is told: each fault is a function of one exchange.

    with Proxy(server.url) as proxy:
        proxy.faults += [reset, status(503), half]      # the next three requests; those after them pass
        proxy.always = status(500)                      # or every one, until it is None again
        proxy.refuse()                                  # connections are refused until ``listen``

It counts requests and knows nothing of what they mean, but for the lines of a batch.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from io import BufferedReader
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import zstandard

ABRUPTLY = struct.pack("ii", 1, 0)
HOP_HEADERS = frozenset({"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"})


class Proxy:
    """Listens on a port of its own, which stays its own while it refuses."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.faults: deque[Fault] = deque()
        self.always: Fault | None = None
        self.requests = 0
        self.closing = threading.Event()
        self._seen = threading.Condition()
        self._open: set[socket.socket] = set()
        self._holder = _socket(0)
        self.port: int = self._holder.getsockname()[1]
        self._listener: socket.socket | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def listen(self) -> None:
        """Take connections."""
        listener = _socket(self.port)
        listener.listen(128)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def refuse(self) -> None:
        """Refuse connections from now on, and break those that are open."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for connection in list(self._open):
            _break(connection)

    def wait_for_requests(self, count: int, timeout_s: float = 20.0) -> bool:
        """Wait until so many requests have come since the beginning."""
        with self._seen:
            return self._seen.wait_for(lambda: self.requests >= count, timeout_s)

    def __enter__(self) -> Self:
        self.listen()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self.refuse()
        self._holder.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            if self._listener is not listener:
                _break(connection)
                return
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as incoming:
                while request := _request(incoming):
                    self._exchange(Exchange(self, connection, *request))
        except (OSError, ValueError, http.client.HTTPException):
            _break(connection)
        finally:
            self._open.discard(connection)

    def _exchange(self, exchange: Exchange) -> None:
        with self._seen:
            self.requests += 1
            fault = self.faults.popleft() if self.faults else self.always
            self._seen.notify_all()
        (fault or passed)(exchange)


@dataclass
class Exchange:
    """One request, whole, and what can be done with it."""

    proxy: Proxy
    connection: socket.socket
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def lines(self) -> list[bytes]:
        """The events of a batch."""
        packed = self.headers.get("content-encoding") == "zstd"
        raw: bytes = zstandard.decompress(self.body) if packed else self.body
        return raw.split(b"\n")

    def forward(self) -> bytes:
        """Let the server have it, and return its whole answer as bytes."""
        upstream = http.client.HTTPConnection(urlsplit(self.proxy.upstream).netloc, timeout=30)
        try:
            upstream.request(self.method, self.path, self.body, self.headers)
            answer = upstream.getresponse()
            body = answer.read()
        finally:
            upstream.close()
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in HOP_HEADERS}
        return _answer(answer.status, kept, body)

    def send(self, raw: bytes) -> None:
        """Send bytes to the recorder."""
        self.connection.sendall(raw)

    def reset(self) -> None:
        """Break the connection."""
        raise ConnectionResetError

    def hang(self) -> None:
        """Say nothing until the recorder has lost its patience."""
        while self.connection.recv(65_536):
            pass
        self.reset()


Fault = Callable[[Exchange], None]


def passed(exchange: Exchange) -> None:
    """No fault."""
    exchange.send(exchange.forward())


def reset(exchange: Exchange) -> None:
    """The connection breaks before the server has the batch."""
    exchange.reset()


def reset_after(exchange: Exchange) -> None:
    """The connection breaks when the server has stored the batch: the answer is lost."""
    exchange.forward()
    exchange.reset()


def silent(exchange: Exchange) -> None:
    """No answer comes, and the server has nothing."""
    exchange.hang()


def silent_after(exchange: Exchange) -> None:
    """No answer comes, though the server has stored the batch."""
    exchange.forward()
    exchange.hang()


def half(exchange: Exchange) -> None:
    """The server has stored the batch; the answer stops half way."""
    answer = exchange.forward()
    exchange.send(answer[: len(answer) * 2 // 3])
    exchange.reset()


def nonsense(exchange: Exchange) -> None:
    """Something else than Playhead answers 200."""
    exchange.send(_answer(200, {"Content-Type": "text/html"}, b"<html>Welcome to the network. Please sign in.</html>"))


def dribble(exchange: Exchange) -> None:
    """The answer comes in small pieces."""
    answer = exchange.forward()
    for start in range(0, len(answer), 40):
        exchange.send(answer[start : start + 40])
        exchange.proxy.closing.wait(0.002)


def slow(seconds: float) -> Fault:
    """Return a fault: the answer comes after so many seconds."""

    def fault(exchange: Exchange) -> None:
        exchange.proxy.closing.wait(seconds)
        passed(exchange)

    return fault


def status(number: int, code: str = "internal_error", retry_after: str | None = None) -> Fault:
    """Return a fault: the answer is this status, and the server has nothing."""
    body = json.dumps({"success": False, "error": {"code": code, "message": f"made up for a test: {number}"}}).encode()
    headers = {"Content-Type": "application/problem+json"} | ({"Retry-After": retry_after} if retry_after else {})

    def fault(exchange: Exchange) -> None:
        exchange.send(_answer(number, headers, body))

    return fault


def too_large(max_bytes: int) -> Fault:
    """Return a fault: a batch of more bytes is answered with 413."""
    refused = status(413, "payload_too_large")

    def fault(exchange: Exchange) -> None:
        size = sum(map(len, exchange.lines))
        (refused if size > max_bytes else passed)(exchange)

    return fault


def failing_on(mark: bytes, number: int, code: str) -> Fault:
    """Return a fault: any batch with a certain event in it is answered with this status."""
    failed = status(number, code)

    def fault(exchange: Exchange) -> None:
        (failed if any(mark in line for line in exchange.lines) else passed)(exchange)

    return fault


def _socket(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    return made


def _break(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPTLY)
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def _request(incoming: BufferedReader) -> tuple[str, str, dict[str, str], bytes] | None:
    first = incoming.readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers = {}
    while line := incoming.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    size = int(headers.pop("content-length", "0"))
    body = incoming.read(size)
    if len(body) < size:
        return None
    return first[0], first[1], {name: value for name, value in headers.items() if name not in HOP_HEADERS}, body


def _answer(number: int, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {number} Answer", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode("latin-1") + body
