"""The base install is the recorder alone: it imports, and its command says what is missing, without server packages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVER_ONLY = ["apsw", "genai_prices", "prometheus_client", "rich", "starlette", "structlog", "typer", "uvicorn"]


@pytest.fixture(scope="module")
def base_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has what requirements/base.txt names, and the sources."""
    home = tmp_path_factory.mktemp("base")
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(home)], check=True)
    python = home / "bin" / "python"
    locked = ["--require-hashes", "-r", str(ROOT / "requirements" / "base.txt")]
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", str(python), *locked], check=True)
    return python


def run(python: Path, code: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(
        [str(python), "-W", "error", "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def test_the_recorder_imports_without_the_servers_packages(base_python: Path) -> None:
    answer = run(base_python, "import playhead; print(playhead.SessionReplayClient, playhead.AsyncSessionReplayClient)")
    assert answer.returncode == 0, answer.stderr
    assert "AsyncSessionReplayClient" in answer.stdout


def test_the_test_tools_import_without_the_servers_packages(base_python: Path) -> None:
    answer = run(base_python, "from playhead.testing import MemoryServer, MemoryStore; MemoryStore(); MemoryServer()")
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("package", SERVER_ONLY)
def test_the_base_install_has_no_server_package(base_python: Path, package: str) -> None:
    assert "ModuleNotFoundError" in run(base_python, f"import {package}").stderr


def test_the_command_names_the_extra_that_is_missing(base_python: Path) -> None:
    answer = run(base_python, "from playhead.cli import main; main()")
    assert answer.returncode != 0
    assert "playhead[server]" in answer.stdout + answer.stderr
    assert "Traceback" not in answer.stderr
