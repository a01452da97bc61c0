"""The audit log beside ClickHouse: entries of sessions' changes are committed with the ledgers, by any server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.store.build import T0, Engine, record
from tests.store.clickhouse.test_servers import servers

from playhead.errors import SessionNotFound
from playhead.model.audit import THE_SERVER, NewEntry, session_target
from playhead.model.session import SessionPatch

__all__ = ["servers"]

ROUNDS = 6


def changed(project: int, session_id: str) -> NewEntry:
    return THE_SERVER.entry(project, T0, "session.change", session_target(session_id))


def test_servers_beside_each_other_number_what_they_change_without_holes(servers: list[Engine]) -> None:
    project = servers[0].ensure_project("mine", T0).no
    for session_id in ("s1", "s2"):
        record(servers[0], project, session_id)

    def work(number: int) -> None:
        server, session_id = servers[number % len(servers)], ("s1", "s2")[number // 2 % 2]
        server.patch_session(project, session_id, SessionPatch(label="x"), T0, changed(project, session_id)).result(60)
        server.add_entries([changed(project, session_id)])
        with pytest.raises(SessionNotFound):
            server.patch_session(project, "absent", SessionPatch(), T0, changed(project, "absent")).result(60)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(ROUNDS)))
    for server in servers:
        assert [entry.no for entry in server.copy_entries(project)] == list(range(1, 2 * ROUNDS + 1))


def test_an_erasure_and_its_entry_are_seen_by_the_others(servers: list[Engine]) -> None:
    project = servers[0].ensure_project("mine", T0).no
    record(servers[0], project, "s1")
    erased = THE_SERVER.entry(project, T0, "session.erase", session_target("s1"))
    servers[1].erase_session(project, "s1", T0, erased).result(60)
    (entry,) = servers[0].copy_entries(project)
    assert (entry.action, entry.details) == ("session.erase", {"events": 0, "messages": 0, "shares": 0})
