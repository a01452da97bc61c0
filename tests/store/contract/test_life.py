"""Erasing a session, and closing a store."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.store.build import EVERY, T0, Engine, action, found, interaction, new_session, record

from playhead.errors import SessionErased, SessionNotFound, Unavailable
from playhead.model.filters import PageRequest
from playhead.model.results import ShareRecord
from playhead.model.session import SessionEnd


def erase_one_of_two(store: Engine, project: int) -> None:
    prompt = [{"role": "user", "content": "needle"}, {"role": "user", "content": "more"}]
    record(store, project, "kept", interaction("i", prompt=prompt), label="needle")
    record(store, project, "gone", interaction("i", prompt=prompt), interaction("j", prompt=prompt), label="needle")
    store.add_share(ShareRecord("sh", project, "gone", "public", T0, T0 + 99), b"token")
    assert len(found(store, project, "needle")) == 4
    erasure = store.erase_session(project, "gone", T0 + 7).result()
    assert (erasure.session_id, erasure.erased_us) == ("gone", T0 + 7)
    assert (erasure.events, erasure.messages, erasure.shares) == (2, 2, 1)


def test_an_erased_session_is_nowhere(store: Engine, project: int) -> None:
    erase_one_of_two(store, project)
    with pytest.raises(SessionNotFound):
        store.get_session(project, "gone")
    assert found(store, project, "needle") == {("kept", 0), ("kept", 1)}
    assert [session.id for session in store.list_sessions(project, EVERY, PageRequest()).sessions] == ["kept"]
    stats = store.stats(project, EVERY)
    assert (stats.sessions, stats.interactions, stats.models[0].count) == (1, 1, 1)
    assert store.find_share(b"token") is None
    assert store.model_latencies(project, ["gpt-4o"])[0].count == 1


def test_nothing_brings_an_erased_session_back(store: Engine, project: int) -> None:
    erase_one_of_two(store, project)
    with pytest.raises(SessionErased):
        store.start_session(project, new_session("gone"), T0).result()
    with pytest.raises(SessionNotFound):
        store.append(project, "gone", [action("late")], T0).result()
    with pytest.raises(SessionNotFound):
        store.end_session(project, "gone", SessionEnd(), T0).result()
    with pytest.raises(SessionNotFound):
        store.erase_session(project, "gone", T0).result()
    assert store.list_sessions(project, EVERY, PageRequest()).total == 1


def test_an_open_store_is_writable_and_says_how_full_it_is(store: Engine, project: int) -> None:
    record(store, project, "s1", action("a"))
    store.check_writable()
    assert store.wait_for_index()
    gauges = store.gauges()
    assert (gauges["queue_depth"], gauges["queue_bytes"], gauges["index_lag"]) == (0, 0, 0)


CLOSED: dict[str, Callable[[Engine], object]] = {
    "check_writable": lambda store: store.check_writable(),
    "start_session": lambda store: store.start_session(1, new_session(), T0),
    "append": lambda store: store.append(1, "s1", [action("b")], T0),
    "apply": lambda store: store.apply(1, [], T0),
    "get_session": lambda store: store.get_session(1, "s1"),
    "get_events": lambda store: store.get_events(1, "s1"),
    "list_sessions": lambda store: store.list_sessions(1, EVERY, PageRequest()),
    "search": lambda store: store.search(1, "x", EVERY),
    "stats": lambda store: store.stats(1, EVERY),
}


@pytest.mark.parametrize("call", CLOSED)
def test_a_closed_store_says_so(store: Engine, project: int, call: str) -> None:
    record(store, project, "s1", action("a"))
    store.close()
    with pytest.raises(Unavailable):
        CLOSED[call](store)


def test_closing_waits_for_what_is_queued(store: Engine, project: int) -> None:
    record(store, project, "s1")
    futures = [store.append(project, "s1", [action(f"a{n}")], T0) for n in range(50)]
    store.close()
    assert [future.result(timeout=0)[0].seq for future in futures] == list(range(1, 51))


def test_closing_twice_is_harmless(store: Engine) -> None:
    store.close()
    store.close()
