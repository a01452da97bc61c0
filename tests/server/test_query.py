"""Queries: every parameter of its kind, under all its names; anything else is refused by name."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playhead.errors import Invalid
from playhead.model.filters import SessionFilter
from playhead.model.moment import DAY_US, parse_us
from playhead.model.requests import EventsQuery, FilterQuery, ListQuery, SearchQuery, StatsQuery
from playhead.server.query import bind, convert, filter_of, page_request


def filters(query: str) -> SessionFilter:
    return filter_of(bind(ListQuery, query.encode()))


def refusal(query: str) -> tuple[str, str]:
    with pytest.raises(Invalid) as refused:
        bind(ListQuery, query.encode())
    (detail,) = refused.value.details
    return detail["field"], detail["message"]


@pytest.mark.parametrize(
    ("query", "member", "value"),
    [
        ("userId=u1", "user_id", "u1"),
        ("workspaceId=w", "workspace_id", "w"),
        ("source=in-app", "source", "in-app"),
        ("label=Hello%20there", "label", "Hello there"),
        ("tag=a&tag=b&tag=a", "tags", ["a", "b"]),
        ("appFeature=chat", "feature", "chat"),
        ("feature=chat", "feature", "chat"),
        ("status=error", "status", "error"),
        ("hasErrors=true", "has_errors", True),
        ("hasErrors=false", "has_errors", False),
        ("hasErrors=0", "has_errors", False),
        ("bookmarked=false", "bookmarked", False),
        ("startDate=2025-10-01", "started_from_us", parse_us("2025-10-01T00:00:00Z")),
        ("from=2025-10-01", "started_from_us", parse_us("2025-10-01T00:00:00Z")),
        ("endDate=2025-10-01", "started_until_us", parse_us("2025-10-02T00:00:00Z") - 1),
        ("to=2025-10-01", "started_until_us", parse_us("2025-10-01T00:00:00Z") + DAY_US - 1),
        ("to=2025-10-01T00:00:00Z", "started_until_us", parse_us("2025-10-01T00:00:00Z")),
        ("from=2025-10-01T10:00:00%2B02:00", "started_from_us", parse_us("2025-10-01T08:00:00Z")),
        ("from=2025-10-01T10:00:00+02:00", "started_from_us", parse_us("2025-10-01T08:00:00Z")),
        ("from=1759305600000", "started_from_us", parse_us("2025-10-01T08:00:00Z")),
        ("minCost=0.0008", "min_cost_nanos", 800_000),
        ("maxCost=1", "max_cost_nanos", 1_000_000_000),
        ("minTokens=5", "min_tokens", 5),
        ("maxTokens=5", "max_tokens", 5),
        ("minDuration=1500", "min_duration_us", 1_500_000),
        ("maxDuration=0", "max_duration_us", 0),
        ("minInteractions=3", "min_interactions", 3),
        ("aiModel=gpt-4", "model", "gpt-4"),
        ("model=gpt-4", "model", "gpt-4"),
        ("provider=openai", "provider", "openai"),
        ("search=refund", "search", "refund"),
        ("searchQuery=refund", "search", "refund"),
        ("q=%22two%20words%22", "search", '"two words"'),
        ("search=%20", "search", None),
        ("metadata.plan=pro&metadata.a.b=", "metadata", {"plan": "pro", "a.b": ""}),
    ],
)
def test_every_filter_is_understood_under_each_of_its_names(query: str, member: str, value: object) -> None:
    assert getattr(filters(query), member) == value


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=1.5", "page"),
        ("page=", "page"),
        ("page=99999999999999999999", "page"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("status=done", "status"),
        ("source=web", "source"),
        ("hasErrors=maybe", "hasErrors"),
        ("hasErrors=null", "hasErrors"),
        ("minCost=-1", "minCost"),
        ("minCost=nan", "minCost"),
        ("minCost=inf", "minCost"),
        ("minCost=1e400", "minCost"),
        ("minTokens=many", "minTokens"),
        ("minTokens=1_000", "minTokens"),
        ("startDate=yesterday", "startDate"),
        ("from=2025-13-01", "from"),
        ("to=2025-02-30", "to"),
        ("sortBy=size", "sortBy"),
        ("sortOrder=up", "sortOrder"),
        ("minCost=2&maxCost=1", "minCost"),
        ("minTokens=2&maxTokens=1", "minTokens"),
        ("minDuration=2&maxDuration=1", "minDuration"),
        ("startDate=2025-10-02&endDate=2025-10-01", "endDate"),
        ("from=2025-10-02&to=2025-10-01", "to"),
        ("userid=u1", "userid"),
        ("project=other", "project"),
        ("metadata.=x", "metadata."),
        ("metadata=x", "metadata"),
        ("metadata.a=1&metadata.a=2", "metadata.a"),
        ("userId=a&userId=b", "userId"),
        ("feature=chat&appFeature=agent", "appFeature"),
        ("q=a&search=b", "search"),
        ("q=" + "x" * 2001, "q"),
        ("q=" + "+".join(f"w{n}" for n in range(100)), "q"),
        ("userId=" + "x" * 2001, "userId"),
        ("tag=" + "x" * 2001, "tag"),
    ],
)
def test_a_value_that_is_not_of_its_kind_is_refused_under_the_name_that_was_sent(query: str, field: str) -> None:
    assert refusal(query)[0] == field


def test_a_refusal_says_what_would_be_right() -> None:
    assert refusal("status=done")[1] == "expected one of active, completed, error"
    assert refusal("limit=101")[1] == "expected a whole number <= 100"
    assert refusal("sortby=cost")[1] == "unknown parameter; did you mean sortBy?"


def test_a_query_that_is_not_utf_8_or_endless_is_refused() -> None:
    for query in (b"userId=%ff", b"&".join([b"tag=a"] * 101), b"userId=\xff"):
        with pytest.raises(Invalid):
            bind(ListQuery, query)


def test_a_nul_in_a_query_is_ordinary_text() -> None:
    assert filters("userId=a%00b").user_id == "a\x00b"


@pytest.mark.parametrize(
    ("query", "sort"),
    [
        ("", "startedAt"),
        ("sortBy=totalCost", "cost"),
        ("sortBy=cost", "cost"),
        ("sortBy=totalTokens", "tokens"),
        ("sortBy=duration", "duration"),
    ],
)
def test_sorts_have_aliases_too(query: str, sort: str) -> None:
    page = page_request(bind(ListQuery, query.encode()))
    assert (page.sort_by, page.order, page.page, page.limit) == (sort, "desc", 1, 20)


def test_queries_that_are_no_lists_know_no_aliases() -> None:
    with pytest.raises(Invalid, match="q: unknown parameter"):
        bind(EventsQuery, b"q=x")
    assert bind(EventsQuery, b"type=step&type=feedback&after=7").type == ["step", "feedback"]
    assert bind(SearchQuery, b"q=x").search == "x"
    assert bind(StatsQuery, b"groupBy=hour").group_by == "hour"


def test_values_of_a_json_body_are_taken_as_they_are() -> None:
    query = convert(FilterQuery, [("userId", "u"), ("minTokens", 5), ("tag", ["a", "b"]), ("hasErrors", False)])
    assert filter_of(query) == SessionFilter(user_id="u", min_tokens=5, tags=["a", "b"], has_errors=False)
    with pytest.raises(Invalid, match="minTokens"):
        convert(FilterQuery, [("minTokens", [5])])


@given(st.binary(max_size=200))
def test_no_query_string_does_anything_but_bind_or_be_refused(query: bytes) -> None:
    with contextlib.suppress(Invalid):
        assert isinstance(filter_of(bind(ListQuery, query)), SessionFilter)


@given(st.dictionaries(st.sampled_from(["userId", "label", "aiModel", "provider"]), st.text(max_size=50)))
def test_texts_come_through_whole(values: dict[str, str]) -> None:
    query = "&".join(f"{name}={''.join(f'%{byte:02x}' for byte in text.encode())}" for name, text in values.items())
    bound = bind(ListQuery, query.encode())
    for name, text in values.items():
        assert getattr(bound, re.sub("[A-Z]", lambda upper: "_" + upper.group().lower(), name)) == text
