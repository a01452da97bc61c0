"""Whichever way statistics go (rollups, sessions that match, all but those that do not), they say the same."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import apsw
import pytest
from tests.store.build import T0, interaction, record
from tests.store.sqlite.various import WHERES

from playhead.model.filters import GroupBy, SessionFilter
from playhead.model.results import Stats
from playhead.store.sqlite import stats
from playhead.store.sqlite.store import open_sqlite

WAYS: dict[str, dict[str, float]] = {
    "listed": {"FEW": 0},
    "in slices": {"FEW": 0, "MOST_SHORT": 1, "SLICE": 7},
    "of the others": {"FEW": 0, "MANY": 0.0},
    "one by one": {"MOST_AT_ONCE": 0},
}


def answers(db: apsw.Connection) -> list[tuple[SessionFilter, Stats]]:
    """Return the statistics of each filter, grouped by everything in turn."""
    groups = get_args(GroupBy)
    return [(where, stats.stats(db, 1, where, groups[n % len(groups)])) for n, where in enumerate(WHERES)]


@pytest.mark.parametrize("way", WAYS)
def test_every_way_adds_up_to_the_same(various_db: apsw.Connection, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    known = answers(various_db)
    # A patch, because the ways are for more sessions than a test records.
    for name, value in WAYS[way].items():
        monkeypatch.setattr(f"playhead.store.sqlite.matching.{name}", value)
    for (where, found), (_, expected) in zip(answers(various_db), known, strict=True):
        assert found == expected, where


def test_sums_beyond_every_column_are_those_of_halves(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = store.ensure_project("p", T0).no
    for n in range(3):
        record(store, project, f"s{n}", interaction("i", cost_nanos=2**62 + n), tags=["dear"])
    found = store.stats(project, SessionFilter(tags=["dear"]))
    assert found.cost_nanos == found.series[0].cost_nanos == found.models[0].cost_nanos == 2**63 - 1
    store.close()
