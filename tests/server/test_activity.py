"""Activity over HTTP: of the sessions that are asked for, in their order, and within what a request may cost."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.store import build
from tests.store.build import T0, record
from tests.support import recordings
from tests.support.recordings import BASE, end, interaction, start
from tests.support.server import Server, error_of

from playhead.server.activity import activities
from playhead.store.memory import MemoryStore

STARTED_MS = 1_772_323_200_000


def asked(client: httpx.Client, *ids: str) -> Any:
    response = client.get(f"{BASE}/activity", params={"id": list(ids)})
    assert response.status_code == 200, response.text
    return response.json()["data"]


def recorded(client: httpx.Client) -> str:
    session = start(client, startedAt=STARTED_MS)
    recordings.record(client, session, interaction(latency=24_000, timestamp=STARTED_MS + 24_000))
    recordings.record(client, session, {"type": "user_action", "action": "click", "timestamp": STARTED_MS + 48_000})
    end(client, session, endedAt=STARTED_MS + 48_000)
    return session


def test_a_session_is_counted_over_its_time(api: httpx.Client) -> None:
    session = recorded(api)
    (found,) = asked(api, session)
    assert (found["sessionId"], found["duration"], found["complete"]) == (session, 48_000, True)
    assert found["interactions"] == [1] * 25 + [0] * 23
    assert found["others"] == [0] * 47 + [1]
    assert not any(found["steps"] + found["errors"])


def test_sessions_come_in_the_order_asked_and_unknown_ones_are_left_out(api: httpx.Client) -> None:
    first, second = recorded(api), recorded(api)
    assert [each["sessionId"] for each in asked(api, second, "nobody", first)] == [second, first]


def test_a_session_of_another_project_is_not_there(api: httpx.Client, server: Server) -> None:
    with server.client(server.new_key()) as stranger:
        assert asked(stranger, recorded(api)) == []


def test_sessions_beyond_what_a_request_may_cost_come_without_cells_and_the_others_with_them() -> None:
    store = MemoryStore()
    project = store.ensure_project("p", T0).no
    for session, events in (("long", 9), ("short", 2), ("other", 2)):
        record(store, project, session, *(build.interaction(f"{session}{n}", at=n) for n in range(events)))
    found = list(activities(store, project, ["short", "long", "other"], most_events=4))
    assert [(one.session_id, one.complete, len(one.interactions)) for one in found] == [
        ("short", True, 48),
        ("long", False, 0),
        ("other", True, 48),
    ]


@pytest.mark.parametrize("ids", [[], ["x"] * 101, ["no good id"]])
def test_a_query_that_is_none_is_refused(api: httpx.Client, ids: list[str]) -> None:
    response = api.get(f"{BASE}/activity", params={"id": ids})
    assert response.status_code == 422
    assert error_of(response)["code"] == "validation_error"
