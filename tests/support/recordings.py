"""Recordings for tests: sessions made over HTTP, and waiting for what follows within a moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

T = TypeVar("T")
BASE = "/api/session-replay"
PATIENCE_S = 20.0


def start(client: httpx.Client, **session: Any) -> str:
    """Start a session and return its id; a chat unless said otherwise."""
    response = client.post(f"{BASE}/recording/start", json={"feature": "chat"} | session)
    assert response.status_code in {200, 201}, response.text
    session_id: str = response.json()["sessionId"]
    return session_id


def record(client: httpx.Client, session_id: str, *events: dict[str, Any]) -> list[int]:
    """Record events (type, data members beside it) and return their seqs."""
    sent = [_event(**event) for event in events]
    response = client.post(f"{BASE}/{session_id}/snapshot", json={"events": sent})
    assert response.status_code == 201, response.text
    return [event["seq"] for event in response.json()["data"]["events"]]


def _event(type: str, id: str | None = None, timestamp: Any = None, **data: Any) -> dict[str, Any]:  # noqa: A002  # wire names
    envelope = {"id": id, "timestamp": timestamp}
    return {"type": type, "data": data} | {name: value for name, value in envelope.items() if value is not None}


def interaction(prompt: Any = "How are you?", response: Any = "Well.", **members: Any) -> dict[str, Any]:
    """Return an interaction to be recorded."""
    return {"type": "interaction", "model": "gpt-4o", "prompt": prompt, "response": response} | members


def end(client: httpx.Client, session_id: str, **how: Any) -> None:
    """End a session."""
    response = client.post(f"{BASE}/{session_id}/end", json=how)
    assert response.status_code == 200, response.text


def eventually(look: Callable[[], T]) -> T:
    """Return what ``look`` returns once that is true, asking again and again; fail after a while."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found = look()
        if found:
            return found
    raise AssertionError("it did not come true in time")
