"""The doctor finds what is damaged, says it in words, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
from tests.store.build import T0, action, interaction, pending, record
from tests.store.sqlite.test_migrations import DATABASES

from playhead.store.health import Health
from playhead.store.sqlite.connection import DATABASE, SEARCH_DATABASE
from playhead.store.sqlite.doctor import examine
from playhead.store.sqlite.index import Follower
from playhead.store.sqlite.store import open_sqlite


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A directory with two sessions in it, one of them a chat with messages."""
    store = open_sqlite(tmp_path)
    project = store.ensure_project("p", T0).no
    said = [{"role": "user", "content": "Where is my order? " * 10}]
    record(store, project, "chat", interaction("a", prompt=said), interaction("b", prompt=[*said, *said]), pending("c"))
    record(store, project, "clicks", *(action(f"a{n}", note="clicked " * 20) for n in range(20)))
    assert store.wait_for_index()
    store.close()
    return tmp_path


def damage(data_dir: Path, statement: str) -> None:
    db = apsw.Connection(str(data_dir / DATABASE))
    db.execute(statement)
    db.close()


def errors(health: Health) -> dict[str, str]:
    """Return the messages of what is damaged, by subject."""
    return {finding.subject: finding.message for finding in health.findings if finding.level == "error"}


def content(data_dir: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in data_dir.glob("*.db")}


@pytest.mark.parametrize("thorough", [False, True])
def test_recordings_that_are_whole_are_sound_and_stay_as_they_are(data_dir: Path, thorough: bool) -> None:
    before = content(data_dir)
    health = examine(data_dir, thorough=thorough)
    assert health.is_sound
    assert {finding.level for finding in health.findings} == {"ok"}
    assert (health.counts["projects"], health.counts["sessions"], health.counts["events"]) == (1, 2, 23)
    assert {"events", "calls", "texts_1_data"} <= {size.name for size in health.tables}
    assert sum(size.size_bytes for size in health.tables) <= sum(size.size_bytes for size in health.files)
    assert content(data_dir) == before


def test_it_works_beside_a_store_that_records(data_dir: Path) -> None:
    store = open_sqlite(data_dir)
    for n in range(20):
        store.append(1, "clicks", [action(f"late{n}")], T0).result()
        assert examine(data_dir).is_sound
    store.close()


@pytest.mark.parametrize(
    ("statement", "subject", "words"),
    [
        ("DELETE FROM sessions WHERE id = 'clicks'", "relations", "20 rows of events"),
        ("UPDATE sessions SET project_no = 9", "relations", "2 rows of sessions"),
        ("DELETE FROM events WHERE id = 'a1'", "summaries", "1 sessions"),
        ("DELETE FROM messages", "contents", "2 of 23 events cannot be read"),
        ("DELETE FROM nodes", "contents", "2 of 23 events cannot be read"),
        ("UPDATE events SET payload = x'28b52ffd00' WHERE id = 'a7'", "contents", "1 of 23 events cannot be read"),
        ("UPDATE events SET payload = '{' WHERE id = 'a7'", "contents", "1 of 23 events cannot be read"),
        (
            "UPDATE events SET payload = CAST(x'28b52ffd2378563412' || zeroblob(9) AS BLOB) WHERE id = 'a7'",
            "dictionaries",
            "1 payloads need dictionary 305419896",
        ),
        ("PRAGMA user_version = 999", "version", "newer Playhead"),
    ],
)
def test_damage_is_named(data_dir: Path, statement: str, subject: str, words: str) -> None:
    damage(data_dir, statement)
    health = examine(data_dir, thorough=True)
    assert not health.is_sound
    assert words in errors(health)[subject]


def test_a_file_with_a_hole_is_damaged_and_no_traceback(data_dir: Path) -> None:
    path = data_dir / DATABASE
    whole = path.read_bytes()
    for start in range(4096, len(whole), 20 * 4096):
        path.write_bytes(whole[:start] + b"\xff" * 4096 + whole[start + 4096 :])
        assert not examine(data_dir).is_sound


@pytest.mark.parametrize("file", [DATABASE, SEARCH_DATABASE])
def test_a_file_that_is_no_database_is_damaged(data_dir: Path, file: str) -> None:
    (data_dir / file).write_bytes(b"this is no database at all" * 400)
    assert not examine(data_dir).is_sound


def warnings(health: Health) -> list[str]:
    return [finding.message for finding in health.findings if finding.level == "warning"]


def without_search(data_dir: Path) -> None:
    (data_dir / SEARCH_DATABASE).unlink()


def of_an_older_version(data_dir: Path) -> None:
    (data_dir / DATABASE).unlink()
    db = apsw.Connection(str(data_dir / DATABASE))
    db.execute((DATABASES / "version_2.sql").read_text(encoding="utf-8"))
    db.close()


def with_an_index_from_elsewhere(data_dir: Path) -> None:
    db = apsw.Connection(str(data_dir / SEARCH_DATABASE))
    db.execute("UPDATE position SET queue_no = 100000")
    db.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_search, "search.db is not there"),
        (of_an_older_version, "playhead.db is of an older Playhead"),
        (with_an_index_from_elsewhere, "search.db does not fit"),
    ],
)
def test_what_the_next_start_mends_is_worth_a_look_and_no_damage(
    data_dir: Path, change: Callable[[Path], None], words: str
) -> None:
    change(data_dir)
    health = examine(data_dir)
    assert health.is_sound
    assert any(words in message for message in warnings(health))


def test_an_index_that_is_far_behind_is_worth_a_look(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Follower, "wake", lambda _: None)
    monkeypatch.setattr("playhead.store.sqlite.examination.PRUNE_ROWS", 5)
    store = open_sqlite(data_dir)
    for n in range(7):
        store.append(1, "clicks", [action(f"late{n}")], T0).result()
    assert any("7 writes behind" in message for message in warnings(examine(data_dir)))
    store.close()
