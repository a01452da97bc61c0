"""A full disk: what was not stored is said not to be, and the writer lives on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from tests.store.sqlite.parts import NOW_US, action, begin, held, ids_of, interaction

from playhead.errors import StoreFull, Unavailable
from playhead.store.opening import open_engine
from playhead.store.place import Place
from playhead.store.sqlite.doctor import examine
from playhead.store.sqlite.store import SqliteStore, open_sqlite


class Disk:
    """A disk that can be full: a VFS over the real one, through which every new connection goes."""

    full = False

    def __init__(self) -> None:
        disk, real = self, apsw.vfs_names()[0]

        class File(apsw.VFSFile):
            def __init__(self, filename: str | apsw.URIFilename | None, flags: list[int]) -> None:
                super().__init__(real, filename, flags)

            def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
                if disk.full:
                    raise apsw.FullError("no space left on device")
                super().xWrite(data, offset)

        class Vfs(apsw.VFS):
            def __init__(self) -> None:
                super().__init__("filling", real, makedefault=True)

            def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> File:  # noqa: N802
                return File(name, flags)

        self.vfs = Vfs()


@pytest.fixture
def disk() -> Iterator[Disk]:
    disk = Disk()
    yield disk
    disk.full = False
    disk.vfs.unregister()


def test_a_full_disk_fails_the_commit_with_words_and_the_writer_lives_on(disk: Disk, tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = begin(store)
    store.append(project, "s", [action("before")], NOW_US).result()
    disk.full = True
    with held(store):
        futures = [store.append(project, "s", [action(f"lost{number}")], NOW_US) for number in range(3)]
    for future in futures:
        with pytest.raises(StoreFull):
            future.result()
    with pytest.raises(StoreFull):
        store.check_writable()
    assert ids_of(store, project) == ["before"]
    disk.full = False
    store.check_writable()
    assert store.append(project, "s", [action("after")], NOW_US).result()[0].seq == 2
    store.close()
    again = open_sqlite(tmp_path)
    assert ids_of(again, project) == ["before", "after"]
    assert again._writer.submit(lambda scope: scope.db.pragma("integrity_check")).result() == "ok"
    again.close()


def test_a_prompt_is_stored_whole_after_its_first_try_found_no_room(disk: Disk, tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = begin(store)
    prompt = [{"role": "user", "content": "hello"}]
    disk.full = True
    with pytest.raises(StoreFull):
        store.append(project, "s", [interaction("a", prompt)], NOW_US).result()
    disk.full = False
    store.append(project, "s", [interaction("a", prompt)], NOW_US).result()
    assert store.get_events(project, "s").events[0].data["prompt"] == prompt
    store.close()


def test_a_store_is_opened_on_a_full_disk_and_read(disk: Disk, tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    project = begin(store)
    store.append(project, "s", [action("before")], NOW_US).result()
    store.close()
    disk.full = True
    again = open_sqlite(tmp_path)
    with pytest.raises(StoreFull):
        again.check_writable()
    assert ids_of(again, project) == ["before"]
    with pytest.raises(StoreFull):
        again.append(project, "s", [action("lost")], NOW_US).result()
    disk.full = False
    again.check_writable()
    again.append(project, "s", [action("after")], NOW_US).result()
    assert ids_of(again, project) == ["before", "after"]
    again.close()


def test_what_is_closed_can_be_read_on_a_full_disk_for_its_log_is_there_already(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    store.append(begin(store), "s", [action("a")], NOW_US).result()
    store.close()
    for _ in range(2):
        for file in ("playhead.db", "search.db"):
            assert (tmp_path / f"{file}-wal").stat().st_size == 0
            assert (tmp_path / f"{file}-shm").stat().st_size > 0
        assert examine(tmp_path).is_sound


def test_a_new_store_on_a_full_disk_is_refused_with_words(disk: Disk, tmp_path: Path) -> None:
    disk.full = True
    with pytest.raises(StoreFull, match=f"The database in {tmp_path} has no room left on its disk"):
        open_sqlite(tmp_path)


def test_a_database_that_may_not_grow_fails_what_does_not_fit(sqlite: SqliteStore) -> None:
    project = begin(sqlite)
    pages = sqlite._writer.submit(lambda scope: scope.db.pragma("page_count")).result()
    sqlite._writer.submit(lambda scope: scope.db.pragma("max_page_count", pages)).result()
    noise = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(20_000))
    with pytest.raises(StoreFull):
        sqlite.append(project, "s", [action("big", {"action": noise})], NOW_US).result()
    with pytest.raises(StoreFull):
        sqlite.check_writable()
    sqlite._writer.submit(lambda scope: scope.db.pragma("max_page_count", 1_000_000)).result()
    sqlite.check_writable()
    sqlite.append(project, "s", [action("big", {"action": noise})], NOW_US).result()
    assert sqlite.get_events(project, "s").events[0].data["action"] == noise


def test_a_disk_without_room_for_a_new_database_is_told_in_words(disk: Disk, tmp_path: Path) -> None:
    disk.full = True
    with pytest.raises(StoreFull, match=re.escape(str(tmp_path))):
        open_engine(Place(tmp_path))


def test_a_database_that_is_none_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "playhead.db").write_bytes(b"no database at all" * 400)
    with pytest.raises(Unavailable, match="playhead doctor"):
        open_engine(Place(tmp_path))
