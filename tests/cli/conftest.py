"""What the command line's tests share: running it, and a server that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass
class Done:
    """What a finished command said."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[list[str]]:
        """A table's rows without its header."""
        return [line.split("\t") for line in self.out.splitlines()[1:]]


Playhead = Callable[..., Done]


def environment(**more: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("PLAYHEAD_")}
    return own | {"PYTHONIOENCODING": "utf-8", "COLUMNS": "200"} | more


@pytest.fixture
def playhead() -> Playhead:
    """Run a command to its end: ``playhead("keys", "list", PLAYHEAD_DATA_DIR=…)``."""

    def run(*arguments: object, **settings: object) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "playhead", *map(str, arguments)],
            env=environment(**{name: str(value) for name, value in settings.items()}),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@dataclass
class Serving:
    """A server that ``playhead serve`` or ``demo`` runs."""

    process: subprocess.Popen[str]
    first_lines: list[str]
    data_dir: Path

    @property
    def url(self) -> str:
        return self.first_lines[0].removeprefix("Playhead listening on ")

    def interrupt(self) -> tuple[int, str]:
        """Press Ctrl-C; returns the status and the rest of what was said."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out + err


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    """Start a command that serves, and wait until it has printed ``lines`` lines."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object, lines: int = 2) -> Serving:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "playhead",
                *map(str, arguments),
                "--port",
                "0",
                "--data-dir",
                str(tmp_path / "data"),
            ],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        started.append(process)
        assert process.stdout is not None
        said = [process.stdout.readline().rstrip("\n") for _ in range(lines)]
        return Serving(process, said, tmp_path / "data")

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the demo's samples in it, to be read only."""
    place = tmp_path_factory.mktemp("samples") / "data"
    done = subprocess.run(
        [sys.executable, "-m", "playhead", "demo", "--no-serve", "--port", "0", "--data-dir", str(place)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return place
