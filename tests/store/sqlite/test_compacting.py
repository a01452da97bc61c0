"""Compacting makes recordings smaller and nothing else, however often it is cut off, beside whoever records."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.store.build import EVERY, T0, action, found
from tests.store.sqlite.parts import NOW_US, begin
from tests.store.sqlite.test_upkeep import fill, payloads

from playhead.errors import StoreBusy, Unavailable
from playhead.store.payload import dictionary_of
from playhead.store.sqlite import compacting, connection, vacuum
from playhead.store.sqlite.compacting import compact
from playhead.store.sqlite.connection import DATABASE, open_database, open_search
from playhead.store.sqlite.doctor import examine
from playhead.store.sqlite.store import SqliteStore, open_sqlite


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A directory with forty sessions, written without a dictionary."""
    store = open_sqlite(tmp_path)
    fill(store, 1, "s")
    assert store.wait_for_index()
    store.close()
    return tmp_path


def everything(store: SqliteStore) -> list[Any]:
    ids = [session.id for session in store.export_sessions(1, EVERY)]
    return [(store.get_session(1, id_), store.get_events(1, id_)) for id_ in ids]


def everything_in(data_dir: Path) -> list[Any]:
    store = open_sqlite(data_dir)
    try:
        return everything(store)
    finally:
        store.close()


def bytes_of(data_dir: Path) -> int:
    return sum(path.stat().st_size for path in data_dir.glob("*.db*"))


def test_recordings_become_smaller_and_stay_what_they_are(data_dir: Path) -> None:
    before, size = everything_in(data_dir), bytes_of(data_dir)
    done = compact(data_dir)
    assert done.remarks == []
    assert done.repacked == 240
    assert done.repacked_after_bytes < 0.7 * done.repacked_before_bytes
    assert done.after_bytes == bytes_of(data_dir) < size
    assert {dictionary_of(blob) for blob in payloads(data_dir)} == {done.dictionary} != {0}
    assert everything_in(data_dir) == before
    assert examine(data_dir, thorough=True).is_sound


def test_to_compact_twice_finds_nothing_more_to_do(data_dir: Path) -> None:
    compact(data_dir)
    again = compact(data_dir)
    assert again.repacked == 0
    assert again.before_bytes == again.after_bytes


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_what_was_cut_off_goes_on(data_dir: Path, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything_in(data_dir)
    repack, left = compacting._repack, iter(range(steps))

    def cut_off(*arguments: Any) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        repack(*arguments)

    monkeypatch.setattr(compacting, "STEP_ROWS", 50)
    with monkeypatch.context() as patch:
        patch.setattr(compacting, "_repack", cut_off)
        with pytest.raises(KeyboardInterrupt):
            compact(data_dir)
    assert everything_in(data_dir) == before
    assert compact(data_dir).repacked == 240 - 50 * steps
    assert everything_in(data_dir) == before


def test_what_recording_compressed_in_a_hurry_is_compressed_again(data_dir: Path) -> None:
    compact(data_dir)
    store = open_sqlite(data_dir)
    fill(store, 2, "t")
    before = everything(store)
    store.close()
    done = compact(data_dir)
    assert 0 < done.repacked <= 240
    assert done.repacked_after_bytes < done.repacked_before_bytes
    assert everything_in(data_dir) == before


def test_beside_a_store_that_records_nothing_is_lost_and_the_rest_is_told(data_dir: Path) -> None:
    store = open_sqlite(data_dir)
    begin(store, "live")
    over = threading.Event()
    ids: list[str] = []

    def go_on() -> None:
        while not over.is_set():
            ids.append(f"a{len(ids)}")
            store.append(1, "live", [action(ids[-1], action="recorded")], NOW_US).result()

    recording = threading.Thread(target=go_on)
    recording.start()
    try:
        done = compact(data_dir)
    finally:
        over.set()
        recording.join()
    assert done.repacked == 240
    assert len(done.remarks) == 2
    assert all("Stop the server" in remark for remark in done.remarks)
    assert [event.id for event in store.get_events_since(1, "live", 0, limit=100_000).events] == ids
    assert len(found_all(store)) == len(ids)
    store.append(1, "live", [action("later", note="the refund belongs to the catalogue; " * 9)], NOW_US).result()
    assert store._writer._scope.packer.dictionary == done.dictionary
    store.close()
    assert examine(data_dir, thorough=True).is_sound


def found_all(store: SqliteStore) -> list[int]:
    assert store.wait_for_index()
    page = store.search(1, "recorded", EVERY, limit=100_000)
    return [hit.event.seq for hit in page.hits if hit.event]


def test_words_are_found_as_before(data_dir: Path) -> None:
    store = open_sqlite(data_dir)
    before = found(store, 1, '"belongs to the warehouse"')
    store.close()
    assert before
    compact(data_dir)
    store = open_sqlite(data_dir)
    assert found(store, 1, '"belongs to the warehouse"') == before
    store.close()


def test_a_file_of_before_can_give_pages_back_from_then_on(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for opened in (open_database, open_search):
        db = opened(data_dir)
        db.pragma("journal_mode", "DELETE")
        db.pragma("auto_vacuum", "NONE")
        db.execute("VACUUM")
        assert not vacuum.keeps_maps(db)
        db.close()
    compact(data_dir)
    for opened in (open_database, open_search):
        db = opened(data_dir)
        assert vacuum.keeps_maps(db)
        assert db.pragma("journal_mode") == "wal"
        db.close()


def test_an_empty_directory_has_nothing_to_gain(tmp_path: Path) -> None:
    open_sqlite(tmp_path).close()
    done = compact(tmp_path)
    assert (done.dictionary, done.repacked) == (0, 0)
    store = open_sqlite(tmp_path)
    begin(store)
    store.append(1, "s", [action("a")], T0).result()
    store.close()


def test_a_payload_that_cannot_be_read_is_left_alone_and_told(data_dir: Path) -> None:
    damaged = b"\x28\xb5\x2f\xfd" + b"\x23\x78\x56\x34\x12" + bytes(40)
    db = open_database(data_dir)
    db.execute("UPDATE events SET payload = ? WHERE no = (SELECT min(no) FROM events)", (damaged,))
    db.close()
    done = compact(data_dir)
    assert done.repacked == 239
    assert any("1 payloads cannot be read" in remark for remark in done.remarks)
    assert payloads(data_dir)[0] == damaged


def test_a_file_that_is_no_database_is_told_in_words(data_dir: Path) -> None:
    (data_dir / DATABASE).write_bytes(b"this is no database at all" * 400)
    with pytest.raises(Unavailable, match="playhead doctor"):
        compact(data_dir)


def test_a_database_that_another_program_holds_is_told_in_words(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_TIMEOUT_MS", 50)
    other = apsw.Connection(str(data_dir / DATABASE))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="another program"):
        compact(data_dir)
    other.close()
