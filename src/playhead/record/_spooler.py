"""Moves what is queued to the spool: for any thread, one at a time, and again from within itself.

A signal's handler may flush while the thread that it interrupted is at this very work: it does all of it then, and what
it interrupted finds nothing left to do.
"""

from __future__ import annotations

import threading

from playhead.record._queue import Queue
from playhead.record._spool import Spool

HANDFUL = 2_000
HANDFUL_BYTES = 4 << 20


class Spooler:
    """Stands between a queue and a spool."""

    def __init__(self, queue: Queue, spool: Spool) -> None:
        self._queue = queue
        self._spool = spool
        self.forget()

    def forget(self) -> None:
        """Begin anew in a forked child."""
        self._turn = threading.RLock()

    def move(self) -> None:
        """Move everything, when it is this thread's turn."""
        with self._turn:  # not by acquire: a thread that is ended between that and a try would keep it
            self._move()

    def drain(self, timeout_s: float) -> None:
        """Move everything, unless another thread is at it for longer than ``timeout_s``."""
        if not self._turn.acquire(timeout=timeout_s):
            return
        try:
            self._move()
        finally:
            self._turn.release()

    def _move(self) -> None:
        while True:
            serial, lines = self._queue.hand(HANDFUL, HANDFUL_BYTES)
            if not lines:
                break
            with self._spool.held():
                self._spool.append(lines, serial)
                self._queue.done(serial, len(lines))
            self._queue.held_bytes = self._spool.memory_bytes
