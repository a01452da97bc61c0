from __future__ import annotations

from pathlib import Path

import apsw
import msgspec
import pytest
from msgspec import Struct
from tests.store.build import T0, action, found, interaction, new_event, pending, record
from tests.store.sqlite.parts import begin
from tests.store.sqlite.rollups import drop_later

from playhead.errors import NewerDatabase
from playhead.model.event import StoredEvent
from playhead.model.results import CallMark
from playhead.model.session import Session
from playhead.store.sqlite.connection import DATABASE, SEARCH_DATABASE
from playhead.store.sqlite.migrations import MIGRATIONS, migrate
from playhead.store.sqlite.store import open_sqlite

DATABASES = Path(__file__).parent / "databases"


def version_of(path: Path) -> int:
    version: int = apsw.Connection(str(path)).pragma("user_version")
    return version


def test_a_new_directory_gets_the_newest_schema_and_is_its_owners_alone(tmp_path: Path) -> None:
    data_dir = tmp_path / "deep" / "data"
    open_sqlite(data_dir).close()
    assert version_of(data_dir / DATABASE) == len(MIGRATIONS)
    assert data_dir.stat().st_mode & 0o777 == 0o700


def test_opening_again_keeps_everything(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project, secret = begin(store, label="kept"), store.server_secret()
    store.close()
    again = open_sqlite(tmp_path)
    assert again.get_session(project, "s").label == "kept"
    assert again.server_secret() == secret
    again.close()


@pytest.mark.parametrize("name", [DATABASE, SEARCH_DATABASE])
def test_a_database_of_a_newer_program_is_refused_with_words_and_left_alone(tmp_path: Path, name: str) -> None:
    open_sqlite(tmp_path).close()
    with apsw.Connection(str(tmp_path / name)) as db:
        db.pragma("user_version", 999)
    with pytest.raises(NewerDatabase, match=r"999.*newer Playhead"):
        open_sqlite(tmp_path)
    assert version_of(tmp_path / name) == 999


def test_migrations_run_in_order_from_where_the_file_stands() -> None:
    ran: list[int] = []
    db = apsw.Connection(":memory:")
    db.pragma("user_version", 1)
    assert migrate(db, [lambda _: ran.append(1), lambda _: ran.append(2), lambda _: ran.append(3)]) == 2
    assert ran == [2, 3]
    assert db.pragma("user_version") == 3
    assert migrate(db, [lambda _: ran.append(1)] * 3) == 0


def test_a_migration_that_fails_takes_those_before_it_back() -> None:
    db = apsw.Connection(":memory:")

    def make(db: apsw.Connection) -> None:
        db.execute("CREATE TABLE made (x)")

    def fail(db: apsw.Connection) -> None:
        db.execute("SELECT * FROM nowhere")

    with pytest.raises(apsw.SQLError):
        migrate(db, [make, fail])
    assert db.pragma("user_version") == 0
    assert db.execute("SELECT count(*) FROM sqlite_schema").get == 0


def test_what_an_older_playhead_wrote_is_whole_after_the_migration(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = store.ensure_project("p", T0).no
    before = record(store, project, "s1", interaction("i"), action("a"))
    store.close()
    db = apsw.Connection(str(tmp_path / DATABASE))
    drop_later(db)
    db.execute("DROP TABLE dictionaries; DROP INDEX events_change; ALTER TABLE events DROP COLUMN change")
    db.execute("ALTER TABLE sessions DROP COLUMN pending; ALTER TABLE sessions DROP COLUMN changes")
    db.execute("DROP TABLE notes")
    db.pragma("user_version", 1)
    db.close()
    store = open_sqlite(tmp_path)
    assert store.get_session(project, "s1") == before
    assert [(event.id, event.pending, event.change) for event in store.get_events(project, "s1").events] == [
        ("i", False, 0),
        ("a", False, 0),
    ]
    assert store.append(project, "s1", [pending("p"), interaction("p")], T0).result()[1].duplicate is False
    store.close()


class Kept(Struct):
    """What an older Playhead answered of a session in ``databases/``."""

    project: int
    session: Session
    events: list[StoredEvent]
    marks: list[CallMark]


def test_a_database_of_version_2_answers_as_it_did(tmp_path: Path) -> None:
    db = apsw.Connection(str(tmp_path / DATABASE))
    db.execute((DATABASES / "version_2.sql").read_text(encoding="utf-8"))
    assert db.pragma("user_version") == 2
    db.close()
    index = apsw.Connection(str(tmp_path / SEARCH_DATABASE))
    index.execute((DATABASES / "search_1.sql").read_text(encoding="utf-8"))
    index.close()
    store = open_sqlite(tmp_path)
    kept = msgspec.json.decode((DATABASES / "version_2.json").read_bytes(), type=list[Kept])
    assert len(kept) == 4
    for each in kept:
        id_ = each.session.id
        assert store.get_session(each.project, id_) == each.session
        assert store.get_events(each.project, id_).events == each.events
        assert store.get_marks(each.project, id_) == each.marks
        assert [store.find_event(each.project, id_, event.id) for event in each.events] == [
            event.seq for event in each.events
        ]
        again = [new_event(event.id, "user_action", {"action": "again"}) for event in each.events if not event.pending]
        assert all(outcome.duplicate for outcome in store.append(each.project, id_, again, T0).result())
    assert found(store, 1, "bookshop") == {("chat", 1)}
    assert found(store, 1, "日本") == {("mixed", 1)}
    assert found(store, 1, "vanished") == set()
    store.close()


INDEX_WITH_PLACES = """
DROP TABLE texts_1;
CREATE VIRTUAL TABLE texts_1 USING fts5(
    text, prompt, label, content='', contentless_delete=1, detail=full, tokenize=ascii);
INSERT INTO texts_1 (rowid, text) VALUES (9999, 'needle');
INSERT INTO blocks VALUES (312, 4711);
INSERT INTO purges VALUES ('texts_1');
"""


def test_an_index_that_knew_places_is_built_anew(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = store.ensure_project("p", T0).no
    record(store, project, "s1", action("a", action="needle in the hay"), action("b", action="the needle"))
    assert store.wait_for_index()
    store.close()
    index = apsw.Connection(str(tmp_path / SEARCH_DATABASE))
    index.execute(INDEX_WITH_PLACES)
    index.pragma("user_version", 2)
    index.close()
    store = open_sqlite(tmp_path)
    assert found(store, project, "needle") == {("s1", 1), ("s1", 2)}
    assert found(store, project, '"needle in the"') == {("s1", 1)}
    store.close()
    index = apsw.Connection(str(tmp_path / SEARCH_DATABASE))
    assert index.execute("SELECT count(*), max(no) FROM blocks").get == (1, 1)
    assert index.execute("SELECT count(*) FROM purges").get == 0
    index.close()
