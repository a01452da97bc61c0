"""A server for the recorder that keeps what it is sent: the other end of the wire, with every fault that a test wants.

It stores and answers as ``/events`` does, and does nothing else. For reading back there is ``MemoryPlayhead``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import zstandard

from playhead.record._transport import Transport
from playhead.record.call import Broken, Reply
from playhead.record.recorder import Recorder

Answer = Reply | Broken | Exception
Fault = Callable[[list[dict[str, Any]]], Answer | None]


class MemoryServer:
    """Takes batches as a server does and keeps them: each event once, duplicates counted, what is no event rejected.

    ``answers`` come first, one for each request, before it answers for itself; an answer that is lost or a failure
    stores nothing. ``fault`` is asked about every batch and may answer instead. ``away`` breaks every connection.
    """

    def __init__(self, *answers: Answer, fault: Fault | None = None, max_bytes: int = 32 << 20) -> None:
        self.answers: list[Answer] = list(answers)
        self.fault = fault
        self.away = False
        self.hanging = threading.Event()
        self.hanging.set()
        self.requests = 0
        self.max_bytes = max_bytes
        self._events: dict[tuple[str, str], dict[str, Any]] = {}
        self._arrived = threading.Condition()

    @property
    def events(self) -> list[dict[str, Any]]:
        """Everything that was stored, in order of arrival."""
        with self._arrived:
            return list(self._events.values())

    def of_type(self, kind: str, session_id: str | None = None) -> list[dict[str, Any]]:
        """Return the stored events of a kind, of one session if one is named."""
        return [one for one in self.events if one["type"] == kind and session_id in (None, one["sessionId"])]

    def recorder(self, **settings: Any) -> Recorder:
        """Return a recorder that sends here, at once and without a spool on disk unless the settings say otherwise."""
        return Recorder(**{"spool_dir": False, "batch_s": 0.0, "transport": self.connect, **settings})

    def connect(self) -> Transport:
        """Return a transport to here: ``Recorder(transport=server.connect)``."""
        return MemoryTransport(self)

    def hang(self) -> None:
        """Answer nothing until ``resume``, or until the caller's patience ends."""
        self.hanging.clear()

    def resume(self) -> None:
        """Answer again."""
        self.away = False
        self.hanging.set()

    def wait_for(self, count: int, timeout_s: float = 10.0) -> bool:
        """Wait until so many events are stored."""
        with self._arrived:
            return self._arrived.wait_for(lambda: len(self._events) >= count, timeout_s)

    def wait_for_requests(self, count: int, timeout_s: float = 10.0) -> bool:
        """Wait until so many requests have come, answered or not."""
        with self._arrived:
            return self._arrived.wait_for(lambda: self.requests >= count, timeout_s)

    def receive(self, body: bytes, headers: dict[str, str], timeout_s: float) -> Reply | Broken:
        """Take one batch and answer it."""
        with self._arrived:
            self.requests += 1
            self._arrived.notify_all()
        if self.away:
            return lost(sent=False)
        if not self.hanging.wait(timeout_s):
            return lost()
        raw = zstandard.decompress(body) if headers.get("Content-Encoding") == "zstd" else body
        batch = [msgspec.json.decode(line) for line in raw.split(b"\n")]
        answer = self._answer(raw, batch)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def store(self, batch: Iterable[dict[str, Any]]) -> Reply:
        """Store a batch, and return the answer that says so."""
        accepted = duplicates = 0
        with self._arrived:
            for event in batch:
                key = (event["sessionId"], event["id"])
                known = self._events.get(key)
                if known is None or known["data"].get("pending"):
                    self._events[key] = event
                    accepted += 1
                else:
                    duplicates += 1
            self._arrived.notify_all()
        return answered(200, {"data": {"accepted": accepted, "duplicates": duplicates, "rejected": []}})

    def _answer(self, raw: bytes, batch: list[dict[str, Any]]) -> Answer:
        if self.answers:
            return self.answers.pop(0)
        answer = self.fault(batch) if self.fault is not None else None
        if answer is not None:
            return answer
        return answered(413) if len(raw) > self.max_bytes else self.store(batch)


class MemoryTransport:
    """A connection to a ``MemoryServer``."""

    def __init__(self, server: MemoryServer) -> None:
        self._server = server

    def post(self, body: bytes, headers: dict[str, str], timeout_s: float) -> Reply | Broken:
        """Send a batch and return the answer."""
        return self._server.receive(body, headers, timeout_s)

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


def answered(status: int, body: Any = None, **headers: str) -> Reply:
    """Return an answer; without a body, the failure that a Playhead server sends with this status."""
    codes = {400: "bad_request", 401: "unauthorized", 413: "too_large", 422: "validation_error", 429: "rate_limited"}
    failure = {"success": False, "error": {"code": codes.get(status, "internal_error"), "message": str(status)}}
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=names, body=msgspec.json.encode(failure if body is None else body))


def lost(*, sent: bool = True) -> Broken:
    """Return the lack of an answer; ``sent``: the batch may have arrived."""
    return Broken(reason="no answer", sent=sent)
