"""A daemon thread that does a piece of work again and again, sleeps in between, and is replaced when it dies."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable

from playhead.record.current import suppress_thread

log = logging.getLogger("playhead")

LONGEST_REST_S = 30.0
AFTER_FAILURE_S = 1.0


class Worker:
    """Runs ``work``, which returns how long to sleep (None: until woken). Starts with ``ensure``, not before."""

    def __init__(self, name: str, work: Callable[[], float | None]) -> None:
        self.name = name
        self.restarts = 0
        self.resting = True
        self._work = work
        self.forget()

    def forget(self) -> None:
        """Be as one that was never started: the thread is another process's."""
        self._thread: threading.Thread | None = None
        self._event = threading.Event()
        self._starting = threading.Lock()
        self._working = threading.Lock()
        self._stopping = False
        self.restarts = 0
        self.resting = True

    def ensure(self) -> bool:
        """Start the thread unless it lives; False where no thread can be started any more."""
        thread = self._thread
        if thread is not None and thread.is_alive():
            return True
        if self._stopping:
            return False
        if not self._starting.acquire(blocking=False):
            return True  # another thread is about it
        try:
            return self._start()
        finally:
            self._starting.release()

    def wake(self) -> None:
        """End its sleep."""
        self.resting = False
        self._event.set()

    def stop(self, timeout_s: float) -> bool:
        """Ask the thread to end after the work at hand, and wait for it; say whether it has."""
        self._stopping = True
        self._event.set()
        thread = self._thread
        if thread is None or thread is threading.current_thread() or thread.ident is None:
            return True
        thread.join(timeout_s)
        return not thread.is_alive()

    def here(self, work: Callable[[], float | None]) -> float | None:
        """Do something in place of the thread, in the caller's; 0.1 (seconds to wait) while the thread is at work."""
        if not self._working.acquire(blocking=False):
            return 0.1
        try:
            return work()
        finally:
            self._working.release()

    def _start(self) -> bool:
        thread = self._thread
        if thread is not None and thread.is_alive():
            return True
        self.restarts += thread is not None
        return self._begin()

    def _begin(self) -> bool:
        fresh = threading.Thread(target=self._run, name=self.name, daemon=True)
        before, self._thread = self._thread, fresh
        try:
            fresh.start()
        except RuntimeError:  # the interpreter is ending, or the system has no more threads
            self._thread = before
            return False
        return True

    def _run(self) -> None:
        """Work until it is stopped or another thread has taken its place; the lock lets one at a time."""
        suppress_thread()
        event = self._event
        try:
            with self._working:
                while not self._stopping and self._thread is threading.current_thread():
                    event.wait(self._turn())
                    event.clear()
        except BaseException as end:  # noqa: BLE001 - whatever ends this thread, another goes on
            log.warning("playhead: %s was ended by %s and is replaced", self.name, type(end).__name__)
        if not self._stopping and not sys.is_finalizing() and self._thread is threading.current_thread():
            self.restarts += 1
            self._begin()

    def _turn(self) -> float:
        try:
            pause_s = self._work()
        except Exception:
            log.exception("playhead: %s failed and goes on", self.name)
            return AFTER_FAILURE_S
        return LONGEST_REST_S if pause_s is None else pause_s
