"""The account holds whatever happens between recorder and server: twenty runs of each fault, each with its own luck."""

from __future__ import annotations

import pytest
from tests.faults import proxy as faults
from tests.faults.conftest import Stage
from tests.faults.proxy import Fault
from tests.faults.stories import Story, one, quiet, settle, told_gaps

RUNS = range(20)

PASSING: dict[str, tuple[list[Fault], float]] = {
    "reset": ([faults.reset, faults.reset_after], 5.0),
    "time-out": ([faults.silent, faults.silent_after], 0.3),
    "half-an-answer": ([faults.half], 5.0),
    "nonsense": ([faults.nonsense], 5.0),
    "429": ([faults.status(429, "rate_limited", "0.1")], 5.0),
    "500": ([faults.status(500)], 5.0),
    "503": ([faults.status(503, "store_busy", "0.1"), faults.status(503, "store_busy")], 5.0),
    "slow": ([faults.slow(0.05), faults.slow(0.2), faults.dribble], 5.0),
    "wrong-key": ([faults.status(401, "unauthorized"), faults.status(403, "forbidden")], 5.0),
    "mixed": (
        [faults.reset, faults.reset_after, faults.half, faults.status(500), faults.status(503), faults.slow(0.05)],
        5.0,
    ),
}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("fault", PASSING)
def test_nothing_is_lost_to_requests_that_fail(fault: str, run: int, stage: Stage) -> None:
    kinds, request_timeout_s = PASSING[fault]
    few = 2 if fault in ("time-out", "wrong-key") else 5
    stage.proxy.faults.extend(
        stage.dice.choice([*kinds, *kinds, faults.passed]) for _ in range(stage.dice.randrange(1, few))
    )
    stage.proxy.faults.appendleft(kinds[run % len(kinds)])
    recorder = stage.recorder(
        request_timeout_s=request_timeout_s,
        batch_events=stage.dice.randrange(5, 60),
        on_disk=run % 4 > 0,
    )
    story = Story()
    story.tell(recorder, stage.dice)
    stats = settle(recorder, story, stage.client)
    assert stats.stored == stats.recorded
    assert stats.retries > 0 or fault in ("slow", "mixed")


@pytest.mark.parametrize("run", RUNS)
def test_nothing_is_lost_while_connections_are_refused(run: int, stage: Stage) -> None:
    recorder, story = stage.recorder(on_disk=run % 4 > 0), Story()
    for _ in range(stage.dice.randrange(1, 3)):
        stage.proxy.refuse()
        story.tell(recorder, stage.dice, events=20)
        assert not recorder.flush(0.05)
        stats = quiet(recorder)
        assert stats.spooled + stats.queued > 0
        stage.proxy.listen()
        story.tell(recorder, stage.dice, events=5)
    stats = settle(recorder, story, stage.client)
    assert stats.stored == stats.recorded


@pytest.mark.parametrize("run", RUNS)
def test_a_batch_that_is_too_large_is_sent_in_parts_and_an_event_that_is_too_large_is_rejected(
    run: int, stage: Stage
) -> None:
    stage.proxy.always = faults.too_large(stage.dice.randrange(3_000, 20_000))
    recorder, story = stage.recorder(batch_events=200, batch_s=0.1), Story()
    story.tell(recorder, stage.dice)
    huge = run % 2
    if huge:
        with recorder.session(feature="chat") as session:
            event_id = session.record_interaction(model="gpt-4o", prompt="p" * 30_000, response="yes")
            story.ids[session.session_id] = [event_id, one(session, 1, stage.dice)]
        story.given += 4
    stats = settle(recorder, story, stage.client)
    assert stats.rejected == ({"too_large": 1} if huge else {})
    assert stats.stored == stats.recorded - huge


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(("number", "code"), [(400, "bad_request"), (422, "validation_error"), (500, "internal_error")])
def test_an_event_that_the_server_always_fails_on_is_the_only_one_lost(
    run: int,
    number: int,
    code: str,
    stage: Stage,
) -> None:
    stage.proxy.always = faults.failing_on(b"the poisoned one", number, code)
    recorder, story = stage.recorder(batch_events=15), Story()
    story.tell(recorder, stage.dice, events=stage.dice.randrange(5, 20))
    with recorder.session(feature="chat") as session:
        ids = story.ids.setdefault(session.session_id, [])
        ids.append(one(session, run, stage.dice))
        ids.append(session.record_user_action(action="the poisoned one"))
        ids.append(one(session, run, stage.dice))
    story.given += 5
    story.tell(recorder, stage.dice, events=5)
    stats = settle(recorder, story, stage.client)
    assert stats.rejected == {code: 1}
    assert stats.gaps == 1


@pytest.mark.parametrize("run", RUNS)
def test_what_the_real_server_rejects_is_counted_by_its_code_and_told(run: int, stage: Stage) -> None:
    recorder, story = stage.recorder(), Story()
    story.tell(recorder, stage.dice, events=10)
    bad = stage.dice.randrange(1, 6)
    with recorder.session(feature="chat") as session:
        for number in range(bad):
            refused = session.record("interaction", None, {"model": 5, "prompt": run})
            story.ids.setdefault(session.session_id, []).extend([refused, one(session, number, stage.dice)])
        story.given += 2 * bad + 2
    stats = settle(recorder, story, stage.client)
    assert stats.rejected == {"validation_error": bad}
    assert stats.stored == stats.recorded - bad
    assert told_gaps(stage.client, story) == {"rejected_validation_error": bad}


@pytest.mark.parametrize("run", RUNS)
def test_a_spool_that_is_full_drops_by_reason_and_says_so_in_the_session(run: int, stage: Stage) -> None:
    stage.proxy.refuse()
    limits = {"spool_bytes": stage.dice.randrange(5_000, 20_000), "queue_bytes": stage.dice.randrange(5_000, 20_000)}
    recorder, story = stage.recorder(**limits, on_disk=run % 4 > 0), Story()
    story.tell(recorder, stage.dice, events=150, announced=False)
    assert not recorder.flush(0.05)
    lost = quiet(recorder).dropped
    assert lost.keys() <= {"spool_full", "queue_full"}
    assert sum(lost.values()) > 0
    stage.proxy.listen()
    stats = settle(recorder, story, stage.client)
    assert stats.dropped == lost
    assert stats.stored == stats.recorded - sum(lost.values())
    assert told_gaps(stage.client, story) == lost
