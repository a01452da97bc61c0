"""One session of 100,000 events: its first page, the player's data, the memory of the server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from benchmarks.harness import BASE, Figure, Server, interaction, milliseconds, server, starts

LONG, SHORT, BATCH = 100_000, 1_000, 1_000
KINDS = 5


def run() -> Iterator[Figure]:
    """Measure a session of 100,000 events against one of 1,000 in the same database."""
    with server() as running:
        record(running, "short", SHORT)
        reference = {name: _took(running, path) for name, path in paths("short").items()}
        before = running.memory_mb()
        record(running, "long", LONG)
        for name, path in paths("long").items():
            took = _took(running, path)
            yield Figure(f"long session: {name}", took, "ms", "", reference[name], "1,000 events")
        yield Figure("long session: memory at most", running.memory_mb("VmHWM"), "MB", "≤ 300", before, "before it")


def paths(session: str) -> dict[str, str]:
    """Return what is read of a session, by name."""
    return {
        "first page of events": f"{BASE}/{session}/events?limit=100",
        "page in the middle": f"{BASE}/{session}/events?limit=100&after=500",
        "player": f"{BASE}/{session}/player",
        "whole replay (cut at 10,000)": f"{BASE}/{session}",
    }


def _took(running: Server, path: str) -> float:
    return milliseconds(lambda: running.get(path), repeat=5)


def record(running: Server, session: str, count: int) -> None:
    """Record a session of many events of several kinds."""
    running.send("POST", f"{BASE}/events", starts([session]))
    for first in range(0, count, BATCH):
        body = {"events": [_event(session, number) for number in range(first, first + BATCH)]}
        running.send("POST", f"{BASE}/events", msgspec.json.encode(body))


def _event(session: str, number: int) -> dict[str, Any]:
    data: dict[str, Any]
    if number % KINDS == 0:
        kind, data = "interaction", interaction(number, size=900)
    elif number % KINDS == 1:
        kind, data = "system_metrics", {"cpu": number % 100, "memory": 40 + number % 20}
    elif number % KINDS == 2:
        kind, data = "user_action", {"action": "click", "target": f"button-{number % 40}"}
    else:
        kind, data = (
            "step",
            {"name": f"tool-{number % 7}", "kind": "tool", "latency": number % 900, "input": {"n": number}},
        )
    moment = 1_760_000_000_000 + number * 250
    return {"sessionId": session, "id": f"{session}-{number:09d}", "type": kind, "timestamp": moment, "data": data}
