"""The timeline: marks on a session's clock, lanes, previews."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from playhead.model.event import EventType, RawEvent, StoredEvent
from playhead.replay.content import preview, prompt_preview, texts
from playhead.replay.cost import PriceTable
from playhead.replay.events import check_event
from playhead.replay.timeline import idle_of, lanes_of, mark_of, timeline_of

STARTED_US = 1_000_000_000


def stored(kind: EventType, at_ms: float, seq: int = 1, **data: Any) -> StoredEvent:
    raw = RawEvent(type=kind, data=msgspec.Raw(msgspec.json.encode(data)), timestamp=STARTED_US / 1000 + at_ms)
    new = check_event(raw, event_id=f"e{seq}", received_us=0, prices=PriceTable())
    return StoredEvent(
        id=new.id,
        seq=seq,
        type=new.type,
        timestamp_us=new.timestamp_us,
        received_us=0,
        data=new.data,
        error=new.error,
        call=new.call,
        pending=new.pending,
    )


def call(at_ms: float, **data: Any) -> StoredEvent:
    return stored("interaction", at_ms, **{"model": "m", "prompt": "p", "response": "r", **data})


def test_a_call_began_its_latency_before_it_was_complete() -> None:
    mark = mark_of(call(5000, latency=1200, timeToFirstToken=300), STARTED_US)
    assert (mark.at, mark.end, mark.first_token) == (3800, 5000, 300)


def test_nothing_begins_before_the_session() -> None:
    assert mark_of(call(500, latency=9000), STARTED_US).at == 0
    assert mark_of(call(-500), STARTED_US).end == 0


def test_a_mark_previews_what_was_asked_and_answered() -> None:
    prompt = [{"role": "system", "content": "Be kind"}, {"role": "user", "content": "Where is it?"}]
    mark = mark_of(call(0, prompt=prompt, response="On its\n\nway " + "x" * 500), STARTED_US)
    assert mark.preview == "Where is it?"
    assert mark.response_preview is not None
    assert mark.response_preview.startswith("On its way xxx")
    assert len(mark.response_preview) == 240


def test_images_are_no_text() -> None:
    parts = [{"type": "text", "text": "See"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    assert prompt_preview([{"role": "user", "content": parts}]) == "See"


def test_tool_calls_are_text() -> None:
    message = {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}
    assert list(texts([message])) == ["f", "{}"]
    assert preview([{"type": "tool_use", "name": "g", "input": {"q": "word"}}]) == "g word"


def test_events_fall_into_their_lanes() -> None:
    events = [call(0), stored("step", 1, name="s", error="x"), stored("code_context", 2, file="a.py")]
    marks = [mark_of(event, STARTED_US) for event in events]
    timeline, code = timeline_of(marks)
    assert [len(timeline.ai_interactions), len(timeline.steps), len(code)] == [1, 1, 1]
    assert [(lane.key, lane.errors) for lane in lanes_of(marks)] == [
        ("interaction", 0),
        ("step", 1),
        ("code_context", 0),
    ]


def test_samples_of_the_machine_do_not_end_idle_time() -> None:
    marks = [mark_of(call(0), STARTED_US), mark_of(stored("system_metrics", 10_000, cpu=5), STARTED_US)]
    assert [(span.start, span.end, span.kind) for span in idle_of(marks, 20_000)] == [(0, 20_000, "human")]


def test_a_call_that_is_not_over_stands_where_it_was_announced_and_is_waited_for() -> None:
    mark = mark_of(stored("interaction", 3000, model="m", prompt="Why?", pending=True, latency=9), STARTED_US)
    assert (mark.at, mark.end, mark.pending, mark.model, mark.latency, mark.cost) == (3000, 3000, True, "m", None, None)
    assert mark.preview == "Why?"
    assert [(span.start, span.end, span.kind) for span in idle_of([mark], 20_000)] == [(3000, 20_000, "model")]


def test_a_gap_stands_between_the_moments_that_it_names() -> None:
    def at(ms: float) -> float:
        return STARTED_US / 1000 + ms

    named: dict[str, Any] = {"from": at(2000), "until": at(7000)}
    gap = mark_of(stored("gap", 9000, count=3, reasons={"full": 3}, **named), STARTED_US)
    assert (gap.at, gap.end, gap.count, gap.reasons) == (2000, 7000, 3, {"full": 3})
    bare = mark_of(stored("gap", 9000, count=3), STARTED_US)
    assert (bare.at, bare.end, bare.reasons) == (9000, 9000, None)
    late: dict[str, Any] = {"from": at(12_000)}
    backwards = mark_of(stored("gap", 9000, count=3, **late), STARTED_US)
    assert (backwards.at, backwards.end) == (9000, 9000)


@pytest.mark.parametrize(("given", "shown"), [("step-1", "step-1"), (5, None), (["step-1"], None), (None, None)])
def test_a_call_is_below_the_step_whose_id_it_names(given: Any, shown: str | None) -> None:
    assert mark_of(call(1, parentId=given), STARTED_US).parent_id == shown
