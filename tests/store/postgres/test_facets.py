"""Facets of many sessions are told from a sample, and say so."""

from __future__ import annotations

import pytest
from tests.store.build import T0, interaction, record

from playhead.model.filters import SessionFilter
from playhead.model.results import Facet
from playhead.store.postgres import facets
from playhead.store.postgres.store import PostgresStore

WHERE = SessionFilter(workspace_id="w")
"""What no rollup knows."""


@pytest.fixture
def project(store: PostgresStore) -> int:
    project = store.ensure_project("mine", T0).no
    for number in range(24):
        calls = [interaction("i", model="a"), interaction("j", model="a", provider="azure")]
        record(store, project, f"s{number}", *calls, workspace_id="w", tags=["t"], user_id=f"u{number % 2}")
    return project


@pytest.mark.parametrize(("member", "values"), [("user", ["u0", "u1"]), ("model", ["a"]), ("tag", ["t"])])
def test_of_many_a_sample_is_counted(
    store: PostgresStore, project: int, monkeypatch: pytest.MonkeyPatch, member: str, values: list[str]
) -> None:
    exact = [Facet(value, 24 // len(values)) for value in values]
    assert store.facets(project, WHERE, member) == exact
    monkeypatch.setattr(facets, "EXACT_UP_TO", 20)
    assert store.facets(project, WHERE, member) == exact  # as large a sample as there are sessions
    monkeypatch.setattr(facets, "SAMPLED", 12)
    sampled = store.facets(project, WHERE, member)
    assert all(facet.is_estimate for facet in sampled)
    assert sum(facet.count for facet in sampled) == 24
