"""Samples of the recorded process and of its machine, taken by psutil in one thread for all sessions that ask for them.

psutil comes with the extra ``metrics``. A session is sampled until it ends, or until nobody holds it any more.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import ref

from msgspec import Struct

from playhead.errors import Invalid
from playhead.record._stopwatch import elapsed_s
from playhead.record._worker import Worker

if TYPE_CHECKING:
    from playhead.record.session import Session

log = logging.getLogger("playhead")

MISSING = "system metrics need psutil: pip install 'playhead[metrics]'"
DEFAULT_S = 5.0
SHORTEST_S = 0.05
FIRST_AFTER_S = 0.05
"""How long after its start a session is sampled first: CPU time is measured over a stretch."""

Read = Callable[[], dict[str, Any]]


class Watch(Struct):
    """One session that is sampled, and when it is its turn."""

    session: ref[Session]
    every_s: float
    due_s: float


def read_interval(given: Any) -> float | None:
    """Return seconds between samples from what ``init`` takes (True: 5), None for no samples. Raises Invalid, also when
    psutil is missing."""
    if given is None or given is False:
        return None
    every_s = DEFAULT_S if given is True else given
    if not isinstance(every_s, int | float) or not every_s > 0:
        raise Invalid.field("system_metrics", f"expected seconds between samples, not {given!r}")
    if importlib.util.find_spec("psutil") is None:
        raise Invalid.field("system_metrics", MISSING)
    return max(SHORTEST_S, float(every_s))


class MetricsSampler:
    """Samples sessions at their intervals. ``reader`` makes what takes a sample, when the first one is due."""

    def __init__(self, reader: Callable[[], Read] | None = None) -> None:
        self._reader = reader or psutil_reader
        self._worker = Worker("playhead-metrics", self._turn)
        self.forget()

    def forget(self) -> None:
        """Begin anew in a forked child: the sessions are the parent's."""
        self._lock = threading.Lock()
        self._watches: list[Watch] = []
        self._read: Read | None = None
        self._worker.forget()

    def watch(self, session: Session, given: Any) -> None:
        """Sample a session from now on. What cannot be is said in the log, once for each session, and not raised."""
        try:
            every_s = read_interval(given)
        except Invalid as failure:
            log.warning("playhead: %s", failure)
            return
        if every_s is None:
            return
        with self._lock:
            self._watches.append(Watch(ref(session), every_s, elapsed_s() + FIRST_AFTER_S))
        self._worker.ensure()
        self._worker.wake()

    def stop(self) -> None:
        """Sample nothing any more."""
        self._worker.stop(0.0)

    def _turn(self) -> float | None:
        """Sample the sessions whose turn it is; one step of the thread."""
        if self._read is None:
            self._read = self._reader()
        now_s = elapsed_s()
        with self._lock:
            self._watches = [watch for watch in self._watches if _is_open(watch)]
            due = [watch for watch in self._watches if watch.due_s <= now_s]
            for watch in due:
                watch.due_s = now_s + watch.every_s
            next_s = min((watch.due_s for watch in self._watches), default=None)
        if due:
            _record(due, self._read())
        return None if next_s is None else max(0.0, next_s - elapsed_s())


def psutil_reader() -> Read:
    """Return what takes a sample; CPU and network count from here, and then from sample to sample."""
    import psutil  # noqa: PLC0415 - an extra, and only for who asks for samples

    process = psutil.Process()
    process.cpu_percent()
    psutil.cpu_percent()
    before: Any = psutil.net_io_counters()  # None on a machine without a network

    def read() -> dict[str, Any]:
        nonlocal before
        now: Any = psutil.net_io_counters()
        sample = {
            "cpu": psutil.cpu_percent(),
            "memory": psutil.virtual_memory().percent,
            "metadata": {"process": _process(process)},
        }
        if now and before:
            sent, received = now.bytes_sent - before.bytes_sent, now.bytes_recv - before.bytes_recv
            sample["network"] = {"sent": max(0, sent), "received": max(0, received)}
        before = now
        return sample

    return read


def _process(process: Any) -> dict[str, Any]:
    with process.oneshot():
        return {
            "pid": process.pid,
            "cpu": process.cpu_percent(),
            "memoryBytes": process.memory_info().rss,
            "threads": process.num_threads(),
        }


def _is_open(watch: Watch) -> bool:
    session = watch.session()
    return session is not None and not session.ended


def _record(due: list[Watch], sample: dict[str, Any]) -> None:
    for watch in due:
        session = watch.session()
        if session is not None and not session.ended:
            session.record_system_metrics(sample)
