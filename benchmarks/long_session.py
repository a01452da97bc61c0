"""One session of a million events: its pages, the player's data, the memory that the server takes to read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.harness import BASE, Figure, Server, interaction, milliseconds, server, starts
from benchmarks.storage import wait_for_index

LONG, SHORT, BATCH = 1_000_000, 1_000, 1_000
KINDS = 5


def run() -> Iterator[Figure]:
    """Measure a session of a million events against one of 1,000 in the same database, once its index is done."""
    with server() as running:
        record(running, "short", SHORT)
        record(running, "long", LONG)
        wait_for_index(Path(running.place))
        reference = {name: _took(running, path) for name, (path, _) in questions("short", SHORT).items()}
        before = running.memory_mb()
        for name, (path, goal) in questions("long", LONG).items():
            yield Figure(f"long session: {name}", _took(running, path), "ms", goal, reference[name], "1,000 events")
        more = max(0.0, running.memory_mb() - before)
        yield Figure("long session: memory to read it", more, "MB", "≤ 50", before, "before it")


def questions(session: str, events: int) -> dict[str, tuple[str, str]]:
    """Return what is read of a session, by name, and the goal."""
    middle = events // 2
    return {
        "first page of events": (f"{BASE}/{session}/events?limit=100", "≤ 30"),
        "page in the middle": (f"{BASE}/{session}/events?limit=100&after={middle}", "≤ 30"),
        "page of one kind": (f"{BASE}/{session}/events?limit=100&type=interaction&after={middle}", "≤ 30"),
        "player": (f"{BASE}/{session}/player", "≤ 200"),
        "player, further on": (f"{BASE}/{session}/player?after={middle}", "≤ 200"),
        "whole replay (cut)": (f"{BASE}/{session}", ""),
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
