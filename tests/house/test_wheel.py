"""The wheel is built from the source archive, by the locked tools, and carries the dashboard."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The files of a wheel that was built, with its dashboard, out of the source archive."""
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "uv", "build", "--no-build-isolation", "--python", sys.executable]
    subprocess.run([*build, "--out-dir", str(out), str(ROOT)], check=True, capture_output=True)
    (wheel,) = out.glob("playhead-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_the_wheel_carries_the_dashboard(wheel_names: list[str]) -> None:
    assert "playhead/server/_ui/index.html" in wheel_names
    assert any(name.startswith("playhead/server/_ui/assets/") and name.endswith(".js") for name in wheel_names)


def test_the_wheel_carries_types_and_licence(wheel_names: list[str]) -> None:
    assert "playhead/py.typed" in wheel_names
    assert any(name.endswith("licenses/LICENSE") for name in wheel_names)


def test_the_wheel_carries_nothing_else(wheel_names: list[str]) -> None:
    assert [name for name in wheel_names if not name.startswith(("playhead/", "playhead-"))] == []
