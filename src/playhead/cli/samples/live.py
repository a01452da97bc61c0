"""A session that is still going on: an agent that looks after a night's incident, one beat after the other, for ever."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from playhead.cli.samples.tape import Tape

FEATURE = "agent"
LABEL = "Incident 2291: checkout is slow (live)"
USER = "on-call"
TAG = "demo-live"
TRIES = (
    (
        "Error budget burns at 4 times the normal rate. I look at what was deployed in the last two hours.",
        "deployments.list",
        {"hours": 2},
        [{"service": "checkout", "version": "v812", "minutes_ago": 47}],
    ),
    (
        "checkout v812 went out 47 minutes ago, the latency rose 44 minutes ago. Compare its traces with v811's.",
        "traces.compare",
        {"service": "checkout", "versions": ["v811", "v812"]},
        {"slowest_span": "inventory.reserve", "p95_ms": [38, 1240]},
    ),
    (
        "inventory.reserve takes 30 times as long. Is its database the reason, or does somebody call it too often?",
        "db.top_queries",
        {"database": "inventory"},
        [{"query": "SELECT … FROM stock WHERE sku = $1 FOR UPDATE", "calls_per_s": 4100, "wait": "lock"}],
    ),
    (
        "Lock waits on single rows, and 4,100 calls a second: v812 seems to reserve each item on its own. Reading the change.",
        "git.show",
        {"tag": "v812", "path": "checkout/reserve.py"},
        {"diff": "- reserve_all(cart.items)\n+ for item in cart.items: reserve(item)"},
    ),
    (
        "Found it. I suggest going back to v811; the feature flag of v812 is not needed tonight. Asking the human.",
        "chat.ask",
        {"channel": "#incident-2291", "text": "Roll checkout back to v811?"},
        {"answer": "yes, go"},
    ),
    (
        "Rolling back, one region after the other.",
        "deployments.rollback",
        {"service": "checkout", "to": "v811", "region": "eu-west"},
        {"state": "done", "seconds": 38},
    ),
    (
        "eu-west is back to 41 ms. us-east next; then I watch for ten minutes before I close this.",
        "metrics.query",
        {"metric": "checkout.p95", "window": "5m"},
        {"eu-west": 41, "us-east": 1180},
    ),
)


def beats() -> Iterator[Tape]:
    """Yield tape after tape, each holding a few seconds of the incident; the same in every run, and without an end."""
    dice = random.Random(2291)  # noqa: S311 - the same incident every time
    number = 0
    messages: list[dict[str, object]] = [
        {"role": "user", "content": "Checkout p95 above 1 s. Find out why, and mend it."}
    ]
    while True:
        thought, tool, given, output = TRIES[number % len(TRIES)]
        yield _metrics(number, dice)
        yield _thought(number, thought, messages, dice)
        yield _tool(number, tool, given, output, dice)
        messages = [
            *messages,
            {"role": "assistant", "content": thought},
            {"role": "user", "content": f"{tool}: {output}"},
        ]
        number += 1
        if number % len(TRIES) == 0:
            messages = [
                {
                    "role": "user",
                    "content": f"Round {number // len(TRIES) + 1}: another region is slow now. Look again.",
                }
            ]


def _tape(number: int, part: str) -> Tape:
    return Tape(f"live-{number:05d}-{part}", feature=FEATURE, label=LABEL, user=USER, days_ago=0)


def _metrics(number: int, dice: random.Random) -> Tape:
    tape = _tape(number, "metrics")
    wave = math.sin(number / 3)
    tape.note("system_metrics", {"cpu": round(55 + 30 * wave + dice.gauss(0, 3), 1), "memory": round(62 + 6 * wave, 1)})
    return tape


def _thought(number: int, thought: str, messages: list[dict[str, object]], dice: random.Random) -> Tape:
    tape = _tape(number, "thought")
    seconds = 1.4 + dice.random() * 2.4
    tape.call("claude-sonnet-4-5", "anthropic", messages, thought, seconds=seconds, first_s=seconds / 4)
    return tape


def _tool(number: int, tool: str, given: object, output: object, dice: random.Random) -> Tape:
    tape = _tape(number, "tool")
    failed = number % 9 == 8
    tape.step(
        tool,
        seconds=0.2 + dice.random(),
        parent=f"demo_live-{number:05d}-thought-0001",
        input=given,
        output=None if failed else output,
        error={"type": "Unavailable", "message": f"{tool}: upstream busy, trying again"} if failed else None,
    )
    return tape
