"""The properties of ``test_against_model`` with few examples: each makes tables, and each write goes to the disk."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store import test_against_model as properties
from tests.store.strategies import filters, groupings, histories, pages, queries

ENGINE = "clickhouse"
FEW = settings(max_examples=12)

pytestmark = pytest.mark.timeout(300)


def holds(test: Any, *drawn: Any) -> None:
    """Let a property of the other engines hold for this one."""
    test.hypothesis.inner_test(ENGINE, *drawn)


@FEW
@given(history=histories(), questions=st.lists(st.tuples(filters(), pages), min_size=8, max_size=8))
def test_lists_totals_and_facets(history: Any, questions: Any) -> None:
    holds(properties.test_lists_totals_and_facets, history, questions)


@FEW
@given(history=histories(), questions=st.lists(st.tuples(queries, filters()), min_size=8, max_size=8))
def test_searches(history: Any, questions: Any) -> None:
    holds(properties.test_searches, history, questions)


@FEW
@given(history=histories(), questions=st.lists(st.tuples(filters(), groupings), min_size=6, max_size=6))
def test_statistics(history: Any, questions: Any) -> None:
    holds(properties.test_statistics, history, questions)


@FEW
@given(history=histories(), after=st.integers(0, 9), limit=st.integers(1, 5))
def test_events_of_a_session(history: Any, after: int, limit: int) -> None:
    holds(properties.test_events_of_a_session, history, after, limit)
