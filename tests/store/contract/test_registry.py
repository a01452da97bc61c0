"""Projects, keys and shares, as every engine must keep them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from tests.store.build import SECOND, T0, Engine, record

from playhead.errors import KeyNotFound, ShareNotFound
from playhead.model.results import KeyRecord, Project, ShareRecord

DAY = 86_400 * SECOND


def key(project: Project, id_: str = "k1", **members: Any) -> KeyRecord:
    return replace(KeyRecord(id_, project, "read", "laptop", T0), **members)


def share(project: int, id_: str = "sh1", **members: Any) -> ShareRecord:
    return replace(ShareRecord(id_, project, "s1", "public", T0, T0 + DAY), **members)


def test_the_server_secret_is_32_bytes_and_stays(store: Engine) -> None:
    assert len(store.server_secret()) == 32
    assert store.server_secret() == store.server_secret()


def test_a_project_is_made_once(store: Engine) -> None:
    first = store.ensure_project("mine", T0)
    assert store.ensure_project("mine", T0 + 9) == first
    other = store.ensure_project("theirs", T0)
    assert store.list_projects() == [first, other]
    assert (first.name, first.created_us, first.timeout_s) == ("mine", T0, 1800)


def test_a_projects_time_out_can_be_set(store: Engine) -> None:
    mine, theirs = store.ensure_project("mine", T0), store.ensure_project("theirs", T0)
    store.set_timeout(mine.no, 60)
    assert [project.timeout_s for project in store.list_projects()] == [60, 1800]
    assert store.ensure_project("mine", T0).timeout_s == 60
    for project in (mine.no, theirs.no):
        record(store, project, "s1")
    assert store.end_silent(T0 + 61 * SECOND).result() == 1
    assert store.get_session(mine.no, "s1").end_reason == "timeout"
    store.add_key(key(mine), b"hash")
    store.set_timeout(mine.no, 90)
    found = store.find_key(b"hash")
    assert found is not None
    assert found.project.timeout_s == 90


def test_a_key_is_found_by_its_hash_alone(store: Engine) -> None:
    project = store.ensure_project("mine", T0)
    kept = key(project, scope="admin", label="Ключ", expires_us=T0 + DAY)
    store.add_key(kept, b"hash")
    assert store.find_key(b"hash") == kept
    assert store.find_key(b"has") is None
    assert store.find_key(b"") is None


def test_a_key_is_found_by_its_id(store: Engine) -> None:
    kept = key(store.ensure_project("mine", T0))
    store.add_key(kept, b"hash")
    assert store.get_key("k1") == kept
    assert store.get_key("k") is None
    assert store.revoke_key("k1", T0 + 5) == store.get_key("k1")


def test_a_revoked_key_is_still_found_and_says_so(store: Engine) -> None:
    store.add_key(key(store.ensure_project("mine", T0)), b"hash")
    assert store.find_key(b"hash") is not None
    revoked = store.revoke_key("k1", T0 + 5)
    assert revoked.revoked_us == T0 + 5
    assert store.revoke_key("k1", T0 + 9) == revoked == store.find_key(b"hash")


def test_keys_are_listed_and_revoked_by_project(store: Engine) -> None:
    mine, theirs = store.ensure_project("mine", T0), store.ensure_project("theirs", T0)
    keys = [key(mine, "k2"), key(theirs, "k1"), key(mine, "k3")]
    for number, each in enumerate(keys):
        store.add_key(each, bytes([number]))
    assert store.list_keys() == keys
    assert store.list_keys(mine.no) == [keys[0], keys[2]]
    with pytest.raises(KeyNotFound):
        store.revoke_key("k1", T0, project=mine.no)
    with pytest.raises(KeyNotFound):
        store.revoke_key("unheard", T0)
    assert [each.revoked_us for each in store.list_keys()] == [None] * 3


def test_a_share_is_found_by_the_hash_of_its_token(store: Engine, project: int) -> None:
    record(store, project, "s1")
    kept = share(project, access_level="password", password_hash="$argon2$", max_views=3, redact=True)
    store.add_share(kept, b"token")
    assert store.find_share(b"token") == kept
    assert store.find_share(b"other") is None


def test_shares_are_listed_in_order_of_creation(store: Engine, project: int) -> None:
    record(store, project, "s1")
    record(store, project, "s2")
    assert store.list_shares(project, "s1") == []
    shares = [share(project, "z"), share(project, "a")]
    for each in shares:
        store.add_share(each, each.id.encode())
    store.add_share(share(project, "m", session_id="s2"), b"m")
    assert store.list_shares(project, "s1") == shares


def test_views_are_counted_until_they_are_used_up(store: Engine, project: int) -> None:
    record(store, project, "s1")
    store.add_share(share(project, max_views=2), b"token")
    assert [store.count_view("sh1", T0) for _ in range(3)] == [True, True, False]
    kept = store.find_share(b"token")
    assert kept is not None
    assert kept.views == 2


@pytest.mark.parametrize("gone", [{"expires_us": T0 + 5}, {"revoked_us": T0}], ids=["expired", "revoked"])
def test_a_view_of_a_share_that_is_gone_is_not_counted(store: Engine, project: int, gone: dict[str, Any]) -> None:
    record(store, project, "s1")
    store.add_share(share(project, **gone), b"token")
    assert not store.count_view("sh1", T0 + 5)
    kept = store.find_share(b"token")
    assert kept is not None
    assert kept.views == 0
    assert not store.count_view("unheard", T0)


def test_a_share_is_revoked_at_once(store: Engine, project: int) -> None:
    record(store, project, "s1")
    store.add_share(share(project), b"token")
    revoked = store.revoke_share(project, "s1", "sh1", T0 + 5)
    assert revoked.revoked_us == T0 + 5
    assert store.revoke_share(project, "s1", "sh1", T0 + 9) == revoked == store.find_share(b"token")
    assert not store.count_view("sh1", T0 + 6)


def test_a_share_is_revoked_through_its_own_session_alone(store: Engine, project: int) -> None:
    record(store, project, "s1")
    record(store, project, "s2")
    store.add_share(share(project), b"token")
    with pytest.raises(ShareNotFound):
        store.revoke_share(project, "s2", "sh1", T0)
    with pytest.raises(ShareNotFound):
        store.revoke_share(project, "s1", "unheard", T0)
    kept = store.find_share(b"token")
    assert kept is not None
    assert kept.revoked_us is None
