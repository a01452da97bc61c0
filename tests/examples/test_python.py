"""The programs of examples/python run as they stand, each in its own process, against a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.server import Server

from playhead import SessionReplayClient

EXAMPLES = Path(__file__).parents[2] / "examples" / "python"


def run(name: str, server: Server, key: str) -> str:
    environment = os.environ | {"PLAYHEAD_URL": server.url, "PLAYHEAD_API_KEY": key, "PYTHONIOENCODING": "utf-8"}
    environment["PLAYHEAD_SPOOL_DIR"] = str(server.data_dir / "spool")
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / f"{name}.py")],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_basic_example_reads_back_what_it_recorded(server: Server) -> None:
    said = run("basic_recording", server, server.new_key("admin"))
    assert "Interactions: 1" in said
    assert "Errors:       0" in said
    assert f"{server.url}/sessions/replay/inapp_chat_" in said


def test_the_chat_example_records_every_turn_once(server: Server) -> None:
    key = server.new_key("admin")
    said = run("chat_recording", server, key)
    assert "◀ We are open from 8 to 18" in said
    with SessionReplayClient(server.url, key) as client:
        session = client.list_session_replays(feature="chat").data[0]
        assert session.summary.total_interactions == 3
        assert session.summary.models == ["gpt-4o-mini"]
        assert session.summary.total_cost > 0
        assert session.status == "completed"


def test_the_agent_example_records_a_tree_with_one_failure(server: Server) -> None:
    key = server.new_key("admin")
    said = run("agent_recording", server, key)
    assert said.count("tool   weather") == 3
    with SessionReplayClient(server.url, key) as client:
        session = client.list_session_replays(feature="agent", has_errors=True).data[0]
        steps = client.get_session_replay(session.session_id).replay_data.steps
    root = next(step for step in steps if step.kind == "agent")
    assert [step.parent_id for step in steps if step.kind == "tool"] == [root.id] * 3
    assert [step.error for step in steps if step.error] == [
        {"type": "LookupError", "message": "no weather station in Atlantis"}
    ]


def test_the_workflow_example_ends_the_run_that_failed_with_error(server: Server) -> None:
    key = server.new_key("admin")
    said = run("workflow_recording", server, key)
    assert "inv-1: booked" in said
    assert "inv-3: failed" in said
    with SessionReplayClient(server.url, key) as client:
        statuses = [session.status for session in client.list_session_replays(sort_order="asc").data]
    assert statuses == ["completed", "completed", "error"]


def test_the_fastapi_example_records_a_conversation_of_two_requests(server: Server) -> None:
    key = server.new_key("admin")
    said = run("fastapi_recording", server, key)
    assert "◀ We are open from 8 to 18." in said
    assert "Recorded" in said
    with SessionReplayClient(server.url, key) as client:
        (session,) = client.list_session_replays().data
        replay = client.get_session_replay(session.session_id).replay_data
        calls = list(client.get_events(session.session_id, types=["interaction"]))
    assert (session.user_id, session.metadata) == ("ada", {"conversationId": "town-hall-1"})
    assert [step.name for step in replay.steps] == ["GET /chat", "GET /chat"]
    assert [call["parentId"] for call in calls] == [step.id for step in replay.steps]


def test_the_flask_example_records_each_request_and_its_failure(server: Server) -> None:
    key = server.new_key("admin")
    said = run("flask_recording", server, key)
    assert "◀ 200 An identity card, please." in said
    assert "◀ 500" in said
    with SessionReplayClient(server.url, key) as client:
        sessions = client.list_session_replays(sort_order="asc").data
        failed = client.get_session_replay(sessions[2].session_id).replay_data
    assert [session.status for session in sessions] == ["completed", "completed", "error"]
    assert {session.label for session in sessions} == {"POST /ask"}
    assert {each["type"] for each in (failed.steps[0].error, failed.ai_interactions[0].error)} == {"StopIteration"}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_is_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 100
