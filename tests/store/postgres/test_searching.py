"""Both ways of finding the newest texts, by the index of words and session by session, find the same."""

from __future__ import annotations

import pytest
from tests.store.build import EVERY, SECOND, T0, interaction, record

from playhead.model.filters import SessionFilter
from playhead.model.results import Hit
from playhead.store.postgres import searching
from playhead.store.postgres.searching import _Expected, _Sample
from playhead.store.postgres.store import PostgresStore

MONTH = 31 * 86_400 * SECOND


@pytest.fixture
def project(store: PostgresStore) -> int:
    project = store.ensure_project("mine", T0).no
    for number in range(6):
        events = [interaction(f"i{n}", n, prompt=f"common {'rare ' * (n % 3)}{n} text") for n in range(5)]
        record(
            store,
            project,
            f"s{number}",
            *events,
            started_us=T0 + number // 2 * SECOND,
            now_us=T0 + number % 2 * MONTH,
            label="common label" if number % 3 else None,
            user_id="ann" if number < 4 else "bob",
        )
    assert store.wait_for_index()
    return project


@pytest.mark.parametrize("where", [EVERY, SessionFilter(user_id="ann"), SessionFilter(search="label")])
@pytest.mark.parametrize("query", ["common", "rare", '"rare rare"', "comm*", "none"])
def test_both_ways_find_the_same_in_the_same_order(
    store: PostgresStore, project: int, monkeypatch: pytest.MonkeyPatch, query: str, where: SessionFilter
) -> None:
    pages = []
    for by_session in (False, True):
        monkeypatch.setattr(_Expected, "is_quicker_by_session", by_session)
        pages.append([store.search(project, query, where, limit=4, offset=offset) for offset in range(0, 40, 4)])
    assert pages[0] == pages[1]
    found = sum(len(page.hits) for page in pages[0])
    assert found == pages[0][0].total
    assert bool(found) == (query != "none")


def test_the_quicker_way_is_taken() -> None:
    everywhere, rare = _Expected(900_000, 1_000_000, 1.0), _Expected(2_000, 1_000_000, 1.0)
    assert everywhere.is_quicker_by_session
    assert not rare.is_quicker_by_session
    assert _Expected(2_000, 1_000_000, 0.001).is_quicker_by_session
    assert not _Expected(10_001, float("inf"), 1.0).is_quicker_by_session


def test_what_is_beyond_the_ranked_follows_by_age(
    store: PostgresStore, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "RANKED", 5)
    monkeypatch.setattr(searching, "EXACT_UP_TO", 6)
    monkeypatch.setattr(searching, "SAMPLED_TEXTS", 100)  # more than there are, so that no sample is believed
    pages = [store.search(project, "common", EVERY, limit=4, offset=offset) for offset in range(0, 40, 4)]
    hits = [hit for page in pages for hit in page.hits]
    assert len(hits) == len({(hit.session.id, hit.event.seq if hit.event else 0) for hit in hits}) == 34
    assert all(hit.score for hit in hits[:5])
    assert not any(hit.score for hit in hits[5:])
    assert all(page.total_is_estimate and page.ranked == 5 for page in pages)


@pytest.mark.parametrize("begins_early", [False, True])
def test_of_a_common_word_the_newest_are_looked_at_alone(
    store: PostgresStore, project: int, monkeypatch: pytest.MonkeyPatch, begins_early: bool
) -> None:
    everything = store.search(project, "common", EVERY, limit=40)
    monkeypatch.setattr(searching, "RANKED", 7)
    monkeypatch.setattr(searching, "FEW", 0)
    monkeypatch.setattr(searching, "EXACT_UP_TO", 6)
    monkeypatch.setattr(searching, "SAMPLED_TEXTS", 6)
    monkeypatch.setattr(_Sample, "begins_early", begins_early)
    monkeypatch.setattr(_Expected, "matching", 34)  # the planner knows nothing of so few
    pages = [store.search(project, "common", EVERY, limit=4, offset=offset) for offset in range(0, 40, 4)]
    hits = [hit for page in pages for hit in page.hits]
    assert {_place(hit) for hit in hits} == {_place(hit) for hit in everything.hits}
    assert len(hits) == everything.total == pages[0].total == 34
    assert pages[0].total_is_estimate
    assert [bool(hit.score) for hit in hits] == [True] * 7 + [False] * 27


def _place(hit: Hit) -> tuple[str, int]:
    return hit.session.id, hit.event.seq if hit.event else 0


def test_a_sample_is_believed_where_it_is_as_good_as_certain() -> None:
    assert _Sample([10] * 60, 5_000).is_surely_above(10_000)
    assert not _Sample([2] * 59 + [200], 5_000).is_surely_above(10_000)
    assert not _Sample([10] * 29, 5_000).is_surely_above(10_000)
    assert _Sample([0] * 5 + [1] * 55, 5_000).begins_early
    assert not _Sample([0] * 55 + [1] * 5, 5_000).begins_early
