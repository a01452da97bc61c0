"""Recordings on a clock, for tests of the player: what happened when, in seconds from the start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.support.recordings import end, record, start

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def at(seconds: float) -> str:
    """Return the moment so many seconds after the start."""
    return (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def call(seconds: float, prompt: Any, response: Any, **members: Any) -> dict[str, Any]:
    """Return a model call that was complete at a moment."""
    return {
        "type": "interaction",
        "timestamp": at(seconds),
        "model": "gpt-4o",
        "provider": "openai",
        "prompt": prompt,
        "response": response,
    } | members


def step(seconds: float, name: str, **members: Any) -> dict[str, Any]:
    """Return a step that was complete at a moment."""
    return {"type": "step", "timestamp": at(seconds), "name": name, "kind": "tool"} | members


def moment(seconds: float, kind: str, **members: Any) -> dict[str, Any]:
    """Return an event of another kind."""
    return {"type": kind, "timestamp": at(seconds)} | members


def recorded(client: httpx.Client, *events: dict[str, Any], until: float | None = None, **session: Any) -> str:
    """Record a session that began at ``START``, ended when ``until`` is given, and return its id."""
    session_id = start(client, **({"startedAt": at(0)} | session))
    if events:
        record(client, session_id, *events)
    if until is not None:
        end(client, session_id, endedAt=at(until))
    return session_id


def support_chat(client: httpx.Client) -> str:
    """Record half a minute with two calls, a step that failed, code, metrics, feedback and a long pause."""
    long_answer = "It left our warehouse on Monday. " * 40
    return recorded(
        client,
        moment(1, "user_action", id="open", action="open_chat", target="help"),
        call(
            4,
            "Where is my order?",
            long_answer,
            id="first",
            latency=2000,
            timeToFirstToken=500,
            tokens={"input": 900, "output": 400},
        ),
        step(5, "look up order", id="lookup", latency=600, input={"order": 8812}, output={"state": "sent"}),
        step(
            5.5,
            "refund",
            id="refund",
            latency=300,
            parentId="lookup",
            error={"message": "card refused"},
            status="error",
        ),
        moment(6, "code_context", id="code", file="src/orders.py", snippet="def find(order): ...", language="python"),
        moment(6, "system_metrics", cpu=42.5, memory=61, activeRequests=3),
        moment(25, "feedback", id="thanks", score=1, comment="That helped"),
        call(28, "And the refund?", "It is on its way.", id="second", latency=1000, cost=0.0123),
        until=30,
        label="Refund for order 8812",
        userId="user_1",
    )
