from __future__ import annotations

from pathlib import Path

import pytest
from tests.store.sqlite.parts import NOW_US, action, begin, ids_of, interaction

from playhead.errors import SessionErased, SessionNotFound
from playhead.model.session import NewSession
from playhead.store.sqlite.store import open_sqlite

SECRET = "zebra-quagga"


def traces(data_dir: Path) -> list[str]:
    """Return the names of the files of the main database in which the secret stands."""
    files = sorted(data_dir.glob("playhead.db*"))
    return [file.name for file in files if SECRET.encode() in file.read_bytes()]


def test_nothing_of_an_erased_session_is_left_in_the_database_or_its_log(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = begin(store, label=SECRET, tags=[SECRET], metadata={"name": SECRET}, user_id=SECRET)
    for number in range(50):
        events = [interaction(f"{SECRET}-{number}", [f"{SECRET} {number}"]), action(f"a{number}", {"action": SECRET})]
        store.append(project, "s", events, NOW_US).result()
    assert traces(tmp_path) != []
    erasure = store.erase_session(project, "s", NOW_US).result()
    assert (erasure.events, erasure.messages) == (100, 50)
    assert traces(tmp_path) == []
    store.close()
    assert traces(tmp_path) == []


def test_a_reader_that_is_at_work_does_not_keep_the_erased_in_the_log_for_good(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = begin(store, label=SECRET)
    begin(store, "other")
    with store._readers.read() as db:
        assert db.execute("SELECT count(*) FROM sessions").get == 2
        store.erase_session(project, "s", NOW_US).result()
    store.append(project, "other", [action("a")], NOW_US).result()
    assert traces(tmp_path) == []
    store.close()


def test_an_erased_session_does_not_come_back_and_its_neighbour_stays(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = begin(store)
    begin(store, "t")
    for session in ("s", "t"):
        store.append(project, session, [interaction("a", ["same"])], NOW_US).result()
    store.erase_session(project, "s", NOW_US).result()
    with pytest.raises(SessionNotFound):
        store.append(project, "s", [action("late")], NOW_US).result()
    with pytest.raises(SessionErased):
        store.start_session(project, NewSession("s", "chat", NOW_US), NOW_US).result()
    with pytest.raises(SessionNotFound):
        store.erase_session(project, "s", NOW_US).result()
    assert ids_of(store, project, "t") == ["a"]
    store.close()
