"""Sends what is in the spool, batch by batch and in order, until each event is settled; keeps the sender's books.

One request at a time, so that a session's events arrive in order. Connection trouble, refusals for now and a wrong key
leave everything where it is. Never raises; knows nothing of the application's threads.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from typing import Any

from msgspec import structs

from playhead.record._accounts import Sent
from playhead.record._delivery import UNPACKED, Job, Refusal, judge
from playhead.record._options import Options
from playhead.record._spool import Spool
from playhead.record._stopwatch import elapsed_s
from playhead.record._transport import Transport
from playhead.record.call import Broken, Reply

log = logging.getLogger("playhead")

COMPRESS_FROM_BYTES = 1_024
ADOPT_EVERY_S = 30.0


class Sender:
    """The work of the sending thread, one step at a time. ``books`` is replaced whole.

    Args:
        spool: What is to be sent.
        connect: Makes the transport, at the first request and after a fork.
        refused: Told of events that the server refused for good.
    """

    def __init__(
        self, spool: Spool, options: Options, connect: Callable[[], Transport], refused: Callable[[Refusal], None]
    ) -> None:
        self._spool = spool
        self._options = options
        self._connect = connect
        self._refused = refused
        self.forget()

    def forget(self) -> None:
        """Be as new: connections and the batch under way are another process's."""
        self.books = Sent()
        self.settling = threading.RLock()
        self.settled = threading.Condition(self.settling)
        self.hurries = 0
        self._transport: Transport | None = None
        self._compressor: Any = None
        self._packs = True
        self._job: Job | None = None
        self.closed = False
        self._failures = 0
        self._not_before = 0.0
        self._asked = False
        self._young_since: float | None = None
        self._adopt_at = 0.0
        self.has_adopted = False
        self._told: set[str] = set()

    @property
    def in_flight(self) -> int:
        """Events of the batch under way that are not settled."""
        job = self._job
        return job.left if job is not None else 0

    def work(self, within_s: float | None = None) -> float | None:
        """Do one step; return how many seconds to wait before the next, or None when there is nothing to send.

        A request takes no longer than ``within_s`` seconds, or than the options say.
        """
        now = elapsed_s()
        if now >= self._adopt_at:
            self._adopt(now)
        if now < self._not_before and (self._asked or not self.hurries):
            return self._not_before - now
        if self._job is None:
            wait_s = self._gather(now)
            if self._job is None:
                return wait_s
        if not self._job.pieces:
            self._continue(self._job)
            return 0.0
        return self._attempt(self._job, self._options.request_timeout_s if within_s is None else within_s)

    def _adopt(self, now: float) -> None:
        """Take over what dead processes left; a thread that dies here leaves it to its successor, at once."""
        try:
            self._spool.adopt()
            self.has_adopted = True
        except Exception:
            self._adopt_at = now + ADOPT_EVERY_S
            raise
        self._adopt_at = now + ADOPT_EVERY_S

    def hurry(self) -> None:
        """Skip the pause after a failure, unless the server asked for it, and waiting for a fuller batch."""
        if not self._asked:
            self._not_before = 0.0

    def close(self) -> None:
        """Let go of connections."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def _gather(self, now: float) -> float | None:
        count = self._spool.count
        if not count:
            self._young_since = None
            return None
        if self._young_since is None:
            self._young_since = now
        age_s = now - self._young_since
        if count < self._options.batch_events and age_s < self._options.batch_s and not self.hurries:
            return self._options.batch_s - age_s
        found = self._spool.peek(self._options.batch_events, self._options.batch_bytes)
        if found is not None:
            self._job = Job.of(*found)
        return 0.0

    def _attempt(self, job: Job, within_s: float) -> float:
        body, headers = self._packed(job.pieces[job.turn].payload)
        packed = "Content-Encoding" in headers
        self.books = self.books.plus(Sent(requests=1, retries=int(self._failures > 0)))
        answer = self._post(body, headers, within_s)
        verdict = judge(job, answer, packed=packed, failures=self._failures, dice=random.random())  # noqa: S311
        if isinstance(answer, Reply) and answer.status == UNPACKED and packed:
            self._packs = False
        moved = verdict.job is not job and verdict.pause_s == 0
        self._failures = 0 if moved else self._failures + 1
        self._not_before = elapsed_s() + verdict.pause_s
        self._asked = verdict.asked
        self._tell(verdict.trouble)
        self._continue(verdict.job)
        return verdict.pause_s

    def _continue(self, job: Job) -> None:
        """Keep a job, or settle it: the books and the spool change together.

        A thread that dies here leaves the job behind, and its successor settles it: doing so twice changes nothing.
        """
        self._job = job
        if job.pieces or self.closed:
            return
        for refusal in job.refusals:
            self._refused(refusal)
        self._job = job = structs.replace(job, refusals=())  # told once, also when the thread dies before the rest
        with self._spool.held():
            books = self.books.plus(job.sent)
            self._spool.settle(job.source, job.batch)
            self.books, self._job = books, None
        self._spool.sweep(job.source)
        with self.settling:  # a thread that is ended on its way into the condition itself would keep it
            self.settled.notify_all()
        self._young_since = None

    def _post(self, body: bytes, headers: dict[str, str], within_s: float) -> Reply | Broken:
        if self._transport is None:
            self._transport = self._connect()
        try:
            return self._transport.post(body, headers, within_s)
        except Exception as error:  # noqa: BLE001 - a transport's bug must not end the sending
            self.close()
            return Broken(reason=f"{type(error).__name__}: {error}", sent=True)

    def _packed(self, payload: bytes) -> tuple[bytes, dict[str, str]]:
        headers = {"Content-Type": "application/x-ndjson"}
        if not self._packs or len(payload) < COMPRESS_FROM_BYTES:
            return payload, headers
        if self._compressor is None:
            import zstandard  # noqa: PLC0415 - with the first large batch

            self._compressor = zstandard.ZstdCompressor(level=1)
        return self._compressor.compress(payload), {**headers, "Content-Encoding": "zstd"}

    def _tell(self, trouble: str | None) -> None:
        """Warn of what only a person can mend, once for each kind."""
        if trouble is None or trouble in self._told:
            return
        self._told.add(trouble)
        log.warning("playhead: the server answers %s. Events are kept and sent when it takes them.", trouble)
