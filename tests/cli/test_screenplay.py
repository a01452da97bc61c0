"""A screenplay tells what was said in the order in which it was seen, each message once, of any length."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console

from playhead.cli.look import line, print_table, safe
from playhead.cli.replay import LONGEST_PAUSE_MS, Stage
from playhead.cli.screenplay import Cue, cues

START = datetime(2026, 3, 1, tzinfo=UTC)


def event(kind: str, at_s: float, /, **data: Any) -> dict[str, Any]:
    return {"type": kind, "timestamp": (START + timedelta(seconds=at_s)).isoformat(), **data}


def call(at_s: float, prompt: Any, response: Any, **data: Any) -> dict[str, Any]:
    return event("interaction", at_s, model="m", prompt=prompt, response=response, **data)


def test_a_call_is_a_question_at_its_beginning_and_an_answer_from_its_first_token_on() -> None:
    played = list(cues([call(10, "Why?", "Because.", latency=4000, timeToFirstToken=1000)], START))
    assert [(cue.at_ms, cue.voice, cue.text, cue.lasts_ms) for cue in played] == [
        (6000, "user", "Why?", 0),
        (7000, "model", "Because.", 3000),
    ]


def test_what_a_prompt_repeats_is_said_once() -> None:
    first = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    second = [*first, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Bye"}]
    played = cues([call(1, first, "Hello"), call(2, second, "See you")], START)
    assert [cue.text for cue in played] == ["Be kind.", "Hi", "Hello", "Bye", "See you"]


def test_what_began_earlier_is_seen_earlier_although_it_ended_later() -> None:
    played = cues([event("user_action", 5, action="click"), call(9, "slow", "done", latency=8000)], START)
    assert [cue.text or cue.name for cue in played] == ["slow", "done", "click"]


def test_a_failed_call_and_a_failed_step_are_told_as_such() -> None:
    events = [
        event("interaction", 1, model="m", prompt="p", error={"message": "quota"}),
        event("step", 2, name="look", kind="tool", error="gone", latency=5),
    ]
    assert [(cue.voice, cue.text) for cue in cues(events, START)][1:] == [("error", "quota"), ("error", "gone")]


def test_a_call_that_is_not_over_and_what_was_lost_are_told_as_such() -> None:
    events = [
        event("interaction", 3, model="m", prompt="Still there?", pending=True, latency=9),
        event("gap", 4, count=3, reasons={"queue_full": 2, "too_large": 1}),
        event("gap", 5, count=1),
    ]
    assert [(cue.at_ms, cue.name, cue.text) for cue in cues(events, START)] == [
        (3000, "", "Still there?"),
        (3000, "m", "waiting for an answer"),
        (4000, "gap", "3 lost (queue_full 2, too_large 1)"),
        (5000, "gap", "1 lost"),
    ]


def test_a_long_session_is_played_while_it_is_read() -> None:
    read = 0

    def endless() -> Any:
        nonlocal read
        while True:
            read += 1
            yield event("user_action", read, action=str(read))

    played = cues(endless(), START)
    assert [next(played).name for _ in range(5)] == ["1", "2", "3", "4", "5"]
    assert read < 300


def test_silences_are_shortened_and_everything_is_as_much_faster_as_asked() -> None:
    waits: list[float] = []
    stage = Stage(Console(file=io.StringIO()), waits.append, speed=4)
    stage.play(
        [
            Cue(1000, "action", "", name="a"),
            Cue(61_000, "action", "", name="b"),
            Cue(61_000, "action", "", name="c"),
        ]
    )
    assert waits == [0.25, LONGEST_PAUSE_MS / 1000 / 4]


def test_an_answer_takes_as_long_as_it_took() -> None:
    waits: list[float] = []
    stage = Stage(Console(file=io.StringIO()), waits.append, speed=2)
    stage.play([Cue(0, "model", "one two three four", lasts_ms=4000)])
    assert len(waits) == 4
    assert sum(waits) == 2.0


def test_recorded_text_cannot_steer_a_terminal() -> None:
    assert safe("\x1b[31mred\x07\u202egnp.exe") == "\\x1b[31mred\\x07\\x202egnp.exe"
    assert line("two\nlines\tand  more", 12) == "two lines a…"


def test_a_narrow_terminal_loses_columns_and_never_an_id() -> None:
    columns = ("session", "started", "user", "label")
    rows = [
        ("demo_a-session-with-a-long-id", "2026-01-01 00:00:00", "somebody", "a label that is much too long for this")
    ]
    said = io.StringIO()
    console = Console(file=said, force_terminal=True, color_system=None, width=60)
    print_table(console, columns, rows, elastic="label", spare=("user", "started"))
    assert "demo_a-session-with-a-long-id" in said.getvalue()
    assert "somebody" not in said.getvalue()
    assert "…" in said.getvalue()
    assert len(said.getvalue().splitlines()) == 2
