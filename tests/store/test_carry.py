"""One session is carried over in bounded memory: what is done is let go, and a failure is not."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any
from weakref import ref

import pytest
from tests.store.build import T0, action, record

from playhead.errors import SessionErased
from playhead.store.carry import MAX_PAGE_EVENTS, End, Window, carry
from playhead.store.memory import MemoryStore


def done(result: object = None) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(result)
    return future


def test_answers_of_writes_that_are_done_are_let_go_while_a_session_is_carried() -> None:
    source, target = MemoryStore(), MemoryStore()
    project, there = source.ensure_project("p", T0).no, target.ensure_project("p", T0).no
    record(source, project, "s1", *(action(f"a{n}") for n in range(5 * MAX_PAGE_EVENTS)))
    [copy] = source.copy_sessions(project)
    [carried] = carry(End(source, project), End(target, there), [copy], Window())
    assert carried.new_events == 5 * MAX_PAGE_EVENTS
    assert carried.writes > 5
    assert len(carried.under_way) == 1
    carried.wait()


def test_a_window_lets_go_of_what_is_done() -> None:
    window = Window()
    first = ref(window.put(done))
    window.put(done)
    assert first() is None


def test_a_failure_is_raised_however_many_writes_come_behind_it() -> None:
    source, target = MemoryStore(), MemoryStore()
    project, there = source.ensure_project("p", T0).no, target.ensure_project("p", T0).no
    record(source, project, "s1", *(action(f"a{n}") for n in range(2 * MAX_PAGE_EVENTS)))
    record(target, there, "s1")
    target.erase_session(there, "s1", T0).result()
    [copy] = source.copy_sessions(project)
    [carried] = carry(End(source, project), End(target, there), [copy], Window())
    with pytest.raises(SessionErased):
        carried.wait()
