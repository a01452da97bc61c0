"""What may happen to a store, and what may be asked of it, as hypothesis strategies over small alphabets, so that ids
collide, values tie and filters meet what is stored."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeAlias, get_args

from hypothesis import strategies as st
from msgspec.structs import replace
from tests.store.build import SECOND, T0

from playhead.model.event import Call, CostSource, NewEvent
from playhead.model.filters import GroupBy, PageRequest, SessionFilter, SortBy, SortOrder
from playhead.model.session import NewSession, SessionEnd, SessionPatch
from playhead.store.base import SessionChange, Store

Operation: TypeAlias = Callable[[Store, int], "Future[Any]"]

WORDS = ["alpha", "alphabet", "Beta", "bêta", "gamma_delta", "delta", "東京", "京都", "東京都", "7", "🚀", "ไทย", "OR"]
HOURS = [T0 + hours * 3600 * SECOND for hours in (-30, -1, 0, 0, 1, 25)]

times = st.sampled_from(HOURS).flatmap(lambda hour: st.integers(-3, 3).map(lambda seconds: hour + seconds * SECOND))
session_ids = st.sampled_from(["s1", "s2", "s3", "s4"])
texts = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
tags = st.lists(st.sampled_from(["red", "Blue", "x y"]), max_size=3)
users = st.none() | st.sampled_from(["ann", "bob"])
labels = st.none() | texts
metadata = st.dictionaries(st.sampled_from(["plan", "n"]), st.sampled_from(["pro", 1, 1.0, True, None, ["pro"], ""]))
models = st.sampled_from(["gpt-4o", "claude", "alpha"])
providers = st.none() | st.sampled_from(["openai", "azure"])
features = st.sampled_from(["chat", "agent"])
sources = st.sampled_from(["in-app", "integration"])
costs = st.sampled_from([0, 1, 999_999_999, 5_000_000_000])
counts = st.none() | st.integers(0, 3)
prompts = texts | st.lists(st.builds(lambda text: {"role": "user", "content": text}, texts), max_size=4)
latencies = st.none() | st.sampled_from([0.0, 0.1 + 0.2, 1 / 3, 123456.78901234567, 2.0, 250.0])

new_sessions = st.builds(
    NewSession,
    id=session_ids,
    feature=features,
    started_us=times,
    user_id=users,
    label=labels,
    source=sources,
    workspace_id=users,
    tags=tags,
    metadata=metadata,
)
calls = st.builds(
    Call,
    model=models,
    provider=providers,
    input_tokens=counts,
    output_tokens=counts,
    cost_nanos=costs,
    cost_source=st.sampled_from(get_args(CostSource)),
    latency_ms=latencies,
)
ends = st.builds(SessionEnd, status=st.sampled_from(["completed", "error"]), ended_us=st.none() | times)
event_ids = st.integers(0, 12).map("e{}".format)


@st.composite
def events(draw: st.DrawFn) -> NewEvent:
    """Draw an event; its id may be another's, so that it may complete one that is pending."""
    id_, time, error = draw(event_ids), draw(times), draw(st.booleans())
    kind = draw(st.sampled_from(["interaction", "interaction", "pending", "user_action", "step", "gap"]))
    if kind == "interaction":
        call = draw(calls)
        data = {"model": call.model, "prompt": draw(prompts), "response": draw(texts)}
        return NewEvent(id_, "interaction", time, T0, data, error, call.latency_ms, call, size_bytes=9)
    if kind == "pending":
        announced = {"model": draw(models), "prompt": draw(prompts), "pending": True}
        return NewEvent(id_, "interaction", time, T0, announced, size_bytes=7, pending=True)
    if kind == "gap":
        return NewEvent(id_, "gap", time, T0, {"count": 2}, latency_ms=draw(latencies), dropped=2)
    if kind == "user_action":
        return NewEvent(id_, "user_action", time, T0, {"action": "click", "target": draw(texts)})
    return NewEvent(id_, "step", time, T0, {"name": draw(texts), "kind": "tool"}, error, draw(latencies))


batches = st.lists(events(), min_size=2, max_size=8)
arrivals = st.integers(0, 10_000).map(lambda seconds: T0 + seconds * SECOND)
patches = st.builds(SessionPatch, label=labels, tags=tags, metadata=metadata, bookmarked=st.booleans())
changes = st.builds(SessionChange, session_ids, events() | ends) | new_sessions.map(
    lambda new: SessionChange(new.id, new)
)


def start(new: NewSession, now: int) -> Operation:
    return lambda store, project: store.start_session(project, new, now)


def append(session_id: str, batch: list[NewEvent], now: int) -> Operation:
    return lambda store, project: store.append(project, session_id, batch, now)


def apply(many: list[SessionChange], now: int) -> Operation:
    return lambda store, project: store.apply(project, many, now)


def end(session_id: str, how: SessionEnd, now: int) -> Operation:
    return lambda store, project: store.end_session(project, session_id, how, now)


def patch(session_id: str, what: SessionPatch, now: int) -> Operation:
    return lambda store, project: store.patch_session(project, session_id, what, now)


def erase(session_id: str, now: int) -> Operation:
    return lambda store, project: store.erase_session(project, session_id, now)


def end_silent(now: int) -> Operation:
    return lambda store, _: store.end_silent(now)


operations: st.SearchStrategy[Operation] = st.one_of(
    st.builds(append, session_ids, batches, arrivals),
    st.builds(apply, st.lists(changes, max_size=8), arrivals),
    st.builds(start, new_sessions, arrivals),
    st.builds(end, session_ids, ends, arrivals),
    st.builds(patch, session_ids, patches, arrivals),
    st.builds(erase, session_ids, arrivals),
    st.builds(end_silent, arrivals),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Operation]:
    """Draw what happens to a store: some sessions with events, then anything."""
    beginning: list[Operation] = []
    for session_id in draw(st.lists(session_ids, min_size=2, max_size=4, unique=True)):
        beginning.append(start(replace(draw(new_sessions), id=session_id), T0))
        beginning.append(append(session_id, draw(batches), draw(arrivals)))
    return [*beginning, *draw(st.lists(operations, max_size=8))]


terms = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(WORDS).map(lambda word: word[:3] + "*"),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(lambda words: f'"{" ".join(words)}"'),
    st.sampled_from(WORDS).map(str.upper),
    st.sampled_from(["京", "click", "red", '"', "(", "*"]),
)
queries = st.lists(terms, min_size=1, max_size=2).map(" ".join)
seconds = st.integers(0, 12).map(lambda number: number * SECOND)
FILTERS: dict[str, st.SearchStrategy[Any]] = {
    "user_id": st.sampled_from(["ann", "bob", ""]),
    "workspace_id": st.sampled_from(["ann", "bob"]),
    "source": sources,
    "label": texts,
    "tags": tags,
    "feature": features,
    "status": st.sampled_from(["active", "completed", "error"]),
    "has_errors": st.booleans(),
    "bookmarked": st.booleans(),
    "started_from_us": times,
    "started_until_us": times,
    "min_cost_nanos": costs,
    "max_cost_nanos": costs,
    "min_tokens": st.integers(0, 20),
    "max_tokens": st.integers(0, 20),
    "min_duration_us": seconds,
    "max_duration_us": seconds | st.just(10**12),
    "min_interactions": st.integers(0, 8),
    "model": models,
    "provider": st.sampled_from(["openai", "azure", ""]),
    "search": queries,
    "metadata": st.dictionaries(
        st.sampled_from(["plan", "n"]), st.sampled_from(["pro", "1", "1.0", "true", "", "null"]), min_size=1, max_size=1
    ),
}


@st.composite
def filters(draw: st.DrawFn) -> SessionFilter:
    """Draw a filter that asks for one thing or two, so that it often finds some but not all."""
    names = draw(st.lists(st.sampled_from(list(FILTERS)), min_size=1, max_size=2))
    return SessionFilter(**{name: draw(FILTERS[name]) for name in names})


pages = st.builds(
    PageRequest,
    limit=st.integers(1, 5),
    page=st.integers(1, 3),
    sort_by=st.sampled_from(get_args(SortBy)),
    order=st.sampled_from(get_args(SortOrder)),
)
groupings: st.SearchStrategy[GroupBy] = st.sampled_from(get_args(GroupBy))
