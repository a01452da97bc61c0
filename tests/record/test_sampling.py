"""Sampling: whole sessions, decided at their start; one with an error is recorded all the same, from its beginning."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from playhead import Recorder, Sampling
from playhead.errors import Invalid
from playhead.record.sampling import draw
from playhead.testing import MemoryServer

CALL: dict[str, Any] = {"model": "m", "prompt": "p", "response": "r"}


@contextmanager
def recording(server: MemoryServer, sampling: Any, **settings: Any) -> Iterator[Recorder]:
    recorder = server.recorder(sampling=sampling, **settings)
    try:
        yield recorder
    finally:
        recorder.shutdown(5)


def kinds(server: MemoryServer, session_id: str) -> list[str]:
    return [event["type"] for event in server.events if event["sessionId"] == session_id]


def test_a_session_that_is_left_out_and_has_no_error_is_counted_and_not_sent() -> None:
    server = MemoryServer()
    with recording(server, 0) as recorder:
        with recorder.session(feature="chat") as session:
            session.record_interaction(**CALL)
        assert recorder.flush(5)
        stats = recorder.stats()
    assert server.events == []
    assert (stats.sampled_out, stats.recorded, stats.dropped, stats.unaccounted) == (3, 0, {}, 0)


def test_the_first_error_brings_the_whole_session_in() -> None:
    server = MemoryServer()
    with recording(server, 0) as recorder:
        with recorder.session(feature="chat", label="broken") as session:
            session.record_interaction(**CALL)
            session.record_step(name="lookup", error="no such table")
            session.record_feedback(score=0)
        assert recorder.flush(5)
        stats = recorder.stats()
    assert kinds(server, session.session_id) == ["session.start", "interaction", "step", "feedback", "session.end"]
    assert server.events[0]["data"]["label"] == "broken"
    assert (stats.sampled_out, stats.recorded, stats.stored, stats.unaccounted) == (0, 5, 5, 0)


@pytest.mark.parametrize(
    "failed",
    [
        lambda session: session.record_interaction(model="m", prompt="p", error="timeout"),
        lambda session: session.record_interaction(**CALL, response_metadata={"status": 500}),
        lambda session: session.record_step(name="s", status="failed"),
        lambda session: session.end("error"),
    ],
    ids=["interaction", "status of the response", "status of the step", "end"],
)
def test_whatever_the_server_counts_as_an_error_brings_a_session_in(failed: Any) -> None:
    server = MemoryServer()
    with recording(server, 0) as recorder:
        failed(recorder.session(feature="chat"))
        assert recorder.flush(5)
    assert len(server.events) == 2


def test_a_pending_call_is_no_error_until_it_fails() -> None:
    server = MemoryServer()
    with recording(server, 0) as recorder, recorder.session(feature="chat") as session:
        call = session.interaction(model="m", prompt="p")
        assert recorder.flush(5)
        assert server.events == []
        call.complete(error="timeout")
        assert recorder.flush(5)
        assert [bool(event["data"].get("pending")) for event in server.of_type("interaction")] == [False]


def test_a_rate_takes_about_its_share_and_whole_sessions_of_it() -> None:
    server = MemoryServer()
    with recording(server, 0.25) as recorder:
        for number in range(400):
            with recorder.session(feature="chat", session_id=f"session-{number}") as session:
                session.record_interaction(**CALL)
        assert recorder.flush(10)
        stats = recorder.stats()
    sent = {event["sessionId"] for event in server.events}
    assert sent == {f"session-{number}" for number in range(400) if draw(f"session-{number}") < 0.25}
    assert 60 < len(sent) < 140
    assert all(len(kinds(server, session_id)) == 3 for session_id in sent)
    assert stats.sampled_out == 3 * (400 - len(sent))


def test_user_comes_before_feature_before_the_rate_and_the_function_before_all() -> None:
    def function(start: Mapping[str, Any]) -> bool | None:
        return True if start["label"] == "keep" else None

    rules = Sampling(rate=0, features={"agent": 1}, users={"vip": 1, "bot": 0}, function=function)
    server = MemoryServer()
    starts: dict[str, dict[str, Any]] = {
        "plain": {"feature": "chat"},
        "by feature": {"feature": "agent"},
        "by user": {"feature": "chat", "user_id": "vip"},
        "user before feature": {"feature": "agent", "user_id": "bot"},
        "by function": {"feature": "agent", "user_id": "bot", "label": "keep"},
    }
    with recording(server, rules) as recorder:
        for name, start in starts.items():
            recorder.session(session_id=name, **start).end()
        assert recorder.flush(5)
    assert {event["sessionId"] for event in server.events} == {"by feature", "by user", "by function"}


def test_a_function_that_raises_leaves_the_decision_to_the_others() -> None:
    def function(start: Mapping[str, Any]) -> bool:
        raise KeyError(start["feature"])

    server = MemoryServer()
    with recording(server, function) as recorder:
        recorder.session(feature="chat").end()
        assert recorder.flush(5)
    assert len(server.events) == 2


def test_what_has_no_room_while_a_session_waits_is_a_drop_when_it_comes_in() -> None:
    server = MemoryServer()
    with recording(server, Sampling(rate=0, session_bytes=10_000)) as recorder:
        session = recorder.session(feature="chat")
        for number in range(100):
            session.record_user_action(action=f"{number} " + "x" * 400)
        session.end("error")
        assert recorder.flush(5)
        stats = recorder.stats()
    actions = server.of_type("user_action")
    assert kinds(server, session.session_id)[0] == "session.start"
    assert actions[-1]["data"]["action"].startswith("99 ")
    lost = 100 - len(actions)
    assert lost > 70
    assert stats.dropped == {"sampling_full": lost}
    assert server.of_type("gap")[0]["data"]["reasons"] == {"sampling_full": lost}
    assert (stats.sampled_out, stats.unaccounted) == (0, 0)


def test_the_memory_of_all_sessions_that_wait_is_bounded() -> None:
    server = MemoryServer()
    with recording(server, Sampling(rate=0, total_bytes=50_000)) as recorder:
        sessions = [recorder.session(feature="chat") for _ in range(50)]
        for session in sessions:
            for _ in range(10):
                session.record_user_action(action="x" * 400)
        sampler = recorder._policy.sampler
        assert sampler is not None
        assert sum(ring.bytes for ring in sampler._held.values()) == sampler._bytes <= 50_000
        sessions[-1].record_step(name="s", error="broken")
        assert recorder.flush(5)
        stats = recorder.stats()
    assert kinds(server, sessions[-1].session_id)[0] == "session.start"
    assert stats.unaccounted == 0


def test_what_comes_after_the_end_of_a_session_that_was_left_out_is_left_out_too() -> None:
    server = MemoryServer()
    with recording(server, 0) as recorder:
        session = recorder.session(feature="chat")
        session.end()
        session.record_feedback(score=1)
        assert recorder.flush(5)
        assert recorder.stats().sampled_out == 3
    assert server.events == []


def test_a_session_that_came_in_stays_in_when_it_is_started_again() -> None:
    server = MemoryServer()
    with recording(server, 0) as recorder:
        recorder.session(feature="chat", session_id="conversation").end("error")
        recorder.session(feature="chat", session_id="conversation").record_feedback(score=1)
        assert recorder.flush(5)
    assert len(server.of_type("feedback")) == 1


def test_the_first_decision_about_a_session_holds_when_it_is_started_again() -> None:
    answers = iter([True, False, False, True])
    server = MemoryServer()
    with recording(server, lambda _start: next(answers)) as recorder:
        for session_id in ("in", "out"):
            recorder.session(feature="chat", session_id=session_id).record_feedback(score=1)
            recorder.session(feature="chat", session_id=session_id).record_feedback(score=2)
        assert recorder.flush(5)
    assert {event["sessionId"] for event in server.events} == {"in"}
    assert len(server.of_type("feedback")) == 2


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_holds_nothing_of_its_parents_and_sends_a_start_of_its_own() -> None:
    server = MemoryServer()
    recorder = server.recorder(sampling=0)
    session = recorder.session(feature="chat")
    session.record_user_action(action="parent")
    child = os.fork()
    if child == 0:
        held = recorder._policy.sampler.sampled_out if recorder._policy.sampler else -1
        session.record_step(name="s", error="broken")
        stats = recorder.stats()
        os._exit(0 if held == 0 and stats.recorded == 2 and stats.unaccounted == 0 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert recorder.stats().sampled_out == 2
    recorder.shutdown(5)


@pytest.mark.parametrize("rules", [-0.1, 1.5, "often", {"rat": 1}, {"users": {"u": 2}}, {"features": {"f": "x"}}])
def test_rules_that_cannot_be_are_refused(rules: Any) -> None:
    with pytest.raises(Invalid, match=r"^sampling\."):
        MemoryServer().recorder(sampling=rules)
