"""A long one: a night of classifying tickets, 2,000 events, with the machine's curves below them."""

from __future__ import annotations

import math
import random

from playhead.cli.samples.tape import Tape

EVENTS = 2_000
SAMPLE_EVERY_S = 7.0
BATCHES = 40
GAP_AT = 1_240
GAP_S = 48.0
TOPICS = ("billing", "login", "delivery", "returns", "bug report", "praise", "cancellation", "data request")
OPENINGS = (
    "I was charged twice for",
    "Since the update I cannot open",
    "Where can I find the papers for",
    "Your courier left in the rain",
    "Please delete everything about",
    "I just wanted to say how much I like",
    "The app closes when I tap",
    "How do I give back",
)
THINGS = (
    "my subscription",
    "the family plan",
    "order 55120",
    "the blue lamp",
    "my account",
    "the new map",
    "the invoice",
)


def marathon() -> Tape:
    """Return the sample."""
    dice = random.Random(20250604)  # noqa: S311 - the same night every time
    tape = Tape(
        "night-batch-2000",
        feature="workflow",
        label="Nightly ticket triage: 40 batches",
        user="batch-runner",
        days_ago=1.45,
        tags=["batch", "nightly"],
        metadata={"queue": "tickets", "workers": 4, "host": "worker-3"},
    )
    calls = 0
    next_sample_s = 0.0
    for batch in range(BATCHES):
        batch_id, began_s = tape.new_id(), tape.now_s
        while len(tape) < (batch + 1) * EVENTS // BATCHES - 1:
            if tape.now_s >= next_sample_s:
                _sample(tape, dice)
                next_sample_s += SAMPLE_EVERY_S
            elif len(tape) == GAP_AT:
                _gap(tape)
            else:
                calls += 1
                _classify(tape, dice, calls, batch_id)
        tape.close(
            f"batch {batch + 1}", kind="chain", seconds=tape.now_s - began_s, id=batch_id, output={"tickets": calls}
        )
        tape.wait(6.0 + 40.0 * (batch % 10 == 9))
    return tape


def _classify(tape: Tape, dice: random.Random, number: int, parent: str) -> None:
    topic = dice.randrange(len(TOPICS))
    ticket = f"{OPENINGS[(topic + 3) % len(OPENINGS)]} {dice.choice(THINGS)}. Ticket {70_000 + number}."
    seconds = max(0.18, dice.lognormvariate(0.0, 0.45)) * _load(tape.now_s)
    failed = number % 211 == 0
    tape.call(
        "gpt-4o-mini" if number % 5 else "mistral-small-latest",
        "openai" if number % 5 else "mistral",
        f"One word: what is this ticket about? {', '.join(TOPICS)}.\n\n{ticket}",
        None if failed else TOPICS[topic],
        seconds=seconds,
        requestMetadata={"ticket": 70_000 + number, "parentId": parent},
        error={"type": "APIStatusError", "status": 503, "message": "upstream overloaded"} if failed else None,
    )


def _sample(tape: Tape, dice: random.Random) -> None:
    load = _load(tape.now_s)
    tape.note(
        "system_metrics",
        {
            "cpu": round(min(99.0, 24 + 38 * (load - 0.6) + dice.gauss(0, 3.5)), 1),
            "memory": round(41 + tape.now_s / 180 % 22 + dice.gauss(0, 0.4), 1),
            "activeRequests": max(0, round(4 * load + dice.gauss(0, 1))),
            "network": {"sent": round(18_000 * load), "received": round(6_400 * load)},
        },
    )


def _gap(tape: Tape) -> None:
    """The network is away for longer than the recorder's memory lasts."""
    tape.gap({"queue_full": 58, "too_large": 3}, seconds=GAP_S)


def _load(at_s: float) -> float:
    """How busy the night is: two slow waves and a storm in the middle."""
    return (
        1.2 + 0.45 * math.sin(at_s / 240) + 0.2 * math.sin(at_s / 61) + 1.1 * math.exp(-(((at_s - 1_100) / 160) ** 2))
    )
