"""The recorder against a server that fails: what may pass is sent again until stored, what cannot be is counted."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from playhead.record._spool import Spool
from playhead.record.call import Broken, Reply
from playhead.record.recorder import Recorder
from playhead.testing import MemoryServer, answered, lost
from playhead.testing.receiver import Answer


@contextmanager
def recording(server: MemoryServer, **settings: Any) -> Iterator[Recorder]:
    recorder = server.recorder(**settings)
    try:
        yield recorder
    finally:
        server.resume()
        recorder.shutdown(0.5)


def click(recorder: Recorder, count: int, **more: Any) -> None:
    session = recorder.session(feature="chat", session_id="s")
    for number in range(count):
        session.record_user_action(action="click", target=number, **more)


def clicks(server: MemoryServer) -> list[int]:
    return [event["data"]["target"] for event in server.of_type("user_action")]


@pytest.mark.parametrize(
    "trouble",
    [
        answered(429, retry_after="0"),
        answered(500),
        answered(502),
        answered(503, retry_after="0"),
        answered(504),
        answered(507),
        Reply(status=200, headers={}, body=b"<html>a captive portal</html>"),
        Reply(status=200, headers={}, body=b'{"success": true, "data": {"accepted": 1, "dupl'),
        answered(200, {"data": {"accepted": 99, "duplicates": 0, "rejected": []}}),
        lost(),
        lost(sent=False),
        RuntimeError("a bug in a transport"),
    ],
    ids=str,
)
def test_what_may_pass_is_sent_again_until_it_is_stored(trouble: Answer) -> None:
    server = MemoryServer(trouble, trouble)
    with recording(server) as recorder:
        click(recorder, 20)
        assert recorder.flush(10)
        stats = recorder.stats()
    assert clicks(server) == list(range(20))
    assert (stats.stored, stats.duplicates, stats.unaccounted) == (21, 0, 0)
    assert stats.requests >= 3
    assert stats.retries == 2


def test_what_was_stored_before_its_answer_was_lost_counts_once() -> None:
    taken: list[bool] = []

    def fault(batch: list[dict[str, Any]]) -> Answer | None:
        if taken:
            return None
        taken.append(True)
        server.store(batch)
        return lost()

    server = MemoryServer(fault=fault)
    with recording(server) as recorder:
        click(recorder, 20)
        assert recorder.flush(10)
        stats = recorder.stats()
    assert clicks(server) == list(range(20))
    assert stats.stored == stats.recorded == 21
    assert 0 < stats.duplicates <= 21
    assert stats.unaccounted == 0


def test_a_request_that_is_too_large_is_split_and_only_an_event_that_is_too_large_alone_is_lost() -> None:
    server = MemoryServer(max_bytes=3_000)
    with recording(server) as recorder:
        session = recorder.session(feature="chat", session_id="s")
        for number in range(30):
            session.record_user_action(
                action="click", target=number, metadata={"x": "x" * (5_000 if number == 7 else 500)}
            )
        assert recorder.flush(10)
        stats = recorder.stats()
    assert clicks(server) == [number for number in range(30) if number != 7]
    assert stats.rejected == {"too_large": 1}
    assert [gap["data"]["reasons"] for gap in server.of_type("gap")] == [{"rejected_too_large": 1}]
    assert stats.unaccounted == 0


@pytest.mark.parametrize(("status", "code"), [(400, "bad_request"), (422, "validation_error")])
def test_a_batch_that_is_refused_whole_loses_its_bad_event_alone(status: int, code: str) -> None:
    def fault(batch: list[dict[str, Any]]) -> Answer | None:
        return answered(status) if any(event["data"].get("target") == 13 for event in batch) else None

    server = MemoryServer(fault=fault)
    with recording(server) as recorder:
        click(recorder, 40)
        assert recorder.flush(10)
        stats = recorder.stats()
    assert clicks(server) == [number for number in range(40) if number != 13]
    assert stats.rejected == {code: 1}
    assert stats.unaccounted == 0


def test_events_that_the_server_rejects_one_by_one_are_counted_and_shown_in_their_session() -> None:
    def fault(batch: list[dict[str, Any]]) -> Answer | None:
        if any(event["type"] == "gap" for event in batch):
            return None
        bad = [place for place, event in enumerate(batch) if event["data"].get("target") in (3, 4)]
        server.store([event for place, event in enumerate(batch) if place not in bad])
        rejected = [{"index": place, "code": "validation_error", "message": "no"} for place in bad]
        return answered(200, {"data": {"accepted": len(batch) - len(bad), "duplicates": 0, "rejected": rejected}})

    server = MemoryServer(fault=fault)
    with recording(server) as recorder:
        click(recorder, 10)
        assert recorder.flush(10)
        stats = recorder.stats()
    assert clicks(server) == [0, 1, 2, 5, 6, 7, 8, 9]
    assert stats.rejected == {"validation_error": 2}
    (gap,) = server.of_type("gap")
    assert (gap["sessionId"], gap["data"]["count"]) == ("s", 2)
    assert gap["data"]["reasons"] == {"rejected_validation_error": 2}
    assert stats.unaccounted == 0


def test_one_event_on_which_the_server_breaks_does_not_hold_up_the_others_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("playhead.record._delivery.LONGEST_PAUSE_S", 0.001)

    def fault(batch: list[dict[str, Any]]) -> Answer | None:
        return answered(500) if any(event["data"].get("target") == 5 for event in batch) else None

    server = MemoryServer(fault=fault)
    with recording(server) as recorder:
        click(recorder, 12)
        assert recorder.flush(20)
        stats = recorder.stats()
    assert sorted(clicks(server)) == [number for number in range(12) if number != 5]
    assert stats.rejected == {"internal_error": 1}
    assert stats.unaccounted == 0


def test_a_server_that_breaks_on_everything_for_long_loses_nothing_and_no_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("playhead.record._delivery.LONGEST_PAUSE_S", 0.001)
    server = MemoryServer(*[answered(500)] * 60)
    with recording(server) as recorder:
        click(recorder, 12)
        assert recorder.flush(20)
        stats = recorder.stats()
    assert clicks(server) == list(range(12))
    assert (stats.rejected, stats.unaccounted) == ({}, 0)


def test_a_wait_that_the_server_asks_for_is_kept_also_by_a_flush() -> None:
    server = MemoryServer(answered(429, retry_after="1"))
    with recording(server) as recorder:
        click(recorder, 3)
        began = time.monotonic()
        assert recorder.flush(10)
        assert time.monotonic() - began >= 0.9


def test_a_server_that_cannot_unpack_zstd_gets_it_unpacked() -> None:
    refused: list[int] = []

    class Old:
        def post(self, body: bytes, headers: dict[str, str], timeout_s: float) -> Reply | Broken:
            if "Content-Encoding" in headers:
                refused.append(1)
                return answered(415)
            return server.receive(body, headers, timeout_s)

        def close(self) -> None:
            """Nothing is open."""

    server = MemoryServer()
    with recording(server, transport=Old) as recorder:
        click(recorder, 100)
        assert recorder.flush(10)
        assert recorder.stats().unaccounted == 0
    assert clicks(server) == list(range(100))
    assert refused == [1]


@pytest.mark.parametrize("name", ["playhead-spooler", "playhead-sender"])
def test_a_thread_that_is_ended_is_replaced_and_nothing_is_lost_or_sent_twice(name: str) -> None:
    server = MemoryServer()
    with recording(server) as recorder:
        session = recorder.session(feature="chat", session_id="s")
        for number in range(3_000):
            session.record_user_action(action="click", target=number)
            if number % 150 == 75:
                end_thread(recorder, name)
        assert recorder.flush(20)
        stats = recorder.stats()
    assert clicks(server) == list(range(3_000))
    assert stats.restarts >= 10
    assert (stats.stored, stats.unaccounted) == (3_001, 0)


def test_a_thread_that_is_ended_while_it_takes_over_leaves_that_to_its_successor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[bool] = []

    def adopt(spool: Spool) -> int:
        if not ended:
            ended.append(True)
            raise SystemExit
        return adopted(spool)

    adopted = Spool.adopt
    monkeypatch.setattr(Spool, "adopt", adopt)
    server = MemoryServer()
    with recording(server) as recorder:
        click(recorder, 3)
        assert recorder.flush(10)
        assert (recorder.stats().stored, recorder.stats().restarts) == (4, 1)


def end_thread(recorder: Recorder, name: str) -> None:
    """Raise SystemExit in a recorder's thread, wherever it is, and wake it, until it has been replaced."""
    worker = recorder._writing if name == "playhead-spooler" else recorder._sending
    before = worker.restarts
    deadline = time.monotonic() + 10
    while worker.restarts == before:
        assert time.monotonic() < deadline
        ident = worker.ident if worker.is_alive else None
        if ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(SystemExit))
        worker.wake()
        threading.Event().wait(0.002)


def test_where_no_thread_can_be_started_a_flush_sends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_: object) -> int:
        raise RuntimeError("can't start new thread at interpreter shutdown")

    monkeypatch.setattr("_thread.start_new_thread", start)
    server = MemoryServer()
    recorder = server.recorder()
    click(recorder, 10)
    assert recorder.flush(5)
    assert recorder.shutdown(1)
    assert clicks(server) == list(range(10))
    assert recorder.stats().unaccounted == 0
