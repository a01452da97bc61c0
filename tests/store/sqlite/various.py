"""A store of sessions that differ in everything a filter asks for, and the filters, alone and in pairs."""

from __future__ import annotations

import random
from itertools import combinations
from typing import Any

from tests.store.build import EVERY, SECOND, T0, interaction, record

from playhead.model.filters import SessionFilter
from playhead.model.session import SessionEnd, SessionPatch
from playhead.store.sqlite.store import SqliteStore

SESSIONS = 90
SINGLE: list[dict[str, Any]] = [
    {"user_id": "u1"},
    {"workspace_id": "w1"},
    {"source": "integration"},
    {"label": "even"},
    {"tags": ["a"]},
    {"tags": ["a", "b"]},
    {"feature": "chat"},
    {"status": "completed"},
    {"has_errors": True},
    {"has_errors": False},
    {"bookmarked": True},
    {"bookmarked": False},
    {"started_from_us": T0 + 20 * SECOND, "started_until_us": T0 + 70 * SECOND},
    {"min_cost_nanos": 300},
    {"max_tokens": 10},
    {"min_duration_us": 3 * SECOND},
    {"min_interactions": 2},
    {"model": "m1"},
    {"provider": "p1"},
    {"metadata": {"plan": "x"}},
    {"search": "needle"},
    {"user_id": "nobody"},
]
WHERES = [
    EVERY,
    *(SessionFilter(**one) for one in SINGLE),
    *(SessionFilter(**one, **other) for one, other in combinations(SINGLE, 2) if not one.keys() & other.keys()),
]


def record_various(store: SqliteStore) -> None:
    """Record the same sessions each time, in two projects of which the first has the number 1."""
    chance = random.Random(3)
    for name in ("mine", "other"):
        project = store.ensure_project(name, T0).no
        for n in range(SESSIONS):
            _record(store, project, n, chance)
    assert store.wait_for_index(60)


def _record(store: SqliteStore, project: int, n: int, chance: random.Random) -> None:
    calls = [
        interaction(
            f"i{place}",
            at=n + place * chance.randrange(1, 5),
            model=f"m{chance.randrange(3)}",
            provider=f"p{chance.randrange(3)}",
            prompt=chance.choice(["needle", "hay"]),
            cost_nanos=chance.randrange(6) * 100,
            tokens=(chance.randrange(9), 3),
            error=chance.random() < 0.2,
        )
        for place in range(chance.randrange(4))
    ]
    record(
        store,
        project,
        f"s{n}",
        *calls,
        started_us=T0 + n * SECOND,
        user_id=f"u{chance.randrange(3)}",
        workspace_id=f"w{chance.randrange(3)}",
        source=chance.choice(["in-app", "integration"]),
        label=chance.choice(["even", "odd", None]),
        tags=[tag for tag in "abc" if chance.random() < 0.5],
        feature=chance.choice(["chat", "agent"]),
        metadata={"plan": chance.choice("xyz")},
    )
    if chance.random() < 0.7:
        store.end_session(project, f"s{n}", SessionEnd("completed", T0 + 200 * SECOND), T0).result()
    if chance.random() < 0.2:
        store.patch_session(project, f"s{n}", SessionPatch(bookmarked=True), T0).result()
