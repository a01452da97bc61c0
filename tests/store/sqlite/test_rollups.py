"""Rollups hold what adding up every session gives, whatever happened, and go with what is erased."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import get_args

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.build import T0, interaction, pending, record
from tests.store.estimates import WHERES, ends, nearness, record_many, without_latencies
from tests.store.sqlite.rollups import TABLES, drop_rollups, dump_rollups
from tests.store.strategies import Operation, histories

from playhead.errors import PlayheadError
from playhead.model.filters import GroupBy, SessionFilter
from playhead.store.sqlite import latencies, rollups
from playhead.store.sqlite.connection import DATABASE
from playhead.store.sqlite.migrations import m005_rollups, m009_kinds
from playhead.store.sqlite.store import SqliteStore, open_sqlite


@given(history=histories(), most_news=st.integers(1, 6))
@settings(max_examples=80)
def test_rollups_are_what_the_sessions_add_up_to(history: list[Operation], most_news: int) -> None:
    # A patch, because no short history has so many news.
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr(rollups, "MOST_NEWS", most_news)
        store = open_sqlite(Path(directory))
        project = store.ensure_project("p", T0).no
        for operation in history:
            wait_for(operation, store, project)
        store.close()
        db = apsw.Connection(str(Path(directory) / DATABASE))
        kept = dump_rollups(db)
        drop_rollups(db)
        m005_rollups(db)
        m009_kinds(db)
        assert kept == dump_rollups(db)
        db.close()


def wait_for(operation: Operation, store: SqliteStore, project: int) -> None:
    """Let a write be done, or refused."""
    with suppress(PlayheadError):
        operation(store, project).result(timeout=30)


def test_nothing_is_left_in_rollups_of_what_was_erased(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = store.ensure_project("p", T0).no
    record(store, project, "s", interaction("i"), pending("p"), interaction("p"), tags=["t"], user_id="u")
    store.erase_session(project, "s", T0).result()
    store.close()
    db = apsw.Connection(str(tmp_path / DATABASE))
    assert dump_rollups(db) == {table: [] for table in TABLES}
    db.close()


@pytest.mark.parametrize("where", WHERES, ids=lambda where: repr(where)[14:60])
def test_estimates_are_near_what_every_call_gives(
    many: tuple[SqliteStore, int], monkeypatch: pytest.MonkeyPatch, where: SessionFilter
) -> None:
    store, project = many
    exact = {group: store.stats(project, where, group) for group in get_args(GroupBy)}
    # A patch, because so many calls that they are estimated would take a minute to record.
    monkeypatch.setattr(latencies, "EXACT_UP_TO", 200)
    for group, found in exact.items():
        estimate = store.stats(project, where, group)
        assert estimate.latency_is_estimate
        assert not found.latency_is_estimate
        assert without_latencies(estimate) == without_latencies(found)
        near = nearness(where, group)
        for name, value in found.latency.items():
            assert estimate.latency[name] == pytest.approx(value, rel=near)
        if near == 0.01:
            assert ends(estimate) == pytest.approx(ends(found), rel=near)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SqliteStore, int]]:
    """Sixty sessions of twenty calls, an hour apart."""
    store = open_sqlite(tmp_path_factory.mktemp("many"))
    project = record_many(store)
    yield store, project
    store.close()
