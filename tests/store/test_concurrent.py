"""Two threads that write into the same sessions: whatever order comes out, it is one order, and all agrees with it."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.store.build import EVERY, T0, Engine, interaction, new_session, pending
from tests.store.conftest import ENGINES
from tests.store.strategies import HOURS, events
from tests.store.test_against_model import FACETS, hits

from playhead.model.event import NewEvent
from playhead.model.results import Outcome, Started
from playhead.model.session import Erasure, NewSession
from playhead.store.base import SessionChange
from playhead.store.memory import MemoryStore

Batch: TypeAlias = tuple[str, list[NewEvent], bool]
"""A session, events for it, and whether they are appended or applied."""

SHARED = ("s1", "s2")
ROUNDS = 20

pytestmark = [pytest.mark.parametrize("engine", ENGINES), pytest.mark.timeout(300)]


whole_events = events().filter(lambda event: not event.pending)
batches = st.tuples(st.sampled_from(SHARED), st.lists(whole_events, min_size=1, max_size=6), st.booleans())
loads = st.lists(batches, min_size=2, max_size=6)


@contextmanager
def store_with_sessions(engine: str) -> Iterator[tuple[Engine, int]]:
    with tempfile.TemporaryDirectory() as directory:
        store = ENGINES[engine](Path(directory) / "data")
        try:
            project = store.ensure_project("p", T0).no
            for id_ in SHARED:
                store.start_session(project, new_session(id_), T0).result()
            yield store, project
        finally:
            store.close()


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """Run actions in a thread each, beginning together, and return what they return."""
    ready = threading.Barrier(len(actions))

    def run(action: Callable[[], Any]) -> Any:
        ready.wait(10)
        return action()

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(run, actions))


def write(store: Engine, project: int, load: Sequence[Batch]) -> list[tuple[str, Outcome]]:
    """Submit everything without waiting in between, and return each outcome with its session."""
    submitted = [(batch[0], submit(store, project, batch)) for batch in load]
    return [(session_id, outcome) for session_id, future in submitted for outcome in future.result(30)]


def submit(store: Engine, project: int, batch: Batch) -> Future[list[Outcome]]:
    session_id, news, appends = batch
    if appends:
        return store.append(project, session_id, news, T0)
    return store.apply(project, [SessionChange(session_id, event) for event in news], T0)


def append(store: Engine, project: int, session_id: str, news: list[NewEvent]) -> list[Outcome]:
    return store.append(project, session_id, news, T0).result(30)


def failure(store: Engine, project: int, session_id: str) -> BaseException | None:
    return store.append(project, session_id, [interaction("i")], T0).exception(30)


def start(store: Engine, project: int, new: NewSession) -> Started:
    return store.start_session(project, new, T0).result(30)


def erase(store: Engine, project: int, session_id: str) -> Erasure:
    return store.erase_session(project, session_id, T0).result(30)


@given(one=loads, other=loads)
@settings(max_examples=20)
def test_every_event_is_stored_once_in_one_order_and_everything_agrees_with_it(
    engine: str, one: list[Batch], other: list[Batch]
) -> None:
    with store_with_sessions(engine) as (store, project):
        written = at_once(partial(write, store, project, one), partial(write, store, project, other))
        outcomes: list[tuple[str, Outcome]] = [*written[0], *written[1]]
        for session_id in SHARED:
            said = [outcome for id_, outcome in outcomes if id_ == session_id]
            stored = store.copy_events(project, session_id, range(1, len(said) + 1))
            assert [copy.seq for copy in stored] == list(range(1, len(stored) + 1))
            seqs = {copy.event.id: copy.seq for copy in stored}
            assert {(outcome.id, outcome.seq) for outcome in said} == set(seqs.items())
            assert sorted(outcome.id for outcome in said if not outcome.duplicate) == sorted(seqs)
        assert store.wait_for_index()
        assert answers(store, project) == answers(replayed(store, project), 1)


def replayed(store: Engine, project: int) -> MemoryStore:
    """Return the model, to which the same happened in the order that came out."""
    model = MemoryStore()
    model.ensure_project("p", T0)
    for session_id in SHARED:
        model.start_session(1, new_session(session_id), T0).result()
        count = store.get_session(project, session_id).totals.events
        news = [copy.event for copy in store.copy_events(project, session_id, range(1, count + 1))]
        model.append(1, session_id, news, T0).result()
    return model


def answers(store: Engine, project: int) -> Any:
    """Return what can be asked but for the times of the writes."""
    return (
        [replace(store.get_session(project, id_), updated_us=0) for id_ in SHARED],
        [store.get_events(project, id_) for id_ in SHARED],
        [store.get_marks(project, id_) for id_ in SHARED],
        [store.facets(project, EVERY, member) for member in FACETS],
        [store.stats(project, EVERY, group_by) for group_by in ("day", "hour", "model")],
        [texts_found(store, project, word) for word in ("alpha", "beta", "東京", "click")],
    )


def texts_found(store: Engine, project: int, word: str) -> Any:
    *totals, found = hits(store, project, word, EVERY)
    return totals, [(session.id, event and event.seq) for session, event in found]


def test_a_pending_call_that_two_complete_at_once_is_completed_by_one(engine: str) -> None:
    with store_with_sessions(engine) as (store, project):
        for number in range(ROUNDS):
            id_ = f"i{number}"
            store.append(project, "s1", [pending(id_)], T0).result()
            whole = [[interaction(id_, response=who)] for who in ("one", "other")]
            said = at_once(*(partial(append, store, project, "s1", each) for each in whole))
            [winner] = [who for who, [outcome] in zip(("one", "other"), said, strict=True) if not outcome.duplicate]
            [event] = store.get_events_by_seq(project, "s1", [number + 1]).events
            assert (event.data["response"], event.change) == (winner, number + 1)
        totals = store.get_session(project, "s1").totals
        assert (totals.events, totals.pending, totals.changes, totals.cost_nanos) == (ROUNDS, 0, ROUNDS, 1000 * ROUNDS)


def test_a_session_that_two_start_at_once_is_made_once(engine: str) -> None:
    with store_with_sessions(engine) as (store, project):
        for number in range(ROUNDS):
            new = new_session(f"n{number}", started_us=HOURS[0])
            started = at_once(*[partial(start, store, project, new)] * 2)
            assert sorted(each.created for each in started) == [False, True]
            assert started[0].session == started[1].session
        assert len(store.copy_sessions(project)) == ROUNDS + len(SHARED)


def test_what_is_appended_while_its_session_is_erased_is_stored_before_or_not_at_all(engine: str) -> None:
    with store_with_sessions(engine) as (store, project):
        for number in range(ROUNDS):
            id_ = f"n{number}"
            store.start_session(project, new_session(id_), T0).result()
            appended, erasure = at_once(
                partial(failure, store, project, id_),
                partial(erase, store, project, id_),
            )
            assert erasure.events == (appended is None)
        assert len(store.copy_sessions(project)) == len(SHARED)
        assert len(store.list_erased(project)) == ROUNDS
        assert store.stats(project, EVERY).interactions == 0
