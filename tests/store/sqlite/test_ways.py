"""A list answers the same in whichever way it is found: a few sorted, a walk in order, or all that match sorted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.store.strategies import Operation, filters, histories, pages
from tests.store.test_against_model import FACETS, both, listed

from playhead.model.filters import PageRequest, SessionFilter
from playhead.store.sqlite import counting, listing, matching, walking

ways = st.tuples(
    st.integers(0, 2), st.sampled_from([20, 200, 100_000]), st.integers(0, 3), st.sampled_from([0, 1_000_000])
)
"""How many are few, how long a walk may take, which listings are compared, how many are found at once: patches,
because no test records thousands of sessions for each example."""


@given(way=ways, history=histories(), questions=st.lists(st.tuples(filters(), pages), min_size=8, max_size=8))
@settings(max_examples=50)
@pytest.mark.timeout(300)
def test_lists_are_the_same_in_every_way(
    way: tuple[int, int, int, int], history: list[Operation], questions: list[tuple[SessionFilter, PageRequest]]
) -> None:
    few, steps, listings, at_once = way
    with both("sqlite", history) as (store, model, project), pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "FEW", few)
        patch.setattr(listing, "FEW_TEXTS", 2 * few - 1)
        patch.setattr(walking, "WALK_STEPS", steps)
        patch.setattr(counting, "MOST_LISTED", listings)
        patch.setattr(matching, "FEW", few)
        patch.setattr(matching, "MOST_SHORT", few)
        patch.setattr(matching, "MOST_AT_ONCE", at_once)
        for where, page in questions:
            assert listed(store, project, where, page) == listed(model, project, where, page)
            for member in FACETS:
                assert store.facets(project, where, member) == model.facets(project, where, member)


@given(history=histories(), questions=st.lists(st.tuples(filters(), pages), min_size=8, max_size=8))
@settings(max_examples=30)
@pytest.mark.timeout(300)
def test_an_estimated_total_is_above_the_bound_and_the_rows_are_the_same(
    history: list[Operation], questions: list[tuple[SessionFilter, PageRequest]]
) -> None:
    with both("sqlite", history) as (store, model, project), pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "FEW", 0)
        patch.setattr(listing, "FEW_TEXTS", -1)
        patch.setattr(counting, "EXACT_UP_TO", 1)
        for where, page in questions:
            found, expected = (engine.list_sessions(project, where, page) for engine in (store, model))
            assert replace(found, total=0, total_is_estimate=False) == replace(expected, total=0)
            assert found.total == expected.total if not found.total_is_estimate else found.total > 1
            assert expected.total > 1 or not found.total_is_estimate
