"""Each engine answers as the naive model does, whatever happened to it and whatever it is asked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.store.build import T0, Engine
from tests.store.conftest import ENGINES
from tests.store.strategies import (
    Operation,
    filters,
    groupings,
    histories,
    pages,
    queries,
)

from playhead.errors import PlayheadError
from playhead.model.filters import GroupBy, PageRequest, SessionFilter
from playhead.store.memory import MemoryStore

OTHERS = [name for name in ENGINES if name not in {"memory", "clickhouse"}]  # see clickhouse/test_against_model
FACETS = ("feature", "source", "status", "user", "model", "tag")

pytestmark = [pytest.mark.parametrize("engine", OTHERS), pytest.mark.timeout(300)]


@contextmanager
def both(engine: str, history: list[Operation]) -> Iterator[tuple[Engine, MemoryStore, int]]:
    """Let the same happen to an engine and to the model, comparing what each write answers."""
    model = MemoryStore()
    with tempfile.TemporaryDirectory() as directory:
        store = ENGINES[engine](Path(directory))
        try:
            project = store.ensure_project("p", T0).no
            assert model.ensure_project("p", T0).no == project
            for operation in history:
                assert answer(operation, store, project) == answer(operation, model, project)
            assert store.wait_for_index()
            yield store, model, project
        finally:
            store.close()


def answer(operation: Operation, store: Engine, project: int) -> Any:
    """Return what a write answers, or the kind of its failure."""
    try:
        return operation(store, project).result(timeout=30)
    except PlayheadError as error:
        return type(error)


@given(history=histories(), questions=st.lists(st.tuples(filters(), pages), min_size=8, max_size=8))
@settings(max_examples=60)
def test_lists_totals_and_facets(
    engine: str, history: list[Operation], questions: list[tuple[SessionFilter, PageRequest]]
) -> None:
    with both(engine, history) as (store, model, project):
        for where, page in questions:
            assert listed(store, project, where, page) == listed(model, project, where, page)
            for member in FACETS:
                assert store.facets(project, where, member) == model.facets(project, where, member)


def listed(store: Engine, project: int, where: SessionFilter, page: PageRequest) -> Any:
    """Return a page by number and all pages that follow each other."""
    numbered = store.list_sessions(project, where, page)
    following = []
    after = None
    while True:
        answer = store.list_sessions(project, where, replace(page, page=1, after=after))
        following.append((answer.sessions, answer.total, answer.total_is_estimate))
        if answer.next is None:
            return numbered.sessions, numbered.total, following, list(store.export_sessions(project, where))
        after = answer.next


@given(history=histories(), questions=st.lists(st.tuples(queries, filters()), min_size=8, max_size=8))
@settings(max_examples=60)
def test_searches(engine: str, history: list[Operation], questions: list[tuple[str, SessionFilter]]) -> None:
    with both(engine, history) as (store, model, project):
        for query, where in questions:
            assert hits(store, project, query, where) == hits(model, project, query, where)


def hits(store: Engine, project: int, query: str, where: SessionFilter) -> Any:
    """Return what is found; each engine ranks in its own way."""
    page = store.search(project, query, where, limit=1000)
    scores = [hit.score for hit in page.hits]
    assert scores == sorted(scores, reverse=True)
    found = [(hit.session, hit.event) for hit in page.hits]
    return (
        page.total,
        page.total_is_estimate,
        page.ranked,
        sorted(found, key=lambda hit: (hit[0].id, hit[1].seq if hit[1] else 0)),
    )


@given(history=histories(), questions=st.lists(st.tuples(filters(), groupings), min_size=6, max_size=6))
@settings(max_examples=60)
def test_statistics(engine: str, history: list[Operation], questions: list[tuple[SessionFilter, GroupBy]]) -> None:
    with both(engine, history) as (store, model, project):
        for where, group_by in questions:
            assert store.stats(project, where, group_by) == model.stats(project, where, group_by)
        models = ["gpt-4o", "claude", "none"]
        assert store.model_latencies(project, models) == model.model_latencies(project, models)


@given(history=histories(), after=st.integers(0, 9), limit=st.integers(1, 5))
@settings(max_examples=60)
def test_events_of_a_session(engine: str, history: list[Operation], after: int, limit: int) -> None:
    with both(engine, history) as (store, model, project):
        for session_id in ("s1", "s2", "s3", "s4"):
            asked = (project, session_id, after, limit)
            assert events(store, *asked) == events(model, *asked)


def events(store: Engine, project: int, session_id: str, after: int, limit: int) -> Any:
    """Return a session and its events in each way of asking, or the kind of failure."""
    try:
        return (
            store.get_session(project, session_id),
            store.get_events(project, session_id),
            store.get_events(project, session_id, after=after, limit=limit, types=["interaction", "step"]),
            store.get_events_since(project, session_id, after, limit),
            store.get_changed(project, session_id, after, 4 * limit, limit),
            store.get_events_by_seq(project, session_id, [after, limit]),
            store.get_marks(project, session_id, after=after, limit=limit),
        )
    except PlayheadError as error:
        return type(error)
