"""The registry by itself, beside sessions that another engine keeps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.store.build import T0

from playhead.errors import NewerDatabase, SessionNotFound
from playhead.model.results import KeyRecord, ShareRecord
from playhead.store.postgres.connection import connected
from playhead.store.postgres.registry import PostgresRegistry, open_registry

SHARE = ShareRecord("sh", 1, "here", "public", T0, T0 + 99)


@pytest.fixture
def registry(fresh_url: str) -> Iterator[PostgresRegistry]:
    opened = open_registry(fresh_url, lambda _db, _project, session_id: session_id == "here")
    yield opened
    opened.close()


def test_it_knows_of_sessions_what_it_is_told(registry: PostgresRegistry) -> None:
    registry.add_share(SHARE, b"token")
    assert registry.list_shares(1, "here") == [SHARE]
    with pytest.raises(SessionNotFound):
        registry.list_shares(1, "gone")
    assert registry.delete_shares(1, "here") == 1
    assert registry.find_share(b"token") is None


def test_it_makes_no_tables_of_sessions(registry: PostgresRegistry, fresh_url: str) -> None:
    with connected(fresh_url) as db:
        assert db.execute("SELECT to_regclass('keys') IS NOT NULL, to_regclass('sessions')").fetchone() == (True, None)


def test_a_key_that_one_server_revokes_is_revoked_for_every_other(registry: PostgresRegistry, fresh_url: str) -> None:
    other = open_registry(fresh_url, lambda *_: True)
    try:
        project = other.ensure_project("p", T0)
        other.add_key(KeyRecord("k", project, "read", "", T0), b"hash")
        assert registry.find_key(b"hash") is not None
        other.revoke_key("k", T0 + 1)
        found = registry.find_key(b"hash")
        assert found is not None
        assert found.revoked_us == T0 + 1
        assert registry.server_secret() == other.server_secret()
    finally:
        other.close()


def test_what_a_newer_program_wrote_is_refused_with_words(registry: PostgresRegistry, fresh_url: str) -> None:
    with connected(fresh_url) as db:
        db.execute("UPDATE schema_versions SET version = 99")
    with pytest.raises(NewerDatabase, match=r"schema 99 of its registry.*use a newer Playhead"):
        open_registry(fresh_url, lambda *_: True)
