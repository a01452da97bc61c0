"""Files that are deleted, moved or replaced under a store: what would be written into nowhere is not acknowledged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.store.sqlite.parts import NOW_US, action, begin, ids_of

from playhead.errors import Unavailable
from playhead.store.sqlite.store import open_sqlite


@pytest.mark.parametrize("gone", ["playhead.db", "playhead.db-wal", ""], ids=["database", "log", "directory"])
def test_what_would_be_written_into_a_file_that_is_gone_is_refused_until_it_is_back(tmp_path: Path, gone: str) -> None:
    data_dir, aside = tmp_path / "data", tmp_path / "aside"
    store = open_sqlite(data_dir)
    project = begin(store)
    store.append(project, "s", [action("before")], NOW_US).result()
    (data_dir / gone).rename(aside)
    with pytest.raises(Unavailable, match="was deleted, moved or replaced"):
        store.append(project, "s", [action("meanwhile")], NOW_US).result()
    with pytest.raises(Unavailable, match="was deleted, moved or replaced"):
        store.check_writable()
    aside.rename(data_dir / gone)
    store.check_writable()
    assert store.append(project, "s", [action("meanwhile")], NOW_US).result()[0].duplicate
    store.append(project, "s", [action("after")], NOW_US).result()
    store.close()
    again = open_sqlite(data_dir)
    assert ids_of(again, project) == ["before", "meanwhile", "after"]
    again.close()


def test_another_database_in_its_place_is_not_taken_for_it(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    store = open_sqlite(data_dir)
    project = begin(store)
    shutil.rmtree(data_dir)
    other = open_sqlite(data_dir)
    with pytest.raises(Unavailable):
        store.append(project, "s", [action("lost")], NOW_US).result()
    assert store.gauges()["database_bytes"] > 0
    begin(other)
    other.close()
    store.close()


def test_a_store_without_its_directory_can_still_be_measured_and_closed(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "data")
    shutil.rmtree(tmp_path / "data")
    assert store.gauges()["database_bytes"] == 0
    store.close()
