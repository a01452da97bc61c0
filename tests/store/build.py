"""Sessions and events for tests of stores, with what a test does not care about filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from playhead.model.event import Call, CostSource, EventType, NewEvent
from playhead.model.filters import SessionFilter
from playhead.model.results import Hit
from playhead.model.session import NewSession, Session
from playhead.store.base import Registry, Store

T0 = 1_760_000_000_000_000
SECOND = 1_000_000
EVERY = SessionFilter()


class Engine(Store, Registry, Protocol):
    """A whole engine: what the contract asks of."""


class OpenEngine(Protocol):
    """Opens an engine whose data lie in a directory."""

    def __call__(self, data_dir: Path, /) -> Engine: ...


def new_session(id_: str = "s1", **members: Any) -> NewSession:
    return NewSession(**{"id": id_, "feature": "chat", "started_us": T0, **members})


def new_event(id_: str, type_: EventType, data: dict[str, Any], at: int = 0, **members: Any) -> NewEvent:
    """``at`` is in seconds after T0."""
    time = T0 + at * SECOND
    return NewEvent(**{"id": id_, "type": type_, "timestamp_us": time, "received_us": time, "data": data, **members})


def interaction(
    id_: str,
    at: int = 0,
    *,
    prompt: Any = "What is the weather?",
    response: Any = "Sunny.",
    model: str = "gpt-4o",
    provider: str | None = "openai",
    tokens: tuple[int | None, int | None] = (10, 20),
    cost_nanos: int = 1000,
    cost_source: CostSource = "reported",
    latency_ms: float | None = 250.0,
    error: bool = False,
) -> NewEvent:
    call = Call(
        model=model,
        provider=provider,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        cost_nanos=cost_nanos,
        cost_source=cost_source,
        latency_ms=latency_ms,
    )
    data = {"model": model, "prompt": prompt, "response": response}
    return new_event(id_, "interaction", data, at, call=call, latency_ms=latency_ms, error=error, size_bytes=100)


def pending(id_: str, at: int = 0, *, prompt: Any = "What is the weather?", model: str = "gpt-4o") -> NewEvent:
    data = {"model": model, "prompt": prompt, "pending": True}
    return new_event(id_, "interaction", data, at, pending=True, size_bytes=50)


def gap(id_: str, at: int = 0, *, dropped: int = 1) -> NewEvent:
    return new_event(id_, "gap", {"count": dropped}, at, dropped=dropped)


def action(id_: str, at: int = 0, action: str = "click", **data: Any) -> NewEvent:
    return new_event(id_, "user_action", {"action": action, **data}, at, size_bytes=20)


def step(id_: str, at: int = 0, *, error: bool = False, **data: Any) -> NewEvent:
    return new_event(id_, "step", {"name": "search", "kind": "tool", **data}, at, error=error)


def record(store: Store, project: int, id_: str, *events: NewEvent, now_us: int = T0, **members: Any) -> Session:
    """Start a session and store its events."""
    store.start_session(project, new_session(id_, **members), now_us).result()
    store.append(project, id_, events, now_us).result()
    return store.get_session(project, id_)


def found(store: Store, project: int, query: str, where: SessionFilter = EVERY) -> set[tuple[str, int]]:
    """Search, and return the session's id and the event's seq of each hit (0: label and tags)."""
    return {_place(hit) for hit in ranked(store, project, query, where)}


def ranked(store: Store, project: int, query: str, where: SessionFilter = EVERY) -> list[Hit]:
    """Search once everything is indexed."""
    assert store.wait_for_index()
    page = store.search(project, query, where, limit=100)
    assert page.total == len(page.hits)
    return page.hits


def _place(hit: Hit) -> tuple[str, int]:
    return hit.session.id, hit.event.seq if hit.event else 0
