"""The recorder from its caller: what it records arrives, in order and once; nothing raises and nothing waits."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from tests.support.stopwatch import Stopwatch

from playhead.errors import Invalid
from playhead.record.current import current_session, is_suppressed
from playhead.record.recorder import Recorder
from playhead.testing import FakeClock, IdSequence, MemoryServer, answered


@contextmanager
def recording(server: MemoryServer, **settings: Any) -> Iterator[Recorder]:
    recorder = server.recorder(**settings)
    try:
        yield recorder
    finally:
        server.resume()
        recorder.shutdown(0.5)


def data_of(server: MemoryServer, kind: str) -> list[dict[str, Any]]:
    return [event["data"] for event in server.of_type(kind)]


def test_a_session_arrives_with_its_start_its_events_in_order_and_its_end() -> None:
    server = MemoryServer()
    with recording(server) as recorder:
        with recorder.session(feature="chat", user_id="u1", tags=["a"]) as session:
            for number in range(50):
                session.record_user_action(action=f"click {number}")
        assert recorder.flush(5)
    kinds = [event["type"] for event in server.events]
    assert kinds == ["session.start", *["user_action"] * 50, "session.end"]
    assert [event["data"]["action"] for event in server.of_type("user_action")] == [f"click {n}" for n in range(50)]
    start = server.events[0]
    assert start["data"] == {"feature": "chat", "userId": "u1", "tags": ["a"], "startedAt": start["timestamp"]}
    assert server.events[-1]["data"] == {"status": "completed"}


def test_the_account_says_what_was_recorded_and_stored() -> None:
    server = MemoryServer()
    with recording(server) as recorder:
        session = recorder.session(feature="chat")
        session.record_feedback(score=1)
        session.end()
        session.end()
        assert recorder.flush(5)
        stats = recorder.stats()
    assert (stats.recorded, stats.stored, stats.queued, stats.spooled, stats.unaccounted) == (3, 3, 0, 0, 0)


def test_a_block_that_raises_ends_its_session_with_error_and_goes_on_raising() -> None:
    server = MemoryServer()
    with recording(server) as recorder:
        with pytest.raises(ZeroDivisionError), recorder.session(feature="chat"):
            _ = 1 / 0
        assert recorder.flush(5)
    assert data_of(server, "session.end") == [{"status": "error"}]


def test_the_session_of_a_block_is_current_in_it_and_the_one_before_it_afterwards() -> None:
    with recording(MemoryServer()) as recorder:
        assert current_session() is None
        with recorder.session(feature="chat") as outer:
            with recorder.session(feature="agent") as inner:
                assert current_session() is inner
            assert current_session() is outer
        assert current_session() is None


def test_tasks_have_their_own_current_session() -> None:
    async def one(recorder: Recorder, seen: dict[str, Any], barrier: asyncio.Barrier, name: str) -> None:
        async with recorder.session(feature=name):
            await barrier.wait()
            seen[name] = current_session()

    async def both(recorder: Recorder) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        barrier = asyncio.Barrier(2)
        await asyncio.gather(one(recorder, seen, barrier, "a"), one(recorder, seen, barrier, "b"))
        return seen

    with recording(MemoryServer()) as recorder:
        seen = asyncio.run(both(recorder))
    assert {name: session.feature for name, session in seen.items()} == {"a": "a", "b": "b"}


def test_steps_and_interactions_belong_to_the_step_that_encloses_them() -> None:
    server = MemoryServer()
    with recording(server) as recorder:
        with recorder.session(feature="agent") as session:
            with session.step("plan", kind="agent", input={"goal": 1}) as outer:
                with session.step("search", kind="tool") as inner:
                    inner.output(["found"])
                session.record_interaction(model="m", prompt="p", response="r")
            session.record_step(name="after")
        assert recorder.flush(5)
    steps = {step["data"]["name"]: step for step in server.of_type("step")}
    assert steps["search"]["data"]["parentId"] == outer.id == steps["plan"]["id"]
    assert steps["search"]["data"]["output"] == ["found"]
    assert data_of(server, "interaction")[0]["parentId"] == outer.id
    assert "parentId" not in steps["after"]["data"]
    assert steps["plan"]["data"]["latency"] >= steps["search"]["data"]["latency"]


def test_a_step_of_another_session_is_nobodys_parent() -> None:
    server = MemoryServer()
    with recording(server) as recorder:
        with recorder.session(feature="agent") as session, session.step("outer"):
            recorder.session(feature="chat").record_step(name="other")
        assert recorder.flush(5)
    other = next(step for step in server.of_type("step") if step["data"]["name"] == "other")
    assert "parentId" not in other["data"]


def test_a_model_call_is_announced_at_once_and_completed_under_the_same_id() -> None:
    server = MemoryServer()
    with recording(server) as recorder:
        session = recorder.session(feature="chat")
        with session.interaction(model="gpt-4o", prompt="Where?") as call:
            assert recorder.flush(5)
            announced = server.of_type("interaction")
            call.first_token()
            call.complete(response="There.", tokens={"input": 3, "output": 2})
        assert recorder.flush(5)
        completed = server.of_type("interaction")
    assert [(event["id"], event["data"]["pending"]) for event in announced] == [(call.id, True)]
    (event,) = completed
    assert event["id"] == call.id
    assert "pending" not in event["data"]
    assert event["data"]["response"] == "There."
    assert event["data"]["latency"] >= event["data"]["timeToFirstToken"] >= 0


def test_a_call_that_raises_is_completed_with_its_error() -> None:
    server = MemoryServer()
    with recording(server) as recorder:
        session = recorder.session(feature="chat")
        with pytest.raises(TimeoutError), session.interaction(model="m", prompt="p"):
            raise TimeoutError("too slow")
        with session.interaction(model="m", prompt="p"):
            pass
        assert recorder.flush(5)
    first, second = data_of(server, "interaction")
    assert first["error"] == {"type": "TimeoutError", "message": "too slow"}
    assert second["error"]["type"] == "Unanswered"


def test_what_json_cannot_hold_is_altered_and_counted_and_the_rest_of_the_event_is_kept() -> None:
    server = MemoryServer()
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    with recording(server) as recorder:
        session = recorder.session(feature="chat")
        session.record_user_action(action="nan", metadata={"x": math.nan, "y": [math.inf, 1.5]})
        session.record_user_action(action="half \ud83d", target=object())
        session.record_user_action(action="big", target=10**5000, metadata={"deep": deep, 7: {1, 2}, "2**70": 2**70})  # type: ignore[dict-item]
        assert recorder.flush(5)
        altered = recorder.stats().altered
    nan, half, big = data_of(server, "user_action")
    assert nan["metadata"] == {"x": None, "y": [None, 1.5]}
    assert (half["action"], half["target"]) == ("half \ufffd", "[object]")
    assert big["target"] == hex(10**5000)
    assert big["metadata"]["2**70"] == 2**70
    assert big["metadata"]["7"] == [1, 2]
    assert altered == {"not_finite": 1, "surrogate": 1, "no_json_form": 1, "number_too_large": 1, "too_deep": 1}


def test_what_contains_itself_many_times_over_is_cut_where_it_does() -> None:
    server = MemoryServer()
    tree: dict[str, Any] = {"name": "root"}
    tree["children"] = [{"name": number, "parent": tree} for number in range(3)]
    net: list[Any] = [[] for _ in range(30)]
    for knot in net:
        knot.extend(net)
    with recording(server) as recorder:
        session = recorder.session(feature="chat")
        session.record_user_action(action="tree", target=tree)
        session.record_user_action(action="net", target=net)
        assert recorder.flush(5)
        stats = recorder.stats()
    assert data_of(server, "user_action")[0]["target"] == {
        "name": "root",
        "children": [{"name": number, "parent": "[contains itself]"} for number in range(3)],
    }
    assert stats.altered == {"circular": 2, "too_many": 1}
    assert stats.unaccounted == 0


def test_an_array_of_very_many_numbers_is_named_and_a_small_one_is_recorded() -> None:
    server = MemoryServer()
    with recording(server) as recorder:
        session = recorder.session(feature="chat")
        session.record_user_action(action="small", target=np.array([[1, 2], [3, 4]]))
        session.record_user_action(action="large", target=np.zeros((4_000, 4_000, 3), dtype="uint8"))
        assert recorder.flush(5)
        assert recorder.stats().altered == {"no_json_form": 1}
    assert [data["target"] for data in data_of(server, "user_action")] == [[[1, 2], [3, 4]], "[ndarray]"]


def test_keys_that_are_no_texts_keep_their_values_apart() -> None:
    server = MemoryServer()
    odd: dict[Any, Any] = {(1, 2): "a", (3, 4): "b", 1: "c", None: "d", b"x": "e"}
    with recording(server) as recorder:
        recorder.session(feature="chat").record_user_action(action="odd", target=odd)
        assert recorder.flush(5)
    (data,) = data_of(server, "user_action")
    assert data["target"] == {"(1, 2)": "a", "(3, 4)": "b", "1": "c", "None": "d", "b'x'": "e"}


def test_a_call_that_is_said_to_be_pending_already_raises_nothing() -> None:
    server = MemoryServer()
    with recording(server) as recorder:
        call = recorder.session(feature="chat").interaction(model="m", prompt="p", pending=True)
        assert recorder.flush(5)
    assert data_of(server, "interaction")[0]["pending"] is True
    assert call.id


def test_hostile_objects_and_arguments_raise_nothing() -> None:
    class Hostile:
        def model_dump(self) -> Any:
            raise RuntimeError("no")

        def __str__(self) -> str:
            raise RuntimeError("no")

        __repr__ = __str__

    with recording(MemoryServer()) as recorder:
        session = recorder.session(feature="Ünfit Feature!", label="x" * 9_999, tags=[1, ""], metadata={"o": Hostile()})  # type: ignore[list-item]
        session.record_interaction(model="m", prompt=Hostile(), response=Hostile(), tokens=Hostile(), error=Hostile())
        session.record_interaction(["no mapping"], timestamp=object())  # type: ignore[arg-type]
        session.record_step(name="s", latency=timedelta(seconds=1.5), timestamp=datetime(2026, 1, 1, tzinfo=UTC))
        assert recorder.flush(5)
        stats = recorder.stats()
    assert stats.unaccounted == 0
    assert stats.recorded == 4


class Wordless:
    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


class Leaking:
    def __iter__(self) -> Any:
        yield "first"
        raise RuntimeError("no")

    def __str__(self) -> str:
        return "leaking"


@pytest.mark.parametrize("sampling", [None, 1.0])
def test_a_session_starts_whatever_it_is_given(sampling: float | None) -> None:
    given: list[dict[str, Any]] = [
        {"feature": Wordless()},
        {"label": Wordless(), "user_id": Wordless(), "workspace_id": Wordless(), "integration_name": Wordless()},
        {"metadata": "text"},
        {"metadata": [1, 2]},
        {"tags": 5},
        {"tags": [Wordless(), "b"]},
        {"tags": Leaking()},
        {"started_at": datetime.min},  # noqa: DTZ901 - just that
        {"session_id": UUID(int=7)},
        {"session_id": Wordless()},
    ]
    server = MemoryServer()
    with recording(server, sampling=sampling) as recorder:
        for start in given:
            recorder.session(**{"feature": "chat", **start}).record_user_action(action="a", timestamp=datetime.max)  # noqa: DTZ901
        assert recorder.flush(5)
        stats = recorder.stats()
    assert (stats.stored, stats.unaccounted) == (2 * len(given), 0)
    starts = data_of(server, "session.start")
    assert [start.get("metadata") for start in starts[2:4]] == [{"value": "text"}, {"value": [1, 2]}]
    assert [start.get("tags") for start in starts[4:7]] == [["5"], ["[Wordless]", "b"], ["leaking"]]
    assert starts[0]["feature"] == "wordless"
    assert {event["sessionId"] for event in server.events} >= {str(UUID(int=7)), "[Wordless]"}


def test_times_and_ids_come_from_the_clock_and_the_source_that_were_given() -> None:
    server = MemoryServer()
    with recording(server, clock=FakeClock(1_700_000_000_123_456_000), new_id=IdSequence()) as recorder:
        session = recorder.session(feature="chat", session_id="s-1")
        session.record_user_action(action="a")
        session.record_user_action(action="b", id="own", timestamp=datetime(2026, 1, 1, tzinfo=UTC))
        assert recorder.flush(5)
    start, first, second = server.events
    assert (start["id"], first["id"], second["id"]) == ("event-1", "event-2", "own")
    assert first["timestamp"] == 1_700_000_000_123.456
    assert second["timestamp"] == 1_767_225_600_000


def test_flush_gives_up_when_its_time_is_over() -> None:
    server = MemoryServer()
    with recording(server) as recorder:
        server.hang()
        recorder.session(feature="chat")
        watch = Stopwatch()
        assert recorder.flush(0.2) is False
        assert watch.seconds() < 1.0
        server.resume()
        assert recorder.flush(5)


def test_recording_waits_for_nobody_while_the_server_hangs() -> None:
    server = MemoryServer()
    with recording(server) as recorder:
        session = recorder.session(feature="chat")
        server.hang()
        watch = Stopwatch()
        for _ in range(1_000):
            session.record_interaction(model="m", prompt="p" * 1_000, response="r" * 1_000)
        assert watch.seconds() < 1.0
        server.resume()
        assert recorder.flush(10)
    assert len(server.of_type("interaction")) == 1_000


def test_a_full_queue_drops_the_newest_counts_them_and_tells_the_session() -> None:
    server = MemoryServer()
    with recording(server, queue_bytes=100_000) as recorder:
        session = recorder.session(feature="chat", session_id="s-1")
        server.hang()
        kept = sum(bool(session.record_user_action(action=f"{n}", target="x" * 1_000)) for n in range(500))
        dropped = recorder.stats().dropped["queue_full"]
        assert kept + dropped == 500
        assert dropped > 100
        server.resume()
        assert recorder.flush(10)
        session.end()
        assert recorder.flush(10)
        stats = recorder.stats()
    (gap,) = server.of_type("gap")
    assert gap["sessionId"] == "s-1"
    assert gap["data"]["count"] == dropped
    assert gap["data"]["reasons"] == {"queue_full": dropped}
    assert [event["data"]["action"] for event in server.of_type("user_action")] == [f"{n}" for n in range(kept)]
    assert (stats.unaccounted, stats.gaps, stats.recorded) == (0, 1, 503)


def test_an_event_over_the_limit_is_dropped_alone() -> None:
    server = MemoryServer()
    with recording(server, event_bytes=10_000) as recorder:
        session = recorder.session(feature="chat")
        assert session.record_user_action(action="small")
        assert session.record_user_action(action="large", target="x" * 20_000) == ""
        assert recorder.flush(5)
        assert recorder.stats().dropped == {"too_large": 1}
    assert len(server.of_type("user_action")) == 1


def test_redaction_happens_before_encoding_and_a_rule_that_fails_drops_the_event() -> None:
    def rules(value: Any) -> Any:
        if value.get("action") == "bad":
            raise ValueError("rule")
        return {name: "[secret]" if name == "target" else item for name, item in value.items()}

    server = MemoryServer()
    with recording(server, redact=rules) as recorder:
        session = recorder.session(feature="chat")
        session.record_user_action(action="good", target="4111 1111 1111 1111")
        assert session.record_user_action(action="bad", target="4111 1111 1111 1111") == ""
        assert recorder.flush(5)
        assert recorder.stats().dropped == {"redaction_failed": 1}
    assert data_of(server, "user_action") == [{"action": "good", "target": "[secret]"}]


def test_many_threads_record_into_one_session_and_nothing_is_lost() -> None:
    server = MemoryServer()
    with recording(server) as recorder:
        session = recorder.session(feature="chat")

        def work(name: str) -> None:
            for number in range(500):
                session.record_user_action(action=name, target=number)

        threads = [threading.Thread(target=work, args=(f"t{n}",)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert recorder.flush(10)
        stats = recorder.stats()
    assert (stats.recorded, stats.stored, stats.unaccounted) == (4_001, 4_001, 0)
    for name in (f"t{n}" for n in range(8)):
        order = [data["target"] for data in data_of(server, "user_action") if data["action"] == name]
        assert order == list(range(500))


def test_what_is_recorded_after_shutdown_is_dropped_and_counted() -> None:
    server = MemoryServer()
    recorder = server.recorder()
    session = recorder.session(feature="chat")
    assert recorder.shutdown(5)
    assert session.record_user_action(action="late") == ""
    assert recorder.stats().dropped == {"shut_down": 1}
    assert recorder.stats().unaccounted == 0


def test_a_recorder_that_is_off_records_and_counts_nothing() -> None:
    server = MemoryServer()
    recorder = server.recorder(enabled=False)
    with recorder.session(feature="chat") as session:
        assert session.record_user_action(action="x") == ""
    assert recorder.flush(1)
    assert recorder.shutdown()
    assert recorder.stats().recorded == 0
    assert server.requests == 0


def test_the_recorders_own_threads_record_nothing_of_what_they_do() -> None:
    seen: list[bool] = []

    def fault(_: list[dict[str, Any]]) -> None:
        seen.append(is_suppressed())

    server = MemoryServer(fault=fault)
    with recording(server) as recorder:
        recorder.session(feature="chat")
        assert recorder.flush(5)
    assert seen == [True]
    assert not is_suppressed()


@pytest.mark.parametrize(
    "setting", [{"url": "ftp://x"}, {"queue_bytes": -1}, {"batch_s": "soon"}, {"api_key": "two words"}]
)
def test_a_setting_that_cannot_be_used_is_said_when_the_recorder_is_made(setting: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        Recorder(spool_dir=False, **setting)


def test_a_wrong_key_keeps_everything_until_it_is_right(caplog: pytest.LogCaptureFixture) -> None:
    server = MemoryServer(*[answered(401)] * 3)
    with recording(server) as recorder:
        recorder.session(feature="chat")
        for _ in range(3):
            recorder.flush(0.1)
        assert recorder.flush(5)
        assert recorder.stats().stored == 1
    assert len([record for record in caplog.records if "401" in record.getMessage()]) == 1
