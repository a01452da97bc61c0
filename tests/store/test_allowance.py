"""An allowance is never exceeded, never fills up from one side, and comes back whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from playhead.store.allowance import Allowance

LIMIT = 1000
asked = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 120)), max_size=60)


def fill(allowance: Allowance, requests: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Take whatever there is room for, and return it."""
    taken = []
    for owner, amount in requests:
        if allowance.has_room(owner, amount):
            allowance.take(owner, amount)
            taken.append((owner, amount))
    return taken


@given(asked)
def test_the_limit_is_never_exceeded_and_everything_comes_back(requests: list[tuple[int, int]]) -> None:
    allowance = Allowance(LIMIT)
    taken = fill(allowance, requests)
    assert allowance.total == sum(amount for _, amount in taken) <= LIMIT
    for owner, amount in taken:
        allowance.give_back(owner, amount)
    assert allowance.total == 0
    assert allowance.has_room(0, LIMIT)


def test_one_owner_alone_has_half_and_two_have_a_third_each() -> None:
    allowance = Allowance(LIMIT)
    fill(allowance, [(1, 1)] * LIMIT)
    assert allowance.used(1) == LIMIT / 2
    both = Allowance(900)
    fill(both, [(1, 1), (2, 1)] * 900)
    assert (both.used(1), both.used(2)) == (300, 300)


@given(asked)
def test_a_newcomer_finds_room_as_large_as_anybody_has(requests: list[tuple[int, int]]) -> None:
    allowance = Allowance(LIMIT)
    fill(allowance, requests)
    assert allowance.has_room(9, min(LIMIT - allowance.total, max(allowance.used(owner) for owner in range(4))))


def test_what_has_no_owner_is_bound_by_the_limit_alone() -> None:
    allowance = Allowance(10)
    allowance.take(None, 9)
    assert allowance.has_room(None, 1)
    assert not allowance.has_room(None, 2)
