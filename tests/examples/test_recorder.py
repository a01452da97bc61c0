"""The examples that use the recorder run as they stand, each in its own process, against a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.server import Server

from playhead import SessionReplayClient
from playhead.model.answers import Replay

EXAMPLES = Path(__file__).parents[2] / "examples"

RUN_CELLS = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
for cell in json.load(open(sys.argv[1], encoding="utf-8"))["cells"]:
    if cell["cell_type"] == "code":
        shell.run_cell("".join(cell["source"]), store_history=True)
"""


def run(server: Server, key: str, home: Path, *command: str) -> str:
    own = {"PLAYHEAD_URL": server.url, "PLAYHEAD_API_KEY": key, "PLAYHEAD_SPOOL_DIR": str(home / "spool")}
    done = subprocess.run(
        [sys.executable, *command],
        check=False,
        env=os.environ | own | {"PYTHONIOENCODING": "utf-8", "IPYTHONDIR": str(home)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def the_session(server: Server, key: str) -> Replay:
    with SessionReplayClient(server.url, key) as client:
        (session,) = client.list_session_replays().data
        return client.get_session_replay(session.session_id)


def test_the_experiment_is_recorded_with_its_variants_trials_and_scores(server: Server, tmp_path: Path) -> None:
    key = server.new_key("admin")
    said = run(server, key, tmp_path, str(EXAMPLES / "python" / "experimentation_recording.py"))
    assert "reasoned  100%" in said
    replay = the_session(server, key)
    data = replay.replay_data
    variants = [step.id for step in data.steps if step.kind == "agent"]
    trials = [step for step in data.steps if step.kind == "chain"]
    assert [trial.parent_id for trial in trials] == [variants[0]] * 3 + [variants[1]] * 3
    assert [score.interaction_id for score in data.feedback] == [call.id for call in data.ai_interactions]
    assert data.system_metrics
    assert replay.status == "completed"
    assert replay.session_id in said


def test_the_notebook_is_recorded_with_its_cells_call_and_error(server: Server, tmp_path: Path) -> None:
    key = server.new_key("admin")
    said = run(server, key, tmp_path, "-c", RUN_CELLS, str(EXAMPLES / "notebook" / "recording.ipynb"))
    replay = the_session(server, key)
    data = replay.replay_data
    assert [context.metadata["cellNumber"] for context in data.code_context if context.metadata] == [2, 3, 4, 5, 6]
    (call,) = data.ai_interactions
    cells = {step.name: step for step in data.steps}
    assert call.response == "Between 8 and 9, and again at 17."
    assert cells["busiest"].parent_id == cells["cell [4]"].id
    assert cells["cell [5]"].error == {"type": "KeyError", "message": "'eight'"}
    assert f"/sessions/replay/{replay.session_id}?event={cells['cell [4]'].id}" in said
    assert replay.status == "completed"
