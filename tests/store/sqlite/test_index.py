"""The search index: it follows, goes on where it was, is made anew when it does not fit, and forgets what is erased."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.store.build import EVERY, T0, action, found, interaction, new_event, record

from playhead.model.session import SessionPatch
from playhead.store.sqlite import documents, indexing
from playhead.store.sqlite.connection import DATABASE, SEARCH_DATABASE, open_database, open_reader, open_search
from playhead.store.sqlite.index import PURGE_LATEST_S, PURGE_QUIET_S, Follower
from playhead.store.sqlite.indexing import last_queued, position, prepare_index, step
from playhead.store.sqlite.places import is_purged
from playhead.store.sqlite.store import SqliteStore, open_sqlite
from playhead.store.texts import event_document


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A directory with three sessions in it, indexed, and no store open."""
    store = open_sqlite(tmp_path)
    project = store.ensure_project("p", T0).no
    for n in range(3):
        record(store, project, f"s{n}", interaction("i", prompt=[{"content": f"needle{n}"}]), label=f"thread{n}")
    assert found(store, project, "needle*") == {(f"s{n}", 1) for n in range(3)}
    store.close()
    return tmp_path


def everything_found(data_dir: Path) -> bool:
    store = open_sqlite(data_dir)
    try:
        hits = found(store, 1, "needle*") | found(store, 1, "thread*")
        return hits == {(f"s{n}", seq) for n in range(3) for seq in (0, 1)}
    finally:
        store.close()


def replace_search_database(data_dir: Path, content: bytes | None) -> None:
    for path in data_dir.glob(SEARCH_DATABASE + "*"):
        path.unlink()
    if content is not None:
        (data_dir / SEARCH_DATABASE).write_bytes(content)


def test_a_missing_index_is_made_anew(data_dir: Path) -> None:
    replace_search_database(data_dir, None)
    assert everything_found(data_dir)


@pytest.mark.parametrize("content", [b"", b"this is no database at all" * 400, b"SQLite format 3\x00" + b"\xff" * 8176])
def test_an_index_that_cannot_be_read_is_made_anew(data_dir: Path, content: bytes) -> None:
    replace_search_database(data_dir, content)
    assert everything_found(data_dir)


def test_an_index_ahead_of_its_database_is_made_anew(data_dir: Path) -> None:
    index = open_search(data_dir)
    index.execute("UPDATE position SET queue_no = 10000")
    index.close()
    assert everything_found(data_dir)
    index = open_search(data_dir)
    assert position(index)[0] < 10_000
    index.close()


def test_an_index_older_than_what_is_queued_is_made_anew(data_dir: Path) -> None:
    database, index = open_database(data_dir), open_search(data_dir)
    database.execute("DELETE FROM index_queue")
    index.execute("UPDATE position SET queue_no = 1; DELETE FROM texts_1 WHERE rowid > 0")
    index.close()
    database.close()
    assert everything_found(data_dir)


def test_an_index_that_fits_is_left_alone(data_dir: Path) -> None:
    index = open_search(data_dir)
    before = position(index)
    database = open_database(data_dir)
    prepare_index(database, data_dir)
    assert position(index) == before
    assert last_queued(database) == before[0]
    database.close()
    index.close()


def test_texts_of_an_interrupted_rebuild_are_not_lost(data_dir: Path) -> None:
    database = open_database(data_dir)
    replace_search_database(data_dir, None)
    prepare_index(database, data_dir)
    database.close()
    assert everything_found(data_dir)


def test_what_was_written_while_nobody_followed_is_indexed_at_the_next_start(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Follower, "wake", lambda _: None)
    store = open_sqlite(data_dir)
    store.append(1, "s0", [action("late", action="unfollowed")], T0).result()
    store.close()
    monkeypatch.undo()
    store = open_sqlite(data_dir)
    assert found(store, 1, "unfollowed") == {("s0", 2)}
    store.close()


def test_a_long_row_of_the_queue_is_indexed_in_steps(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Follower, "wake", lambda _: None)
    monkeypatch.setattr(indexing, "STEP_TEXTS", 10)
    store = open_sqlite(data_dir)
    store.append(1, "s0", [interaction(f"x{n}", prompt=[{"content": f"long{n}"}]) for n in range(35)], T0).result()
    source, index = open_reader(data_dir, search=False), open_search(data_dir)
    start = position(index)[0]
    places = []
    for _ in range(4):
        step(source, index)
        places.append(position(index))
    assert places == [(start, 11), (start, 21), (start, 31), (start + 1, -1)]
    numbers = {f"long{n}" for n in range(35)}
    assert {word for word in numbers if store.search(1, word, EVERY).total == 1} == numbers
    source.close()
    index.close()
    store.close()


def test_a_step_that_is_repeated_does_no_harm(data_dir: Path) -> None:
    source, index = open_reader(data_dir, search=False), open_search(data_dir)
    first: int = source.execute("SELECT min(no) FROM index_queue").get
    for place in (0, first):
        index.execute("UPDATE position SET queue_no = ?", (place,))
        while step(source, index) < last_queued(source):
            pass
    source.close()
    index.close()
    assert everything_found(data_dir)


def test_an_event_whose_texts_cannot_be_read_keeps_no_other_from_being_found(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail_once(type_: Any, data: Any, messages: Any) -> Any:
        if data.get("action") == "strange":
            raise RuntimeError("strange")
        return event_document(type_, data, messages)

    monkeypatch.setattr(documents, "event_document", fail_once)
    store = open_sqlite(data_dir)
    store.append(1, "s0", [action("a", action="strange"), action("b", action="usual")], T0).result()
    assert found(store, 1, "usual") == {("s0", 3)}
    assert found(store, 1, "strange") == set()
    assert "cannot be searched" in caplog.text
    store.close()


def test_the_queue_is_pruned_behind_the_index(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playhead.store.sqlite.index.PRUNE_ROWS", 5)
    store = open_sqlite(data_dir)
    for n in range(20):
        store.append(1, "s0", [action(f"n{n}")], T0).result()
        assert store.wait_for_index()
    store.close()
    assert queued(data_dir) <= 5
    assert everything_found(data_dir)


def queued(data_dir: Path) -> int:
    db = apsw.Connection(str(data_dir / DATABASE))
    try:
        return int(db.execute("SELECT count(*) FROM index_queue").get)
    finally:
        db.close()


def test_two_stores_on_one_directory_index_each_write_once(data_dir: Path) -> None:
    one, two = open_sqlite(data_dir), open_sqlite(data_dir)
    for n in range(10):
        one.append(1, "s0", [action(f"one{n}", action=f"both{n}")], T0).result()
        two.append(1, "s1", [action(f"two{n}", action=f"both{n}")], T0).result()
    for store in (one, two):
        assert found(store, 1, "both7") == {("s0", 9), ("s1", 9)}
    one.close()
    two.close()


def test_the_words_of_an_erased_session_are_nowhere_on_the_disk(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = store.ensure_project("p", T0).no
    secrets = [f"{chr(97 + n) * 9}{n}secret" for n in range(20)]
    events = [new_event(f"e{n}", "user_action", {"action": secret}) for n, secret in enumerate(secrets)]
    record(store, project, "gone", *events, label="labelledsecret")
    record(store, project, "kept", action("a", action="keptword"))
    assert found(store, project, "keptword") == {("kept", 1)}
    assert any(traces(store, tmp_path, secrets))
    store.patch_session(project, "gone", SessionPatch(label="relabelled"), T0).result()
    store.erase_session(project, "gone", T0).result()
    assert found(store, project, "keptword") == {("kept", 1)}
    assert traces(store, tmp_path, [*secrets, "labelledsecret", "relabelled"]) == []
    store.close()


def traces(store: SqliteStore, data_dir: Path, words: list[str]) -> list[str]:
    """Return the words that stand in the index's files; their first letter may be shared with a neighbour."""
    assert store.wait_for_index()
    content = b"".join(path.read_bytes() for path in data_dir.glob(SEARCH_DATABASE + "*"))
    return [word for word in words if word[2:].encode() in content]


class Watched(Follower):
    """A follower that notes its rests instead of taking them; ``during`` is done while it is at a step."""

    def __init__(self, data_dir: Path, during: Callable[[], object]) -> None:
        super().__init__(data_dir)
        self.rests: list[float] = []
        self._during = during

    def _index(self, source: apsw.Connection, index: apsw.Connection) -> None:
        self._during()
        super()._index(source, index)

    def _rest(self, seconds: float) -> None:
        self.rests.append(seconds)
        self._during = lambda: None


@pytest.mark.parametrize(("queued", "meanwhile", "rests"), [(1, 0, 0), (3, 2, 0), (3, 3, 0), (1, 2, 1), (1, 20, 1)])
def test_it_rests_only_when_more_is_queued_during_a_step_than_the_step_does(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, queued: int, meanwhile: int, rests: int
) -> None:
    monkeypatch.setattr(Follower, "wake", lambda _: None)
    monkeypatch.setattr(indexing, "STEP_ROWS", queued)
    store = open_sqlite(data_dir)
    names = iter(range(10_000))

    def write(count: int) -> None:
        for _ in range(count):
            store.append(1, "s0", [action(f"x{next(names)}", action="more")], T0).result()

    write(queued)
    source, index = open_reader(data_dir, search=False), open_search(data_dir)
    follower = Watched(data_dir, lambda: write(meanwhile))
    follower._done = position(index)[0]
    follower._seen = last_queued(source)
    follower._take_turn(source, index)
    assert len(follower.rests) == rests
    source.close()
    index.close()
    store.close()


def test_erased_words_are_purged_when_no_more_are_erased_for_a_while(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Follower, "wake", lambda _: None)
    store = open_sqlite(data_dir)
    source, index = open_reader(data_dir, search=False), open_search(data_dir)
    now_s = 1000.0
    follower = Follower(data_dir, clock_s=lambda: now_s)
    follower._done = position(index)[0]

    def purged_after(seconds: float) -> bool:
        nonlocal now_s
        now_s += seconds
        follower._catch_up(source, index)
        return is_purged(index)

    store.erase_session(1, "s0", T0).result()
    assert not purged_after(0)
    store.erase_session(1, "s1", T0).result()
    assert not purged_after(PURGE_QUIET_S - 1)
    assert not purged_after(PURGE_QUIET_S - 1)
    assert found_by(index, "needle*") == 1  # what is not purged is not found either
    assert purged_after(1)
    store.erase_session(1, "s2", T0).result()
    assert not purged_after(0)
    store.ensure_project("q", T0)
    for n in range(int(PURGE_LATEST_S / PURGE_QUIET_S) + 1):
        record(store, 2, f"t{n}", action("a", action="more"))
        store.erase_session(2, f"t{n}", T0).result()
        purged_after(PURGE_QUIET_S - 0.01)
    assert follower._purged
    source.close()
    index.close()
    store.close()


def found_by(index: apsw.Connection, words: str) -> int:
    count: int = index.execute("SELECT count(*) FROM texts_1 WHERE texts_1 MATCH ?", (words,)).get
    return count


def test_who_waits_for_the_index_waits_for_erased_words_to_be_purged(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = store.ensure_project("p", T0).no
    record(store, project, "gone", action("a", action="needle"))
    assert store.wait_for_index()
    store.erase_session(project, "gone", T0).result()
    assert store.wait_for_index()
    index = open_search(tmp_path)
    assert is_purged(index)
    index.close()
    store.close()
