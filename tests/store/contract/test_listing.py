"""Lists: every filter, every order, pages, totals, facets."""

from __future__ import annotations

from typing import get_args

import pytest
from tests.store.build import EVERY, SECOND, T0, Engine, action, interaction, record, step

from playhead.errors import Invalid
from playhead.model.filters import PageRequest, SessionFilter, SortBy, SortOrder
from playhead.model.session import Session, SessionEnd, SessionPatch


@pytest.fixture
def listed(store: Engine, project: int) -> Engine:
    """Three sessions that differ in everything."""
    record(
        store,
        project,
        "a",
        interaction("i1", at=1, model="gpt-4o", provider="openai", cost_nanos=100, tokens=(5, 5)),
        interaction("i2", at=2, model="claude", provider="anthropic", cost_nanos=50, tokens=(1, None)),
        user_id="ann",
        workspace_id="w1",
        label="Alpha",
        tags=["red", "blue"],
        metadata={"plan": "pro", "seats": 3, "beta": True, "ratio": 0.5, "none": None, "list": ["pro"]},
    )
    record(
        store,
        project,
        "b",
        interaction("i1", at=60, provider=None, cost_nanos=500, error=True),
        started_us=T0 + SECOND,
        feature="agent",
        source="integration",
        user_id="bob",
        tags=["blue"],
        metadata={"plan": "free"},
    )
    record(store, project, "c", step("st", at=9, error=False), started_us=T0 + 2 * SECOND, feature="notebook")
    store.end_session(project, "a", SessionEnd("error", T0 + 10 * SECOND), T0).result()
    store.end_session(project, "b", SessionEnd("completed", T0 + 100 * SECOND), T0).result()
    store.patch_session(project, "c", SessionPatch(bookmarked=True), T0).result()
    return store


FILTERS: list[tuple[SessionFilter, str]] = [
    (EVERY, "abc"),
    (SessionFilter(user_id="ann"), "a"),
    (SessionFilter(user_id="ANN"), ""),
    (SessionFilter(user_id=""), ""),
    (SessionFilter(workspace_id="w1"), "a"),
    (SessionFilter(source="integration"), "b"),
    (SessionFilter(label="Alpha"), "a"),
    (SessionFilter(label="alpha"), ""),
    (SessionFilter(feature="agent"), "b"),
    (SessionFilter(status="active"), "c"),
    (SessionFilter(status="completed"), "b"),
    (SessionFilter(status="error"), "a"),
    (SessionFilter(has_errors=True), "b"),
    (SessionFilter(has_errors=False), "ac"),
    (SessionFilter(bookmarked=True), "c"),
    (SessionFilter(bookmarked=False), "ab"),
    (SessionFilter(tags=["blue"]), "ab"),
    (SessionFilter(tags=["blue", "red"]), "a"),
    (SessionFilter(tags=["blue", "blue"]), "ab"),
    (SessionFilter(tags=["blu"]), ""),
    (SessionFilter(started_from_us=T0 + SECOND), "bc"),
    (SessionFilter(started_until_us=T0 + SECOND), "ab"),
    (SessionFilter(started_from_us=T0 + 1, started_until_us=T0 + SECOND), "b"),
    (SessionFilter(min_cost_nanos=150), "ab"),
    (SessionFilter(min_cost_nanos=151), "b"),
    (SessionFilter(max_cost_nanos=150), "ac"),
    (SessionFilter(min_cost_nanos=2**70), ""),
    (SessionFilter(max_cost_nanos=2**70), "abc"),
    (SessionFilter(min_tokens=11, max_tokens=11), "a"),
    (SessionFilter(max_tokens=0), "c"),
    (SessionFilter(min_duration_us=10 * SECOND), "ab"),
    (SessionFilter(max_duration_us=10 * SECOND), "ac"),
    (SessionFilter(min_duration_us=7 * SECOND, max_duration_us=7 * SECOND), "c"),
    (SessionFilter(min_interactions=1), "ab"),
    (SessionFilter(min_interactions=2), "a"),
    (SessionFilter(model="claude"), "a"),
    (SessionFilter(model="gpt-4o"), "ab"),
    (SessionFilter(model="gpt"), ""),
    (SessionFilter(provider="openai"), "a"),
    (SessionFilter(provider=""), ""),
    (SessionFilter(model="gpt-4o", provider="anthropic"), "a"),
    (SessionFilter(metadata={"plan": "pro"}), "a"),
    (SessionFilter(metadata={"seats": "3"}), "a"),
    (SessionFilter(metadata={"beta": "true"}), "a"),
    (SessionFilter(metadata={"ratio": "0.5"}), "a"),
    (SessionFilter(metadata={"plan": "pro", "seats": "4"}), ""),
    (SessionFilter(metadata={"none": "null"}), ""),
    (SessionFilter(metadata={"list": "pro"}), ""),
    (SessionFilter(metadata={"absent": "x"}), ""),
    (SessionFilter(search="weather"), "ab"),
    (SessionFilter(search="red"), "a"),
    (SessionFilter(search="red weather"), ""),
    (SessionFilter(search=""), ""),
    (SessionFilter(search="?!"), ""),
    (SessionFilter(user_id="ann", feature="agent"), ""),
    (SessionFilter(user_id="' OR 1=1 --"), ""),
    (SessionFilter(metadata={"' OR 1=1 --": "%"}), ""),
]


@pytest.mark.parametrize(("where", "expected"), FILTERS, ids=lambda value: repr(value)[:60])
def test_a_filter_finds_what_it_says(listed: Engine, project: int, where: SessionFilter, expected: str) -> None:
    assert listed.wait_for_index()
    page = listed.list_sessions(project, where, PageRequest(order="asc"))
    assert "".join(session.id for session in page.sessions) == expected
    assert page.total == len(expected)
    assert "".join(session.id for session in listed.export_sessions(project, where)) == expected[::-1]
    assert listed.stats(project, where).sessions == len(expected)


def test_a_change_is_seen_by_filters(listed: Engine, project: int) -> None:
    patch = SessionPatch(label="Beta", tags=["green"], metadata={"plan": "team"})
    listed.patch_session(project, "a", patch, T0).result()
    assert listed.wait_for_index()

    def ids(where: SessionFilter) -> list[str]:
        return [session.id for session in listed.list_sessions(project, where, PageRequest()).sessions]

    assert ids(SessionFilter(tags=["red"])) == ids(SessionFilter(metadata={"seats": "3"})) == []
    assert ids(SessionFilter(search="red")) == ids(SessionFilter(search="alpha")) == []
    assert ids(SessionFilter(tags=["green"])) == ids(SessionFilter(metadata={"plan": "team"})) == ["a"]
    assert ids(SessionFilter(search="green beta")) == ["a"]


@pytest.mark.parametrize(
    ("sort_by", "ascending"),
    [
        ("startedAt", "abc"),
        ("cost", "cab"),
        ("tokens", "cab"),
        ("duration", "cab"),
        ("interactions", "cba"),
        ("errors", "acb"),
    ],
)
def test_a_list_is_sorted_and_equal_values_by_age(
    listed: Engine, project: int, sort_by: SortBy, ascending: str
) -> None:
    up = listed.list_sessions(project, EVERY, PageRequest(sort_by=sort_by, order="asc"))
    down = listed.list_sessions(project, EVERY, PageRequest(sort_by=sort_by))
    assert "".join(session.id for session in up.sessions) == ascending
    assert "".join(session.id for session in down.sessions) == ascending[::-1]


def test_every_order_has_its_test() -> None:
    assert set(get_args(SortBy)) == {"startedAt", "cost", "tokens", "duration", "interactions", "errors"}


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort_by", get_args(SortBy))
def test_numbered_and_following_pages_are_the_same_list(
    store: Engine, project: int, sort_by: SortBy, order: SortOrder
) -> None:
    for n in range(11):
        record(store, project, f"s{n}", *(interaction(f"i{k}") for k in range(n % 3)), started_us=T0 + n // 4)
    whole = store.list_sessions(project, EVERY, PageRequest(limit=100, sort_by=sort_by, order=order))
    assert (whole.next, whole.total, len(whole.sessions)) == (None, 11, 11)
    assert numbered_pages(store, project, sort_by, order) == whole.sessions
    assert following_pages(store, project, sort_by, order) == whole.sessions


def numbered_pages(store: Engine, project: int, sort_by: SortBy, order: SortOrder) -> list[Session]:
    pages = [PageRequest(limit=4, page=number, sort_by=sort_by, order=order) for number in (1, 2, 3, 4)]
    return [session for page in pages for session in store.list_sessions(project, EVERY, page).sessions]


def following_pages(store: Engine, project: int, sort_by: SortBy, order: SortOrder) -> list[Session]:
    page = store.list_sessions(project, EVERY, PageRequest(limit=4, sort_by=sort_by, order=order))
    sessions = page.sessions
    while page.next:
        following = PageRequest(limit=4, after=page.next, sort_by=sort_by, order=order)
        page = store.list_sessions(project, EVERY, following)
        sessions += page.sessions
    return sessions


def test_pages_by_position_neither_skip_nor_repeat_while_sessions_come_and_go(store: Engine, project: int) -> None:
    for n in range(10):
        record(store, project, f"s{n}", started_us=T0 + n)
    first = store.list_sessions(project, EVERY, PageRequest(limit=4))
    record(store, project, "newer", started_us=T0 + 99)
    store.erase_session(project, "s6", T0).result()
    second = store.list_sessions(project, EVERY, PageRequest(limit=4, after=first.next))
    third = store.list_sessions(project, EVERY, PageRequest(limit=4, after=second.next))
    seen = [session.id for page in (first, second, third) for session in page.sessions]
    assert seen == ["s9", "s8", "s7", "s6", "s5", "s4", "s3", "s2", "s1", "s0"]
    assert third.next is None


def test_a_page_far_behind_the_end_is_empty(listed: Engine, project: int) -> None:
    page = listed.list_sessions(project, EVERY, PageRequest(page=10**30))
    assert (page.sessions, page.total, page.next) == ([], 3, None)


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ("feature", [("agent", 1), ("chat", 1), ("notebook", 1)]),
        ("source", [("in-app", 2), ("integration", 1)]),
        ("status", [("active", 1), ("completed", 1), ("error", 1)]),
        ("user", [("ann", 1), ("bob", 1)]),
        ("model", [("gpt-4o", 2), ("claude", 1)]),
        ("tag", [("blue", 2), ("red", 1)]),
    ],
)
def test_facets_count_sessions_by_value(
    listed: Engine, project: int, member: str, expected: list[tuple[str, int]]
) -> None:
    assert [(facet.value, facet.count) for facet in listed.facets(project, EVERY, member)] == expected
    assert [(facet.value, facet.count) for facet in listed.facets(project, EVERY, member, limit=1)] == expected[:1]


def test_facets_count_what_the_filter_leaves(listed: Engine, project: int) -> None:
    facets = listed.facets(project, SessionFilter(has_errors=False), "feature")
    assert {facet.value for facet in facets} == {"chat", "notebook"}


def test_a_model_used_through_two_providers_is_counted_once(store: Engine, project: int) -> None:
    record(store, project, "s1", interaction("a", provider="openai"), interaction("b", provider="azure"))
    assert [(facet.value, facet.count) for facet in store.facets(project, EVERY, "model")] == [("gpt-4o", 1)]


def test_a_member_that_is_not_counted_is_named(store: Engine, project: int) -> None:
    with pytest.raises(Invalid, match="member"):
        store.facets(project, EVERY, "password")


def test_late_events_move_a_session_in_its_lists(listed: Engine, project: int) -> None:
    listed.append(project, "c", [interaction("late", cost_nanos=10**6), action("x")], T0).result()
    page = listed.list_sessions(project, EVERY, PageRequest(sort_by="cost"))
    assert page.sessions[0].id == "c"
