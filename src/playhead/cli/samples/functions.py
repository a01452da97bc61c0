"""Function calling: a travel assistant that looks up, asks, books, and has to undo a booking."""

from __future__ import annotations

import json
from typing import Any

from playhead.cli.samples.tape import Message, Tape

SYSTEM = "You plan business trips by rail. Use the functions; never invent a train. Ask before you spend money."
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {"type": "object", "properties": {each: {"type": "string"} for each in members}},
        },
    }
    for name, description, members in (
        (
            "find_trains",
            "Connections between two stations on a day",
            ("origin", "destination", "date", "arrive_before"),
        ),
        ("calendar_free", "Whether a calendar is free in a stretch of time", ("person", "start", "end")),
        ("book", "Book a seat", ("train", "coach", "class")),
        ("cancel", "Cancel a booking", ("booking",)),
    )
]
TRAINS = [
    {"train": "ICE 72", "dep": "07:34", "arr": "11:58", "eur": 89.9},
    {"train": "ICE 370", "dep": "08:30", "arr": "12:55", "eur": 64.9},
]


def functions() -> Tape:
    """Return the sample."""
    tape = Tape(
        "functions-train",
        feature="agent",
        label="Train to Hamburg, with a change of mind",
        user="jonas.petersen",
        days_ago=5.3,
        tags=["function-calling", "travel"],
        metadata={"tenant": "nordwind-gmbh"},
    )
    talk = Talk(tape)
    tape.action("open", "assistant")
    talk.user("I need to be in Hamburg on Tuesday before one o'clock, from Freiburg. Am I free at all?", thinks_s=16.0)
    talk.calls(
        ("calendar_free", {"person": "jonas.petersen", "start": "2025-06-10T07:00", "end": "2025-06-10T13:30"}),
        (
            "find_trains",
            {"origin": "Freiburg", "destination": "Hamburg", "date": "2025-06-10", "arrive_before": "13:00"},
        ),
        seconds=1.3,
    )
    talk.results({"free": True}, TRAINS)
    talk.says(
        "You are free until 14:00. Two direct trains fit: ICE 72 (07:34 to 11:58, €89.90) and ICE 370 (08:30 to 12:55, "
        "€64.90). The second one leaves five minutes for any delay. Which one?",
        seconds=1.9,
    )
    talk.user("the cheap one, 2nd class, quiet coach please", thinks_s=12.0)
    talk.calls(("book", {"train": "ICE 370", "coach": "quiet", "class": "2"}), seconds=0.9)
    talk.results({"booking": "X7K2QD", "seat": "21/64", "eur": 64.9})
    talk.says("Booked: ICE 370, coach 21, seat 64, quiet area. Booking X7K2QD, €64.90.", seconds=1.1)
    tape.wait(94.0)
    talk.user("hm, five minutes is too risky after all. Can we change to the early one?", thinks_s=8.0)
    talk.calls(
        ("cancel", {"booking": "X7K2QD"}), ("book", {"train": "ICE 72", "coach": "quiet", "class": "2"}), seconds=1.0
    )
    talk.results({"cancelled": True, "refund_eur": 64.9}, {"booking": "M31PZA", "seat": "9/12", "eur": 89.9})
    talk.says(
        "Changed. ICE 72 at 07:34, coach 9, seat 12; booking M31PZA. You pay €25.00 more than before.", seconds=1.4
    )
    tape.wait(4.0)
    tape.action("click", "button#add-to-calendar", booking="M31PZA")
    return tape


class Talk:
    """A conversation in which the model calls functions before it answers."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._messages: list[Message] = [{"role": "system", "content": SYSTEM}]
        self._asked: list[dict[str, Any]] = []
        self._call_id = ""

    def user(self, text: str, *, thinks_s: float) -> None:
        """The user writes."""
        self._tape.wait(thinks_s)
        self._messages.append({"role": "user", "content": text})

    def calls(self, *functions: tuple[str, dict[str, Any]], seconds: float) -> None:
        """The model asks for functions to be called."""
        self._asked = [
            {
                "id": f"call_{len(self._messages)}_{n}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(arguments)},
            }
            for n, (name, arguments) in enumerate(functions)
        ]
        message = {"role": "assistant", "content": None, "tool_calls": self._asked}
        self._call_id = self._answer([message], seconds, "tool_calls")
        self._messages.append(message)

    def results(self, *outputs: Any) -> None:
        """The functions answer, each as a step below the call that asked for it."""
        for asked, output in zip(self._asked, outputs, strict=True):
            function = asked["function"]
            self._tape.step(
                function["name"],
                seconds=0.28 + len(function["name"]) / 40,
                parent=self._call_id,
                input=json.loads(function["arguments"]),
                output=output,
            )
            self._messages.append({"role": "tool", "tool_call_id": asked["id"], "content": json.dumps(output)})

    def says(self, text: str, *, seconds: float) -> None:
        """The model answers in words."""
        self._answer(text, seconds, "stop")
        self._messages.append({"role": "assistant", "content": text})

    def _answer(self, response: Any, seconds: float, reason: str) -> str:
        return self._tape.call(
            "gpt-4.1",
            "openai",
            list(self._messages),
            response,
            seconds=seconds,
            first_s=seconds * 0.4,
            parameters={"tools": TOOLS, "tool_choice": "auto"},
            responseMetadata={"finishReason": reason},
        )
