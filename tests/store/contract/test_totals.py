"""Totals and percentiles are exact up to EXACT_UP_TO; above it they may be estimates, which say so and are near."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.store.build import EVERY, SECOND, T0, Engine, interaction, new_session
from tests.store.conftest import ENGINES

from playhead.model.filters import PageRequest, SessionFilter
from playhead.model.results import EXACT_UP_TO
from playhead.replay.percentiles import percentile
from playhead.store.base import SessionChange

MORE = EXACT_UP_TO + 400
STEP = 2_000
LATENCIES = [float(latency) for latency in range(1, MORE + 1)]


@pytest.fixture(scope="module", params=list(ENGINES))
def many(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """More sessions than are counted exactly, one call each; but for 400, each has the tag and the user."""
    engine = ENGINES[request.param](tmp_path_factory.mktemp("many") / "data")
    project = engine.ensure_project("mine", T0).no
    for first in range(0, MORE, STEP):
        changes = [change for n in range(first, min(first + STEP, MORE)) for change in _session(n)]
        engine.apply(project, changes, T0).result()
    assert engine.wait_for_index(60)
    yield engine
    engine.close()


def _session(n: int) -> Iterator[SessionChange]:
    most = n < EXACT_UP_TO
    session = new_session(
        f"s{n}",
        started_us=T0 + n * 60 * SECOND,
        tags=["most"] if most else [],
        user_id="ann" if most else "bob",
        label="common" if most else "common rare",
    )
    yield SessionChange(session.id, session)
    event = interaction("i", prompt="word", response="", latency_ms=float(n * 7919 % MORE + 1))
    yield SessionChange(session.id, event)


@pytest.mark.parametrize(
    ("where", "matching"),
    [
        (SessionFilter(tags=["most"]), EXACT_UP_TO),
        (SessionFilter(user_id="ann", min_interactions=1), EXACT_UP_TO),
        (SessionFilter(search="rare"), 400),
        (SessionFilter(label="common"), EXACT_UP_TO),
        (SessionFilter(started_from_us=T0 + 400 * 60 * SECOND), EXACT_UP_TO),
    ],
)
def test_a_total_up_to_the_bound_is_exact(many: Engine, where: SessionFilter, matching: int) -> None:
    page = many.list_sessions(1, where, PageRequest(limit=1))
    assert (page.total, page.total_is_estimate) == (matching, False)


@pytest.mark.parametrize(
    "where", [EVERY, SessionFilter(min_cost_nanos=1), SessionFilter(has_errors=False), SessionFilter(search="common")]
)
def test_a_greater_total_is_exact_or_says_that_it_is_not(many: Engine, where: SessionFilter) -> None:
    page = many.list_sessions(1, where, PageRequest(limit=1))
    assert page.total == MORE if not page.total_is_estimate else EXACT_UP_TO < page.total < 2 * MORE


def test_the_last_page_is_reached_whatever_the_total_says(many: Engine) -> None:
    asked = PageRequest(limit=100, page=MORE // 100, sort_by="cost")
    page = many.list_sessions(1, SessionFilter(search="common"), asked)
    assert len(page.sessions) == 100
    assert page.next is None
    assert (page.total, page.total_is_estimate) == (MORE, False)


def test_hits_are_counted_by_the_same_rule(many: Engine) -> None:
    few = many.search(1, "rare", EVERY)
    assert (few.total, few.total_is_estimate, few.ranked) == (400, False, None)
    page = many.search(1, "common", EVERY)
    assert page.total == MORE if not page.total_is_estimate else EXACT_UP_TO < page.total < 2 * MORE


def test_hits_that_are_not_ranked_follow_those_that_are(many: Engine) -> None:
    pages = [many.search(1, "common", EVERY, limit=4_000, offset=offset) for offset in range(0, MORE, 4_000)]
    hits = [hit for page in pages for hit in page.hits]
    scores = [hit.score for hit in hits]
    assert len(hits) == len({hit.session.id for hit in hits}) == MORE
    assert scores == sorted(scores, reverse=True)
    if (ranked := pages[0].ranked) is not None:
        assert not any(scores[ranked:])


def test_percentiles_of_more_calls_are_exact_or_estimates_within_a_hundredth(many: Engine) -> None:
    found = many.stats(1, EVERY)
    assert found.interactions == MORE
    for percent in (50, 90, 95, 99):
        exact = percentile(LATENCIES, percent)
        near = exact if not found.latency_is_estimate else pytest.approx(exact, rel=0.01)
        assert found.latency[f"p{percent}"] == near
    assert found.models[0].p50 == pytest.approx(percentile(LATENCIES, 50), rel=0.01)


def test_percentiles_up_to_the_bound_are_exact(many: Engine) -> None:
    found = many.stats(1, SessionFilter(started_from_us=T0 + 400 * 60 * SECOND))
    latencies = sorted(float(n * 7919 % MORE + 1) for n in range(400, MORE))
    assert not found.latency_is_estimate
    assert found.latency["p99"] == percentile(latencies, 99)
