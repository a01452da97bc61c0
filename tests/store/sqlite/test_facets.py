"""Facets of sessions are those of their tags and models, whether a session's row lists these or is too short for it."""

from __future__ import annotations

from collections import Counter

import apsw
import pytest
from tests.store.build import T0, interaction, record
from tests.store.sqlite.various import WHERES

from playhead.model.filters import SessionFilter
from playhead.store.sqlite import facets
from playhead.store.sqlite.matching import Matches
from playhead.store.sqlite.store import SqliteStore

LONG = SessionFilter(metadata={"models": "many"})
BESIDE = {"model": "DISTINCT session_no, model FROM session_models", "tag": "session_no, tag FROM session_tags"}


def counted(db: apsw.Connection, where: SessionFilter, member: str) -> dict[str, int]:
    return {facet.value: facet.count for facet in facets.facets(db, 1, where, member, 100)}


@pytest.mark.parametrize("member", BESIDE)
def test_what_a_row_lists_is_what_stands_beside_it(various_db: apsw.Connection, member: str) -> None:
    rows = various_db.execute(f"SELECT {BESIDE[member]}").fetchall()
    for where in WHERES:
        numbers = Matches(various_db, 1).of(where).numbers
        assert numbers is not None
        assert counted(various_db, where, member) == Counter(value for no, value in rows if no in set(numbers)), where


def test_more_models_than_a_row_lists_are_all_counted(
    various: SqliteStore, various_db: apsw.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("ledger", "sqlite.facets"):  # a patch, because the bound is a thousand
        monkeypatch.setattr(f"playhead.store.{module}.MAX_MODELS", 2)
    calls = [interaction(f"i{n}", model=f"m{n}") for n in range(4)]
    record(various, 1, "long", *calls, started_us=T0, metadata={"models": "many"}, tags=["some", "other"])
    record(various, 1, "short", calls[0], started_us=T0, metadata={"models": "many"}, tags=["some"])
    assert counted(various_db, LONG, "model") == {"m0": 2, "m1": 1, "m2": 1, "m3": 1}
    assert counted(various_db, LONG, "tag") == {"some": 2, "other": 1}
    various.erase_session(1, "long", T0).result()
    assert counted(various_db, LONG, "model") == {"m0": 1}
    various.erase_session(1, "short", T0).result()
    assert counted(various_db, LONG, "tag") == {}
