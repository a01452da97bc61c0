"""Both ways of finding the newest texts, by the index of words and session by session, find the same."""

from __future__ import annotations

import pytest
from tests.store.build import EVERY, SECOND, T0, interaction, record

from playhead.model.filters import SessionFilter
from playhead.store.postgres import searching
from playhead.store.postgres.searching import MOST_RANKED, _Expected
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
    assert not _Expected(MOST_RANKED, float("inf"), 1.0).is_quicker_by_session


def test_what_is_beyond_the_ranked_follows_by_age(
    store: PostgresStore, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST_RANKED", 7)
    monkeypatch.setattr(searching, "EXACT_UP_TO", 6)
    pages = [store.search(project, "common", EVERY, limit=4, offset=offset) for offset in range(0, 40, 4)]
    hits = [hit for page in pages for hit in page.hits]
    assert len(hits) == len({(hit.session.id, hit.event.seq if hit.event else 0) for hit in hits}) == 34
    assert all(hit.score for hit in hits[:7])
    assert not any(hit.score for hit in hits[7:])
    assert all(page.total_is_estimate and page.ranked == 7 for page in pages)
