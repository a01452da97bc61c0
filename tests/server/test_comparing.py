"""Comparing two sessions over HTTP: aligned turns, the first divergence, texts, numbers, pages."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.support.recordings import BASE, interaction, record, start
from tests.support.server import Server, error_of

from playhead.record.client import SessionReplayClient
from playhead.server import comparison

AT = "2026-01-01T00:00:{:02d}Z"


def compared(client: httpx.Client, a: str, b: str, **query: Any) -> Any:
    response = client.get(f"{BASE}/compare", params={"a": a, "b": b, **query})
    assert response.status_code == 200, response.text
    return response.json()["data"]


def chat(client: httpx.Client, *turns: tuple[str, str], **members: Any) -> str:
    """Record a chat that sends its whole history with each call."""
    session_id = start(client, startedAt=AT.format(0))
    history: list[dict[str, str]] = []
    for place, (asked, answered) in enumerate(turns):
        history.append({"role": "user", "content": asked})
        members = {"cost": 0.01, "latency": 500, "tokens": {"input": 10, "output": 5}} | members
        record(client, session_id, interaction([*history], answered, timestamp=AT.format(place + 1), **members))
        history.append({"role": "assistant", "content": answered})
    return session_id


def changes(data: Any) -> list[str]:
    return [turn["change"] for turn in data["turns"]]


def test_a_session_is_the_same_as_its_copy(api: httpx.Client) -> None:
    turns = ("Hello", "Hi."), ("Where is it?", "On its way.")
    data = compared(api, chat(api, *turns), chat(api, *turns))
    assert changes(data) == ["same", "same"]
    assert (data["firstDivergence"], data["next"], data["complete"]) == (None, None, True)
    assert data["counts"] == {"same": 2, "changed": 0, "added": 0, "removed": 0}
    assert set(data["differences"].values()) == {0}


def test_the_first_divergence_is_the_answer_that_differs_and_not_the_history_that_repeats_it(api: httpx.Client) -> None:
    a = chat(api, ("Hello", "Hi."), ("Where is it?", "It is late."), ("Thanks", "Welcome."))
    b = chat(api, ("Hello", "Hi."), ("Where is it?", "It is here."), ("Thanks", "Welcome."))
    data = compared(api, a, b)
    assert changes(data) == ["same", "changed", "same"]
    assert data["firstDivergence"] == {
        "turn": 1, "change": "changed", "members": ["response"], "aSeq": 2, "bSeq": 2,
    }  # fmt: skip
    turn = data["turns"][1]
    assert turn["asked"] is None
    assert turn["answered"] == [
        {"op": "equal", "text": "It is "},
        {"op": "delete", "text": "late"},
        {"op": "insert", "text": "here"},
        {"op": "equal", "text": "."},
    ]


def test_a_turn_more_is_added_and_does_not_shift_the_others(api: httpx.Client) -> None:
    a = chat(api, ("One", "1"), ("Three", "3"))
    b = chat(api, ("One", "1"), ("Two", "2"), ("Three", "3"))
    assert changes(compared(api, a, b)) == ["same", "added", "same"]
    data = compared(api, b, a)
    assert changes(data) == ["same", "removed", "same"]
    assert data["turns"][1]["b"] is None
    assert data["turns"][1]["a"]["preview"] == "Two"


def test_numbers_are_the_seconds_less_the_firsts(api: httpx.Client) -> None:
    a = chat(api, ("Hello", "Hi."))
    b = chat(api, ("Hello", "Hi."), cost=0.03, latency=800, tokens={"input": 12, "output": 5})
    data = compared(api, a, b)
    assert data["turns"][0]["differences"] == {
        "latency": 300, "cost": pytest.approx(0.02), "inputTokens": 2, "outputTokens": 0,
    }  # fmt: skip
    assert data["differences"]["cost"] == pytest.approx(0.02)
    assert data["differences"]["latency"] == 300
    assert (data["a"]["sessionId"], data["b"]["latency"]) == (a, 800)


def test_a_cost_that_nobody_knows_is_none_and_differs_by_none(api: httpx.Client) -> None:
    sessions = start(api), start(api)
    record(api, sessions[0], interaction(model="our-own"))
    record(api, sessions[1], interaction(cost=0.02))
    data = compared(api, *sessions)
    (turn,) = data["turns"]
    assert (turn["a"]["cost"], turn["b"]["cost"], turn["differences"]["cost"]) == (None, 0.02, None)
    assert [data[side]["unpricedInteractions"] for side in "ab"] == [1, 0]


def test_steps_are_turns_and_are_compared_by_input_and_output(api: httpx.Client) -> None:
    sessions = [start(api), start(api)]
    for session_id, state in zip(sessions, ("late", "here"), strict=True):
        step = {"type": "step", "name": "find", "kind": "tool", "input": {"n": 1}, "output": {"state": state, "n": 1}}
        record(api, session_id, step, {"type": "user_action", "action": "click"}, interaction())
    data = compared(api, *sessions)
    assert [(turn["type"], turn["change"]) for turn in data["turns"]] == [("step", "changed"), ("interaction", "same")]
    assert data["turns"][0]["members"] == ["output"]
    words = {piece["op"]: piece["text"] for piece in data["turns"][0]["answered"]}
    assert (words["delete"], words["insert"]) == ("late", "here")


def test_steps_of_other_names_do_not_stand_beside_each_other(api: httpx.Client) -> None:
    sessions = [start(api), start(api)]
    for session_id, name in zip(sessions, ("search", "calculate"), strict=True):
        record(api, session_id, {"type": "step", "name": name, "kind": "tool"}, interaction())
    assert sorted(changes(compared(api, *sessions))) == ["added", "removed", "same"]


def test_calls_that_differ_in_what_has_no_text_differ(api: httpx.Client) -> None:
    a = chat(api, ("Hello", "Hi."), parameters={"temperature": 0})
    b = chat(api, ("Hello", "Hi."), parameters={"temperature": 1}, model="other")
    turn = compared(api, a, b)["turns"][0]
    assert turn["members"] == ["model", "parameters"]
    assert (turn["asked"], turn["answered"]) == (None, None)


def test_pages_follow_each_other(api: httpx.Client) -> None:
    turns = [(f"Question {number}", f"Answer {number}") for number in range(5)]
    a, b = chat(api, *turns), chat(api, *turns[:3], ("Other", "Thing"))
    whole = compared(api, a, b)
    first = compared(api, a, b, limit=2)
    second = compared(api, a, b, limit=2, after=first["next"])
    third = compared(api, a, b, limit=2, after=second["next"])
    assert first["turns"] + second["turns"] + third["turns"] == whole["turns"]
    assert third["next"] is None
    assert first["counts"] == whole["counts"]


def test_the_first_turns_of_a_long_session_are_compared_and_it_says_so(api: httpx.Client) -> None:
    sessions = [start(api), start(api)]
    count = comparison.MOST_TURNS + 1
    for session_id in sessions:
        record(api, session_id, *(interaction(f"Question {n}", timestamp=1_700_000_000_000 + n) for n in range(count)))
    data = compared(api, *sessions, limit=1)
    assert data["complete"] is False
    assert data["counts"]["same"] == comparison.MOST_TURNS
    assert data["a"]["interactions"] == count


def test_a_text_that_is_too_long_is_cut_and_said_to_be(api: httpx.Client) -> None:
    a, b = chat(api, ("Hello", "a " * 30_000)), chat(api, ("Hello", "b " * 30_000))
    turn = compared(api, a, b)["turns"][0]
    assert turn["cut"] is True
    assert sum(len(piece["text"]) for piece in turn["answered"]) <= 2 * 20_000


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [({"a": "x"}, 422, "b"), ({"a": "x", "b": "y", "limit": 0}, 422, "limit"), ({"a": "x", "b": "y"}, 404, "")],
)
def test_what_cannot_be_compared_is_refused(api: httpx.Client, query: dict[str, Any], status: int, field: str) -> None:
    response = api.get(f"{BASE}/compare", params=query)
    assert response.status_code == status
    assert field in str(error_of(response))


def test_another_projects_session_does_not_exist(server: Server, api: httpx.Client) -> None:
    own = chat(api, ("Hello", "Hi."))
    with server.client(server.new_key()) as other:
        theirs = chat(other, ("Hello", "Hi."))
    assert api.get(f"{BASE}/compare", params={"a": own, "b": theirs}).status_code == 404


def test_the_client_compares(server: Server) -> None:
    key = server.new_key()
    with server.client(key) as api:
        a, b = chat(api, ("Hello", "Hi.")), chat(api, ("Hello", "Hello."))
    with SessionReplayClient(server.url, key) as client:
        found = client.compare(a, b)
    assert found.first_divergence is not None
    assert found.first_divergence.members == ["response"]
    assert found.turns[0].answered is not None
