"""Damaged files: one sentence that names the file and what to do, and whatever is not damaged is still read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw
import pytest
from tests.store.sqlite.parts import NOW_US, action, begin

from playhead.errors import PlayheadError, Unavailable
from playhead.model.filters import PageRequest, SessionFilter
from playhead.store.sqlite.doctor import examine
from playhead.store.sqlite.store import open_sqlite

SESSIONS = 40
PAGE_BYTES = 4096


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A directory with sessions of some pages each, closed and indexed."""
    store = open_sqlite(tmp_path)
    for number in range(SESSIONS):
        project = begin(store, f"s{number}")
        noise = "".join(chr(0x4E00 + (number * 7919 + at * 104_729) % 20_000) for at in range(3000))
        store.append(
            project, f"s{number}", [action(f"a{number}", {"action": "word", "target": noise})], NOW_US
        ).result()
    assert store.wait_for_index()
    store.close()
    return tmp_path


def overwrite(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE_BYTES)
        file.write(b"\xa5" * PAGE_BYTES)


def page_of(data_dir: Path, session: int) -> int:
    """Return a page that nothing but this session's event has."""
    db = apsw.Connection(str(data_dir / "playhead.db"))
    asked = "SELECT pageno FROM dbstat WHERE name = 'events' AND pagetype = 'overflow' ORDER BY pageno"
    pages: list[Any] = db.execute(asked).fetchall()
    db.close()
    return int(pages[len(pages) * session // SESSIONS][0])


def test_a_damaged_page_is_told_and_everything_else_is_read(data_dir: Path) -> None:
    overwrite(data_dir / "playhead.db", page_of(data_dir, 20))
    store = open_sqlite(data_dir)
    project = store.ensure_project("default", NOW_US).no
    failures = []
    for number in range(SESSIONS):
        try:
            assert len(store.get_events(project, f"s{number}").events) == 1
        except PlayheadError as failure:
            failures.append(failure.message)
    assert ["playhead doctor" in failure for failure in failures] == [True]
    assert store.list_sessions(project, SessionFilter(), PageRequest()).total == SESSIONS
    store.close()


@pytest.mark.parametrize("page", [1, 5])
def test_a_damaged_index_is_never_taken_for_damaged_recordings(data_dir: Path, page: int) -> None:
    overwrite(data_dir / "search.db", page)
    health = examine(data_dir)
    damaged = [finding.message for finding in health.findings if finding.level == "error"]
    assert damaged
    for message in damaged:
        assert message.startswith("search.db")
        assert "Delete it while no server runs" in message
    assert "playhead.db is whole" in " ".join(finding.message for finding in health.findings)
    assert health.counts["sessions"] == SESSIONS

    for path in data_dir.glob("search.db*"):
        path.unlink()
    store = open_sqlite(data_dir)
    assert store.wait_for_index()
    project = store.ensure_project("default", NOW_US).no
    assert store.search(project, "word", SessionFilter()).total == SESSIONS
    store.close()
    assert examine(data_dir).is_sound


def test_damage_in_both_files_is_told_of_both(data_dir: Path) -> None:
    overwrite(data_dir / "playhead.db", page_of(data_dir, 20))
    overwrite(data_dir / "search.db", 5)
    pages = [finding.message for finding in examine(data_dir).findings if finding.subject == "pages"]
    assert sorted({message.split()[0].strip(":") for message in pages}) == ["playhead.db", "search.db"]


def test_a_file_that_is_no_database_stops_the_start_with_words(data_dir: Path) -> None:
    overwrite(data_dir / "playhead.db", 1)
    with pytest.raises(Unavailable, match=r"The database in .* cannot be used: .*playhead doctor"):
        open_sqlite(data_dir)


def test_an_emptied_database_is_looked_at_twice(data_dir: Path) -> None:
    (data_dir / "playhead.db").write_bytes(b"")
    (finding, *_) = examine(data_dir).findings
    assert finding.level == "warning"
    assert "restore a backup" in finding.message
