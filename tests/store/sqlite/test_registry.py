"""Keys and shares in the presence of other processes; what every registry does is in the contract."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.store.sqlite.parts import NOW_US

from playhead.model.results import KeyRecord
from playhead.store.sqlite.store import SqliteStore, open_sqlite

REVOKE = """
import sys
from pathlib import Path
from playhead.store.sqlite.store import open_sqlite
store = open_sqlite(Path(sys.argv[1]))
store.revoke_key("k1", 5)
store.close()
"""


def add_key(store: SqliteStore, id_: str, key_hash: bytes) -> KeyRecord:
    key = KeyRecord(id_, store.ensure_project("default", NOW_US), "admin", "laptop", NOW_US)
    store.add_key(key, key_hash)
    return key


def test_a_key_that_another_process_revokes_is_revoked_here_at_once(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    key = add_key(store, "k1", b"one")
    for _ in range(3):
        assert store.find_key(b"one") == key
    subprocess.run([sys.executable, "-c", REVOKE, str(tmp_path)], check=True)
    found = store.find_key(b"one")
    assert found is not None
    assert found.revoked_us == 5
    store.close()


def test_a_key_that_is_made_after_it_was_asked_for_is_found(sqlite: SqliteStore) -> None:
    assert sqlite.find_key(b"one") is None
    key = add_key(sqlite, "k1", b"one")
    assert sqlite.find_key(b"one") == key


def test_two_processes_make_one_secret_and_one_project(tmp_path: Path) -> None:
    first, second = open_sqlite(tmp_path), open_sqlite(tmp_path)
    assert first.server_secret() == second.server_secret()
    assert len(first.server_secret()) == 32
    assert first.ensure_project("default", 1) == second.ensure_project("default", 2)
    first.close()
    second.close()
