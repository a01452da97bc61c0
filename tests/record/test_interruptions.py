"""The recorder interrupted in its own work: by signals whose handlers record and flush, and by a clock that stands."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from playhead.record import _lifecycle
from playhead.record._accounts import Gap, Losses
from playhead.record.recorder import Recorder
from playhead.testing import MemoryServer

ROOM = str(Path(_lifecycle.__file__).parent)
PLACES = (ROOM, threading.__file__)


@contextmanager
def interrupted(at: int, handler: Callable[[], object]) -> Iterator[list[int]]:
    """Run a handler where the block for the ``at``-th time enters or leaves a function of the recorder, or of the locks
    that it uses: there a signal may strike. How often that is stands in the list afterwards."""
    passed = [0]

    def trace(frame: FrameType, what: str, _: Any) -> Any:
        if what in ("call", "return") and frame.f_code.co_filename.startswith(PLACES):
            passed[0] += 1
            if passed[0] == at:
                handler()
        return trace

    sys.settrace(trace)
    try:
        yield passed
    finally:
        sys.settrace(None)


@pytest.mark.parametrize("on_disk", [True, False])
def test_a_handler_that_records_and_flushes_wherever_it_interrupts_a_flush_loses_and_doubles_nothing(
    tmp_path: Path, on_disk: bool
) -> None:
    server = MemoryServer()
    recorder = server.recorder(spool_dir=tmp_path if on_disk else False, spool_s=30.0)
    session = recorder.session(feature="chat")
    ids = []

    def handler() -> None:
        ids.append(session.record_user_action(action="handler"))
        recorder.flush(0.0)

    at = passed = 0
    while at <= passed:
        at += 1
        ids.extend(session.record_user_action(action="a", target=number) for number in range(3))
        with interrupted(at, handler) as counted:
            recorder.flush(0.0)
        passed = max(passed, min(counted[0], 300))
    assert recorder.flush(10)
    stats = recorder.stats()
    recorder.shutdown(5)
    assert at > 50
    assert stats.unaccounted == 0
    assert stats.dropped == {}
    stored = [event["id"] for event in server.of_type("user_action")]
    assert sorted(stored) == sorted(ids)


def test_a_handler_may_wake_the_thread_that_it_interrupts_the_waking_of() -> None:
    server = MemoryServer()
    recorder = server.recorder()
    session = recorder.session(feature="chat")

    def handler() -> None:
        recorder._sending.wake()
        recorder._writing.wake()

    at = passed = 0
    while at <= passed:
        at += 1
        with interrupted(at, handler) as counted:
            recorder._writing.wake()
        passed = counted[0]
    session.record_user_action(action="a")
    assert recorder.flush(10)
    recorder.shutdown(5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_flush_ends_and_events_are_sent_while_the_applications_clock_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("time", "monotonic", "perf_counter"):
        monkeypatch.setattr(time, name, lambda: 1_000.0)
    monkeypatch.setattr(time, "perf_counter_ns", lambda: 1_000)
    monkeypatch.setattr(time, "time_ns", lambda: 1_000)
    server = MemoryServer()
    server.hang()
    recorder = server.recorder()
    session = recorder.session(feature="chat")
    with session.step("s"):
        session.record_user_action(action="a")
    assert recorder.flush(0.2) is False
    server.resume()
    assert server.wait_for(3)
    assert recorder.flush(10)
    assert recorder.shutdown(5)


def test_sigterm_is_heard_when_another_thread_recorded_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_lifecycle, "_armed_for", None)
    monkeypatch.setattr(_lifecycle, "_hears_for", None)
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        made: list[Recorder] = []
        thread = threading.Thread(target=lambda: made.append(MemoryServer().recorder(spool_dir=tmp_path)))
        thread.start()
        thread.join()
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        made[0].session(feature="chat")
        assert signal.getsignal(signal.SIGTERM) is _lifecycle._terminated
        made[0].shutdown(5)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_drop_that_interrupts_a_drop_anywhere_is_counted_and_told() -> None:
    losses = Losses()
    at = passed = 0
    while at <= passed:
        at += 1
        with interrupted(at, lambda: losses.drop("s", "handler", 2)) as counted:
            losses.drop("s", "own", 1)
        passed = counted[0]
    assert at > 5
    assert losses.dropped == {"own": at, "handler": at - 1}
    assert losses.take_gaps() == {"s": Gap(losses.dropped, 1, 2)}
