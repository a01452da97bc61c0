"""Texts lie close together in the index, go with their session, and leave nothing behind in its file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.build import T0, action, found, record

from playhead.store.rows import event_no
from playhead.store.sqlite import places
from playhead.store.sqlite.connection import SEARCH_DATABASE, open_search
from playhead.store.sqlite.places import (
    find_places,
    has_tombstones,
    is_purged,
    purge_step,
    remove_session,
    remove_text,
)
from playhead.store.sqlite.schema import PLACES, TEXTS
from playhead.store.sqlite.store import open_sqlite

NUMBERS = st.builds(event_no, st.integers(1, 9) | st.integers(1, 2**37 - 1), st.integers(0, 99) | st.just(2**26 - 1))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[apsw.Connection]:
    db = open_search(tmp_path)
    db.execute(TEXTS.format(table="texts_1"))
    yield db
    db.close()


def put(index: apsw.Connection, no: int, text: str) -> None:
    (place,) = find_places(index, [no]).values()
    index.execute("INSERT OR REPLACE INTO texts_1 (rowid, words) VALUES (?, ?)", (place, text))


def matches(index: apsw.Connection, word: str) -> int:
    return int(index.execute("SELECT count(*) FROM texts_1 WHERE texts_1 MATCH ?", (word,)).get)


@given(batches=st.lists(st.lists(NUMBERS, max_size=8), max_size=8))
def test_each_event_has_one_place_and_each_place_one_event(batches: list[list[int]]) -> None:
    db = apsw.Connection("")
    db.execute(PLACES)
    given_out: dict[int, int] = {}
    for batch in batches:
        for no, place in find_places(db, batch).items():
            assert given_out.setdefault(no, place) == place
    assert len(set(given_out.values())) == len(given_out)
    for no, place in given_out.items():
        sql = f"SELECT {places.EVENT_NO.format(place='?')} FROM blocks b WHERE b.no = ? >> {places.BLOCK_BITS}"
        assert db.execute(sql, (place, place)).get == no
    db.close()


def test_sessions_that_arrive_together_lie_close_together(index: apsw.Connection) -> None:
    numbers = [event_no(session, seq) for seq in range(20) for session in range(1000, 1050)]
    assert max(find_places(index, numbers).values()) < 51 * 32


def test_an_erased_session_goes_some_blocks_at_a_time_and_its_neighbours_stay(
    index: apsw.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "REMOVED_BLOCKS", 3)
    for session in (1, 2, 3):
        for seq in range(0, 300, 7):
            put(index, event_no(session, seq), "needle")
    before = matches(index, "needle")
    removed = [remove_session(index, "texts_1", 2) for _ in range(4)]
    assert removed == [False, False, False, True]
    assert matches(index, "needle") == before * 2 // 3
    assert index.execute("SELECT count(*) FROM blocks").get == 20


def test_a_text_that_is_taken_out_is_not_found(index: apsw.Connection) -> None:
    put(index, event_no(1, 0), "label")
    put(index, event_no(1, 1), "label")
    remove_text(index, "texts_1", event_no(1, 0))
    remove_text(index, "texts_1", event_no(9, 0))
    assert matches(index, "label") == 1


def test_erased_words_are_purged_in_steps_while_others_are_written(
    index: apsw.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "PURGED_PAGES", 2)
    for session in range(1, 41):
        with index:
            for seq in range(20):
                put(index, event_no(session, seq), " ".join(f"{session}w{seq}x{n}" for n in range(40)))
    with index:
        put(index, event_no(7, 21), "quaggasecret")
        put(index, event_no(8, 21), "zebrakept")
    assert remove_session(index, "texts_1", 7)
    assert has_tombstones(index, "texts_1")
    steps = 0
    while not is_purged(index):
        purge_step(index)
        with index:
            put(index, event_no(100 + steps, 1), f"later {steps}")
        steps += 1
        assert steps < 5000
    assert steps > 5
    assert not has_tombstones(index, "texts_1")
    index.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    content = (tmp_path / SEARCH_DATABASE).read_bytes()
    assert b"uaggasecret" not in content
    assert b"ebrakept" in content
    assert matches(index, "later") == steps
    assert matches(index, "8w3x1") == 1
    assert matches(index, "7w3x1") == 0


def test_a_purge_waits_for_another_process_that_writes_the_index(tmp_path: Path, index: apsw.Connection) -> None:
    put(index, event_no(1, 1), "needle")
    assert remove_session(index, "texts_1", 1)
    other = open_search(tmp_path)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE position SET queue_no = queue_no + 1")
    index.set_busy_handler(lambda _: bool(other.execute("COMMIT")))
    purge_step(index)
    other.close()
    while not is_purged(index):
        purge_step(index)
    assert matches(index, "needle") == 0


def test_a_purge_that_a_crash_interrupted_is_gone_on_with(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = store.ensure_project("p", T0).no
    record(store, project, "gone", *(action(f"a{n}", action=f"quagga{n}") for n in range(30)))
    record(store, project, "kept", action("a", action="keptword"))
    assert store.wait_for_index()
    store.close()
    db = open_search(tmp_path)
    assert remove_session(db, f"texts_{project}", 1)
    db.close()
    store = open_sqlite(tmp_path)
    assert found(store, project, "keptword") == {("kept", 1)}
    store.close()
    db = open_search(tmp_path)
    assert is_purged(db)
    db.close()
    assert b"uagga" not in (tmp_path / SEARCH_DATABASE).read_bytes()
