"""The examples that record model SDKs run as they stand, against a provider on a local port and a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.record.integrations.upstream import TOOL_CALL, Upstream, chat, chat_stream, message_stream, upstream
from tests.support.server import Server

from playhead import SessionReplayClient
from playhead.model.answers import Replay

EXAMPLES = Path(__file__).parents[2] / "examples" / "python"


def run(name: str, server: Server, running: Upstream, spool: Path) -> tuple[str, Replay]:
    """Run an example, and return what it printed and the session that it recorded."""
    key = server.new_key("admin")
    environment = os.environ | {
        "PLAYHEAD_URL": server.url,
        "PLAYHEAD_API_KEY": key,
        "PLAYHEAD_SPOOL_DIR": str(spool),
        "OPENAI_BASE_URL": f"{running.url}/v1",
        "OPENAI_API_KEY": "sk-secret",
        "ANTHROPIC_BASE_URL": running.url,
        "ANTHROPIC_API_KEY": "sk-secret",
        "PYTHONIOENCODING": "utf-8",
    }
    command = [sys.executable, str(EXAMPLES / f"{name}.py")]
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    with SessionReplayClient(server.url, key) as client:
        (session,) = client.list_session_replays().data
        return done.stdout, client.get_session_replay(session.session_id)


def test_the_openai_example_records_a_tool_and_a_streamed_answer(server: Server, tmp_path: Path) -> None:
    with upstream(chat(None, tool_calls=[TOOL_CALL]), chat_stream("Take ", "one.")) as running:
        said, replay = run("openai_recording", server, running, tmp_path)
        assert running.requests[1]["messages"][-1]["content"] == "Rain in Oslo, 9 degrees."
    assert "Take one." in said
    assert "Everything is stored: True" in said
    assert f"{server.url}/sessions/replay/{replay.session_id}" in said
    calls, steps = replay.replay_data.ai_interactions, replay.replay_data.steps
    assert [call.response for call in calls] == [
        [{"role": "assistant", "tool_calls": [TOOL_CALL]}],
        [{"role": "assistant", "content": "Take one."}],
    ]
    assert [(step.name, step.kind, step.input) for step in steps] == [("weather", "tool", {"city": "Oslo"})]
    assert replay.summary.total_tokens.input == 40
    assert replay.summary.total_cost > 0
    assert replay.status == "completed"
    assert replay.error_count == 0


def test_the_anthropic_example_records_three_calls_at_once(server: Server, tmp_path: Path) -> None:
    with upstream(*(message_stream("On ", "its ", "way.") for _ in range(3))) as running:
        said, replay = run("anthropic_recording", server, running, tmp_path)
    assert said.count("◀ On its way.") == 3
    calls = replay.replay_data.ai_interactions
    assert len(calls) == 3
    assert [call.provider for call in calls] == ["anthropic"] * 3
    assert [call.time_to_first_token is not None for call in calls] == [True] * 3
    assert replay.summary.total_tokens.input == 66
    assert replay.status == "completed"
