"""The database is looked after: a dictionary when it pays, free pages given back, and never at a write's expense."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import apsw
import pytest
from tests.store.build import EVERY, T0, action, new_session
from tests.store.sqlite.parts import NOW_US, begin, interaction
from tests.store.test_dictionaries import sessions

from playhead.errors import DictionaryMissing
from playhead.store import payload
from playhead.store.payload import dictionary_of
from playhead.store.sqlite import dictionaries, vacuum
from playhead.store.sqlite.connection import DATABASE
from playhead.store.sqlite.store import SqliteStore, open_sqlite

READ = """
import json, sys
from pathlib import Path
from playhead.store.sqlite.store import open_sqlite

store = open_sqlite(Path(sys.argv[1]))
for line in sys.stdin:
    print(json.dumps([event.data["prompt"] for event in store.get_events(1, line.strip()).events]), flush=True)
"""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a database of some hundred kilobytes be large enough for a dictionary."""
    monkeypatch.setattr(dictionaries, "FIRST_BYTES", 200_000)


def fill(store: SqliteStore, seed: int, prefix: str) -> list[str]:
    """Record forty sessions of six calls each, and return their ids."""
    project = store.ensure_project("default", NOW_US).no
    ids = []
    for number, texts in enumerate(sessions(seed)):
        ids.append(f"{prefix}{number}")
        store.start_session(project, new_session(ids[-1]), T0).result()
        calls = [interaction(f"e{n}", json.loads(text)["prompt"]) for n, text in enumerate(texts)]
        store.append(project, ids[-1], calls, T0).result()
    return ids


def payloads(data_dir: Path) -> list[bytes]:
    db = apsw.Connection(str(data_dir / DATABASE))
    try:
        return [blob for (blob,) in db.execute("SELECT payload FROM events ORDER BY no")]
    finally:
        db.close()


def prompts(store: SqliteStore, session_id: str) -> list[str]:
    return [event.data["prompt"] for event in store.get_events(1, session_id).events]


def test_a_database_that_has_grown_gets_a_dictionary_and_shorter_payloads(small: None, tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    fill(store, 1, "before")
    store._upkeep.look()
    fill(store, 2, "after")
    blobs = payloads(tmp_path)
    before, after = blobs[: len(blobs) // 2], blobs[len(blobs) // 2 :]
    used = store._writer._scope.packer.dictionary
    assert {dictionary_of(blob) for blob in before} == {0}
    assert {dictionary_of(blob) for blob in after} == {used}
    assert sum(map(len, after)) < 0.8 * sum(map(len, before))
    store.close()


def test_a_reader_in_another_process_knows_a_dictionary_as_soon_as_it_is_used(small: None, tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    (first, *_) = fill(store, 1, "before")
    with subprocess.Popen(
        [sys.executable, "-c", READ, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None

        def asked(session_id: str) -> list[str]:
            print(session_id, file=other.stdin, flush=True)
            answer: list[str] = json.loads(other.stdout.readline())  # type: ignore[union-attr]  # seen to above
            return answer

        assert asked(first) == prompts(store, first)
        store._upkeep.look()
        (second, *_) = fill(store, 2, "after")
        assert asked(second) == prompts(store, second)
        other.stdin.close()
    store.close()


def test_a_store_that_is_opened_again_goes_on_with_its_newest_dictionary(small: None, tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    fill(store, 1, "before")
    store._upkeep.look()
    used = store._writer._scope.packer.dictionary
    store.close()
    again = open_sqlite(tmp_path)
    assert again._writer._scope.packer.dictionary == used != 0
    again.close()


def test_texts_in_the_index_do_not_depend_on_when_they_were_written(small: None, tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    fill(store, 1, "before")
    store._upkeep.look()
    project = begin(store, "late")
    said = [{"role": "user", "content": "the refund belongs to the catalogue; and the okapi too"}]
    store.append(project, "late", [interaction("x", said)], NOW_US).result()
    assert store.wait_for_index()
    assert [hit.session.id for hit in store.search(project, "okapi", EVERY).hits] == ["late"]
    store.close()


def test_a_payload_whose_dictionary_was_lost_is_an_error_with_words(
    small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_sqlite(tmp_path)
    fill(store, 1, "before")
    store._upkeep.look()
    (second, *_) = fill(store, 2, "after")
    store.close()
    db = apsw.Connection(str(tmp_path / DATABASE))
    db.execute("DELETE FROM dictionaries")
    db.close()
    monkeypatch.setattr(payload, "_learned", {})
    monkeypatch.setattr(payload, "_codecs", payload._Codecs())
    store = open_sqlite(tmp_path)
    with pytest.raises(DictionaryMissing, match="dictionary"):
        prompts(store, second)
    store.close()


def test_a_database_that_has_little_in_common_gets_none(small: None, tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = begin(store)
    store.append(project, "s", [action("a", text="once " * 100_000)], NOW_US).result()
    store._upkeep.look()
    assert store._writer._scope.packer.dictionary == 0
    store.close()


def test_what_was_erased_goes_back_to_the_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_sqlite(tmp_path)
    project = begin(store)
    begin(store, "other")
    monkeypatch.setattr(vacuum, "STEP_PAGES", 10)
    draw = random.Random(1)
    for n in range(60):
        store.append(project, "s", [action(f"a{n}", text=f"{draw.getrandbits(200_000):x}")], NOW_US).result()
    full, _ = pages(store)
    assert full > 400
    store.erase_session(project, "s", NOW_US).result()
    while pages(store)[1] > vacuum.KEPT_PAGES:
        store._upkeep.look()
    assert pages(store)[0] < full / 2
    with store._readers.read() as db:
        assert db.pragma("integrity_check") == "ok"
    store.close()
    assert (tmp_path / DATABASE).stat().st_size < full / 2 * 4096


def test_a_file_of_before_is_left_as_large_as_it_is(tmp_path: Path) -> None:
    db = apsw.Connection(str(tmp_path / DATABASE))
    db.execute("CREATE TABLE kept (x); INSERT INTO kept VALUES (zeroblob(4000000)); DELETE FROM kept")
    assert db.pragma("freelist_count") > vacuum.KEPT_PAGES
    assert vacuum.free_pages(db) == vacuum.give_back(db) == 0
    db.close()


def pages(store: SqliteStore) -> tuple[int, int]:
    """Return how many pages the database has, and how many of them are free."""
    with store._readers.read() as db:
        return db.pragma("page_count"), db.pragma("freelist_count")
