"""An erased session: not there, as the contract says, and its own project is told since when."""

from __future__ import annotations

import httpx
import pytest
from tests.support.recordings import BASE, start
from tests.support.server import Server, error_of


@pytest.mark.parametrize("path", ["{id}", "{id}/player", "sessions/{id}"])
def test_its_own_project_is_told_when_it_was_erased(api: httpx.Client, path: str) -> None:
    session = start(api)
    receipt = api.delete(f"{BASE}/{session}").json()["data"]
    answer = api.get(f"{BASE}/{path.format(id=session)}")
    assert answer.status_code == 404
    error = error_of(answer)
    assert (error["code"], error["details"]) == ("session_not_found", {"erasedAt": receipt["erasedAt"]})


def test_nothing_is_told_to_another_project_or_of_an_id_that_is_only_like_it(api: httpx.Client, server: Server) -> None:
    for name in ("case-1", "case-10", "case-2x", "case"):
        start(api, sessionId=name)
        api.delete(f"{BASE}/{name}")
    for name in ("case-2", "case-", "case-11", "cas", "d", "caf\u00e9"):
        assert error_of(api.get(f"{BASE}/{name}/player")).get("details") is None
    with server.client(server.new_key()) as stranger:
        assert error_of(stranger.get(f"{BASE}/case-1/player")).get("details") is None
    assert error_of(api.get(f"{BASE}/case-10/player")).get("details") is not None
