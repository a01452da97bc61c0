"""kill -9 of what works on the recordings beside recording: an export, the doctor and compacting. Nothing is lost and
nothing is left over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.server import ADMIN_KEY, running_server

from playhead.store.sqlite.doctor import examine

BASE = "/api/session-replay"
STEPS = ("training", "compressing", "writing the search index", "writing the files")
DATABASES = {"playhead.db", "search.db"}
SETTLED = {"server.log"} | {name + suffix for name in DATABASES for suffix in ("", "-wal", "-shm")}


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A directory with thirty sessions of forty calls, some of them erased so that files have gaps."""
    with running_server(tmp_path) as server, server.client() as client:
        for session in range(30):
            start: dict[str, object] = {
                "sessionId": f"s{session}",
                "type": "session.start",
                "data": {"feature": "chat"},
            }
            events = [start, *(call(session, number) for number in range(40))]
            assert client.post(f"{BASE}/events", json={"events": events}).json()["data"]["accepted"] == 41
        for session in range(0, 30, 3):
            assert client.delete(f"{BASE}/s{session}").status_code == 200
    return tmp_path


def call(session: int, number: int) -> dict[str, object]:
    words = " ".join(f"word{(session * 41 + number * 7 + place) % 997}" for place in range(100))
    data = {"model": "m", "prompt": words, "response": f"answer {number}"}
    return {"sessionId": f"s{session}", "id": f"{session}-{number}", "type": "interaction", "data": data}


def test_what_is_killed_at_any_step_leaves_the_recordings_and_nothing_else(data_dir: Path) -> None:
    before = exported(data_dir)
    assert before.count("answer ") == 20 * 40
    for step in STEPS:
        kill_compact_at(data_dir, step)
        kill_doctor_when_it_reads(data_dir)
        kill_server_that_streams(data_dir)
    assert examine(data_dir, thorough=True).is_sound
    assert exported(data_dir) == before
    assert {path.name for path in data_dir.iterdir()} == SETTLED
    assert not any(path.stat().st_size for path in data_dir.glob("*-wal"))


def exported(data_dir: Path) -> str:
    """Return everything as a server gives it that is started and stopped in order."""
    with running_server(data_dir) as server, server.client() as client:
        answer = client.post(f"{BASE}/export", json={"format": "csv"})
        assert answer.status_code == 200
        return answer.text


def command(data_dir: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "playhead", *words, "--data-dir", str(data_dir)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_compact_at(data_dir: Path, step: str) -> None:
    with command(data_dir, "compact") as process:
        assert process.stderr is not None
        assert any(line.startswith(step) for line in process.stderr)
        process.kill()


def kill_doctor_when_it_reads(data_dir: Path) -> None:
    with command(data_dir, "doctor", "--thorough") as process:
        while process.poll() is None and "playhead.db" not in open_files(process.pid):
            pass
        process.kill()


def open_files(pid: int) -> set[str]:
    links = Path(f"/proc/{pid}/fd")
    names = set()
    for link in links.iterdir():
        try:
            names.add(link.readlink().name)
        except FileNotFoundError:  # closed meanwhile
            continue
    return names


def kill_server_that_streams(data_dir: Path) -> None:
    with (
        running_server(data_dir) as server,
        server.client(ADMIN_KEY) as client,
        client.stream("POST", f"{BASE}/export", json={"format": "ndjson"}) as answer,
    ):
        next(answer.iter_raw())
        server.kill()
