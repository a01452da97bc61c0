"""Samples of process and machine: for who asks, at their interval, until the session ends; never in the way."""

from __future__ import annotations

import gc
import os
import sys
import threading
from typing import Any

import pytest

from playhead.errors import Invalid
from playhead.record.metrics import MetricsSampler
from playhead.testing import MemoryServer


class Counted:
    """A reader that counts, and tells when it has counted far enough."""

    def __init__(self, until: int) -> None:
        self.count = 0
        self.until = until
        self.enough = threading.Event()

    def __call__(self) -> dict[str, Any]:
        self.count += 1
        if self.count >= self.until:
            self.enough.set()
        return {"cpu": float(self.count), "memory": 1.0}


def test_a_session_that_asks_is_sampled_with_psutil() -> None:
    server = MemoryServer()
    recorder = server.recorder()
    with recorder.session(feature="chat", system_metrics=0.05):
        assert server.wait_for(4)
    recorder.shutdown(5)
    sample = server.of_type("system_metrics")[0]["data"]
    assert sample["cpu"] >= 0
    assert 0 < sample["memory"] <= 100
    assert sample["network"].keys() == {"sent", "received"}
    assert sample["metadata"]["process"]["pid"] == os.getpid()
    assert sample["metadata"]["process"]["memoryBytes"] > 1 << 20
    assert sample["metadata"]["process"]["threads"] >= 2


def test_every_session_is_sampled_when_the_recorder_is_told_to() -> None:
    server = MemoryServer()
    recorder = server.recorder(system_metrics=0.05)
    with (
        recorder.session(feature="one"),
        recorder.session(feature="two"),
        recorder.session(feature="three", system_metrics=False) as third,
    ):
        assert server.wait_for(7)
    recorder.shutdown(5)
    sampled = {event["sessionId"] for event in server.of_type("system_metrics")}
    assert len(sampled) == 2
    assert third.session_id not in sampled


def test_nobody_is_sampled_who_does_not_ask() -> None:
    recorder = MemoryServer().recorder()
    recorder.session(feature="chat").end()
    assert recorder._policy._metrics is None
    recorder.shutdown(5)


def test_a_session_that_is_over_or_forgotten_is_not_sampled_any_more() -> None:
    reader = Counted(3)
    sampler = MetricsSampler(lambda: reader)
    recorder = MemoryServer().recorder()
    session = recorder.session(feature="over")
    sampler.watch(session, 0.05)
    sampler.watch(recorder.session(feature="forgotten"), 0.05)
    gc.collect()
    assert reader.enough.wait(10)
    session.end()
    sampler._turn()
    assert sampler._watches == []
    sampler.stop()
    recorder.shutdown(5)


def test_a_reader_that_fails_is_asked_again_and_breaks_nothing() -> None:
    server = MemoryServer()
    recorder = server.recorder()
    sampler = MetricsSampler(lambda: lambda: {"cpu": object()})
    session = recorder.session(feature="chat")
    sampler.watch(session, 0.05)
    assert server.wait_for(2)
    sampler.stop()
    session.end()
    assert recorder.shutdown(5)


def test_the_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    with pytest.raises(Invalid, match=r"playhead\[metrics\]"):
        MemoryServer().recorder(system_metrics=5)
    recorder = MemoryServer().recorder()
    with recorder.session(feature="chat", system_metrics=5):
        pass
    assert "playhead[metrics]" in caplog.text
    recorder.shutdown(5)


@pytest.mark.parametrize("interval", [-1, float("nan"), "often"])
def test_an_interval_that_cannot_be_is_refused_where_the_recorder_is_made(interval: Any) -> None:
    with pytest.raises(Invalid, match="system_metrics"):
        MemoryServer().recorder(system_metrics=interval)
