"""A thread that does a piece of work again and again, sleeps in between, and is replaced when it dies.

It is started by ``_thread``: ``threading`` would keep its caller waiting until the new thread runs, for ever if it dies
before. Like a daemon, it does not hold up the end of the process.
"""

from __future__ import annotations

import _thread
import contextlib
import logging
import sys
from collections.abc import Callable

from playhead.record._stopwatch import elapsed_s
from playhead.record.current import suppress_thread

log = logging.getLogger("playhead")

LONGEST_REST_S = 30.0
AFTER_FAILURE_S = 1.0
STARTING_S = 1.0
"""How long a thread may take to begin before another is started in its place."""


class Bell:
    """Ends one thread's sleep. Ringing waits for nothing and nobody, whatever it interrupts: a lock of ``threading``'s
    own events, held by what a signal's handler interrupted, would never be let go.

    Each sleep has a lock of its own, made and taken by who sleeps: gevent's locks belong to the loop in which they are
    used first, and one that is made while a child is being forked to what is left of its parent's.
    """

    def __init__(self) -> None:
        self._rung = False
        self._sleep: _thread.LockType | None = None

    def ring(self) -> None:
        """End its sleep, or the next one if it is awake."""
        self._rung = True
        sleep = self._sleep
        if sleep is not None:
            with contextlib.suppress(RuntimeError):  # rung already
                sleep.release()

    def wait(self, timeout_s: float) -> None:
        """Sleep until it rings, ``timeout_s`` seconds at most."""
        sleep = _thread.allocate_lock()
        sleep.acquire()
        self._sleep = sleep
        if not self._rung:
            sleep.acquire(timeout=max(0.0, timeout_s))
        self._sleep = None
        self._rung = False


class Worker:
    """Runs ``work``, which returns how long to sleep (None: until woken). Starts with ``ensure``, not before.

    ``ident`` is the working thread's. The first of ``_locks`` is held by it as long as it lives, so that there is never
    a second. Like a bell's it is made with the first thread: who waits for one of the system's holds up all of gevent.
    """

    def __init__(self, name: str, work: Callable[[], float | None]) -> None:
        self.name = name
        self._work = work
        self.forget()

    def forget(self) -> None:
        """Be as one that was never started: the thread is another process's."""
        self.ident: int | None = None
        self.restarts = 0
        self.resting = True
        self._bell = Bell()
        self._locks: list[_thread.LockType] = []
        self._turn_of: object = None
        self._begun_s = 0.0
        self._stopping = False

    @property
    def is_alive(self) -> bool:
        """Whether a thread is at work."""
        return bool(self._locks) and self._locks[0].locked()

    def ensure(self) -> bool:
        """Start the thread unless it lives; False where no thread can be started any more."""
        if self.is_alive:
            return True
        if self._stopping:
            return False
        now = elapsed_s()
        if self._turn_of is not None and now - self._begun_s < STARTING_S:
            return True
        return self._begin(now)

    def wake(self) -> None:
        """End its sleep."""
        self.resting = False
        self._bell.ring()

    def stop(self, timeout_s: float) -> bool:
        """Ask the thread to end after the work at hand, and wait for it; say whether it has."""
        self._stopping = True
        self._bell.ring()
        if not self._locks or self.ident == _thread.get_ident():
            return True
        if not self._working().acquire(timeout=timeout_s):
            return False
        self._working().release()
        return True

    def here(self, work: Callable[[], float | None]) -> float | None:
        """Do something in place of the thread, in the caller's; 0.1 (seconds to wait) while the thread is at work."""
        if not self._working().acquire(blocking=False):
            return 0.1
        try:
            return work()
        finally:
            self._working().release()

    def _working(self) -> _thread.LockType:
        """Return the lock of who works, the same for all: of two that are made at once the first one counts."""
        if not self._locks:
            self._locks.append(_thread.allocate_lock())
        return self._locks[0]

    def _begin(self, now: float) -> bool:
        self.restarts += self._turn_of is not None
        turn = object()
        self._turn_of, self._begun_s = turn, now
        try:
            _thread.start_new_thread(self._run, (turn, self._bell, self._working()))
        except RuntimeError:  # the interpreter is ending, or the system has no more threads
            self._turn_of = None
            return False
        return True

    def _run(self, turn: object, bell: Bell, working: _thread.LockType) -> None:
        """Work until it is stopped or another thread has taken its place; whatever ends it, another goes on.

        That comes before all else, and again: what ended it may strike a second time on the way out.
        """
        try:
            try:
                self._work_on(turn, bell, working)
            finally:
                self._replace(turn)
        except BaseException as end:  # noqa: BLE001 - it ends here
            self._replace(turn)
            log.warning("playhead: %s was ended by %s and is replaced", self.name, type(end).__name__)

    def _work_on(self, turn: object, bell: Bell, working: _thread.LockType) -> None:
        suppress_thread()
        with working:
            self.ident = _thread.get_ident()
            while not self._stopping and self._turn_of is turn:
                bell.wait(self._once())

    def _replace(self, turn: object) -> None:
        """Start a successor, unless there is one or none is wanted."""
        if not self._stopping and not sys.is_finalizing() and self._turn_of is turn:
            self._begin(elapsed_s())

    def _once(self) -> float:
        try:
            pause_s = self._work()
        except Exception:
            log.exception("playhead: %s failed and goes on", self.name)
            return AFTER_FAILURE_S
        return LONGEST_REST_S if pause_s is None else pause_s
