"""How long something took, less what it waited for a processor: what else the machine does changes nothing.

    watch = Stopwatch()
    ...
    assert watch.seconds() < 1.0

Linux says in nanoseconds how long each thread stood in the queue (``/proc/PID/task/TID/schedstat``, the second number).
Where it does not, the clock alone counts.
"""

from __future__ import annotations

import os
import time
from pathlib import Path


class Stopwatch:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._before = queued_s(os.getpid())
        self._began_s = time.monotonic()

    def seconds(self, child: int | None = None) -> float:
        """Return the seconds until now in which this process, and a child that was started since, did not stand in
        the queue for a processor."""
        elapsed_s = time.monotonic() - self._began_s
        waited_s = sum(queued - self._before.get(thread, 0.0) for thread, queued in queued_s(os.getpid()).items())
        return elapsed_s - waited_s - (sum(queued_s(child).values()) if child is not None else 0.0)


def queued_s(process: int) -> dict[str, float]:
    """Return how many seconds each living thread of a process has stood in the queue."""
    found = {}
    for thread in Path(f"/proc/{process}/task").glob("*"):
        try:
            found[thread.name] = int((thread / "schedstat").read_text().split()[1]) / 1e9
        except (FileNotFoundError, ProcessLookupError):  # it has ended
            continue
    return found
