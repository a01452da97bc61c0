"""``playhead doctor`` and ``playhead compact``, as somebody meets them who has never seen the tables."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import apsw
import pytest
from tests.cli.conftest import Playhead
from tests.support.server import running_server

from playhead.cli.samples import SAMPLES


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the sample sessions."""
    data_dir = tmp_path_factory.mktemp("samples")
    command = [sys.executable, "-m", "playhead", "demo", "--no-serve", "--data-dir", str(data_dir)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return data_dir


def test_the_doctor_says_how_the_recordings_are(playhead: Playhead, samples: Path) -> None:
    done = playhead("doctor", "--data-dir", samples)
    assert done.status == 0
    assert f"{len(SAMPLES)} sessions" in done.out
    assert "Everything can be read." in done.out
    assert "events" in done.out.partition("tables and indexes")[2]


def test_the_doctor_answers_in_json_too(playhead: Playhead, samples: Path) -> None:
    done = playhead("doctor", "--thorough", "--json", "--data-dir", samples)
    health = json.loads(done.out)
    assert (done.status, health["engine"], health["place"]) == (0, "sqlite", str(samples))
    assert {finding["level"] for finding in health["findings"]} == {"ok"}
    assert health["files"][0]["name"] == "playhead.db"


def test_damage_is_told_and_leaves_with_1(playhead: Playhead, tmp_path: Path) -> None:
    assert playhead("keys", "create", "--data-dir", tmp_path).status == 0
    db = apsw.Connection(str(tmp_path / "playhead.db"))
    db.execute("UPDATE keys SET project_no = 99")
    db.close()
    done = playhead("doctor", "--data-dir", tmp_path)
    assert done.status == 1
    assert "DAMAGED  relations" in done.out
    assert json.loads(playhead("doctor", "--json", "--data-dir", tmp_path).out)["findings"]


@pytest.mark.parametrize("command", ["doctor", "compact"])
def test_a_directory_without_recordings_is_told(playhead: Playhead, tmp_path: Path, command: str) -> None:
    done = playhead(command, "--data-dir", tmp_path)
    assert done.status == 1
    assert done.err.startswith("playhead: there are no recordings in")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["doctor", "compact"])
def test_another_engine_has_tools_of_its_own(playhead: Playhead, command: str) -> None:
    done = playhead(command, PLAYHEAD_DATABASE_URL="postgresql://127.0.0.1:1/none")
    assert done.status == 1
    assert "tools of its own" in done.err


def test_compacting_says_what_it_gained(playhead: Playhead, samples: Path) -> None:
    done = playhead("compact", "--data-dir", samples)
    assert done.status == 0, done.err
    assert " bytes before, " in done.out
    again = json.loads(playhead("compact", "--json", "--data-dir", samples).out)
    assert again["beforeBytes"] == again["afterBytes"] > 0
    assert playhead("doctor", "--thorough", "--data-dir", samples).status == 0


def test_both_work_beside_a_running_server(playhead: Playhead, tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        assert playhead("doctor", "--data-dir", tmp_path).status == 0
        compacted = playhead("compact", "--data-dir", tmp_path)
        assert compacted.status == 0
        with server.client() as client:
            assert client.get("/ready").status_code == 200
        assert playhead("doctor", "--data-dir", tmp_path).status == 0
