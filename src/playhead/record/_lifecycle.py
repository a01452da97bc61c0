"""The process around the recorders: its exits, its forks, and being asked to end.

At the end what is queued is written to the spool and sent for as long as ``exit_timeout_s`` allows. SIGTERM gets a
handler of ours only where nobody else has one; it ends the process as the signal would have.
"""

from __future__ import annotations

import atexit
import multiprocessing.process
import os
import signal
import sys
import threading
from collections.abc import Iterable
from types import FrameType
from typing import Any, Protocol

from playhead.record._options import Options
from playhead.record._stopwatch import elapsed_s
from playhead.record._transport import making


class Governed(Protocol):
    """What is told of the process's turns."""

    options: Options

    def shutdown(self, timeout_s: float | None = None) -> bool:
        """Send what there is, and stop."""
        ...

    def after_fork(self) -> None:
        """Begin anew in a child."""
        ...


_governed: Iterable[Governed] = ()
_armed_for: int | None = None
_hears_for: int | None = None


def govern(recorders: Iterable[Governed]) -> None:
    """Tell these of forks and of the process's end from now on, and once armed of other ways to end."""
    global _governed  # noqa: PLW0603 - one process, one set of recorders
    _governed = recorders
    atexit.register(shut_all)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_before_fork, after_in_parent=making.after_in_parent, after_in_child=_after_fork)


def arm() -> None:
    """Watch for the ends of this process that pass by atexit; cheap when they are watched already.

    Only the main thread can watch for signals: from another one that is left to the next time that the main one calls.
    """
    global _armed_for, _hears_for  # noqa: PLW0603 - once for each process
    pid = os.getpid()
    if _armed_for != pid:
        _armed_for = pid
        if multiprocessing.process.parent_process() is not None:
            _arm_child()
    if _hears_for != pid and threading.current_thread() is threading.main_thread():
        _hears_for = pid
        _arm_signal()


def shut_all() -> None:
    """Shut every recorder down, each within what is left of its own time."""
    began = elapsed_s()
    for recorder in _governed:
        recorder.shutdown(max(0.0, recorder.options.exit_timeout_s - (elapsed_s() - began)))


def _arm_child() -> None:
    """A child of multiprocessing ends without atexit; it calls its finalizers."""
    from multiprocessing import util  # noqa: PLC0415 - loaded in such a child already

    util.Finalize(None, shut_all, exitpriority=-100)


def _arm_signal() -> None:
    if sys.platform != "win32" and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminated)


def _terminated(number: int, _frame: FrameType | None) -> None:
    """Send what there is, then end as the signal asks.

    Under gevent it strikes in any greenlet, the one that sends and the one that never may wait among them: there
    another greenlet does it.
    """
    if _in_a_greenlet():
        sys.modules["gevent"].spawn(_end, number)
    else:
        _end(number)


def _in_a_greenlet() -> bool:
    """Say whether this is one of gevent's own, not the main one."""
    gevent: Any = sys.modules.get("gevent")
    try:
        return isinstance(gevent.getcurrent(), (gevent.Greenlet, gevent.hub.Hub))
    except AttributeError:  # there is none, or it is being imported
        return False


def _end(number: int) -> None:
    shut_all()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _before_fork() -> None:
    """Load what sends, which each child would otherwise do while it ends, and let nobody be in the midst of it.

    What gevent is about to patch in the child is not loaded before.
    """
    if "gevent" not in sys.modules and any(recorder.options.enabled for recorder in _governed):
        making.before_fork()


def _after_fork() -> None:
    making.renew()
    for recorder in _governed:
        recorder.after_fork()
