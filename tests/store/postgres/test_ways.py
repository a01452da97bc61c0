"""A list by a search answers the same in whichever way it is found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.store.postgres.ways import WAYS, Sizes, patched
from tests.store.strategies import Operation, filters, histories, pages
from tests.store.test_against_model import both, listed

from playhead.model.filters import PageRequest, SessionFilter
from playhead.store.postgres import counting

searches = st.tuples(filters(), st.sampled_from(["a", "b", "c", "a b", '"a b"', "c*"])).map(
    lambda asked: replace(asked[0], search=asked[0].search or asked[1])
)


@given(history=histories(), questions=st.lists(st.tuples(searches, pages), min_size=4, max_size=4))
@settings(max_examples=12)
@pytest.mark.timeout(300)
def test_lists_by_a_search_are_the_same_in_every_way(
    history: list[Operation], questions: list[tuple[SessionFilter, PageRequest]]
) -> None:
    with both("postgres", history) as (store, model, project):
        for where, page in questions:
            expected = listed(model, project, where, page)
            for sizes in WAYS:
                with pytest.MonkeyPatch.context() as patch:
                    patched(patch, sizes)
                    assert listed(store, project, where, page) == expected, sizes


@given(
    history=histories(),
    questions=st.lists(st.tuples(searches, pages), min_size=4, max_size=4),
    sizes=st.sampled_from(WAYS),
)
@settings(max_examples=12)
@pytest.mark.timeout(300)
def test_an_estimated_total_is_above_the_bound_and_the_rows_are_the_same(
    history: list[Operation], questions: list[tuple[SessionFilter, PageRequest]], sizes: Sizes
) -> None:
    with both("postgres", history) as (store, model, project), pytest.MonkeyPatch.context() as patch:
        patched(patch, sizes)
        patch.setattr(counting, "EXACT_UP_TO", 1)
        for where, page in questions:
            found, expected = (engine.list_sessions(project, where, page) for engine in (store, model))
            assert replace(found, total=0, total_is_estimate=False) == replace(expected, total=0)
            assert found.total == expected.total if not found.total_is_estimate else found.total > 1
            assert expected.total > 1 or not found.total_is_estimate
