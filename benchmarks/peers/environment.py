"""Environments of their own for the peers, made once below ``.venv``, so that their packages meet none of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HOME = Path(sys.prefix) / "benchmark-peers"
PATIENCE_S = 900.0


class Environment:
    """A virtual environment that holds one package from the registry."""

    def __init__(self, name: str, package: str) -> None:
        self._home = HOME / name
        self._package = package

    def install(self) -> bool:
        """Make the environment if it is not there; say whether it is."""
        ready = self._home / ".installed"
        if not ready.exists():
            made = self._uv("venv", "--quiet", "--clear", str(self._home))
            if not made or not self._uv("pip", "install", "--quiet", "--python", str(self._home), self._package):
                return False
            ready.touch()
        return True

    def program(self, name: str) -> str:
        """Return the path of a program of the package."""
        return str(self._home / "bin" / name)

    def version(self) -> str:
        """Return the version that is installed."""
        ask = f"import importlib.metadata; print(importlib.metadata.version({self._package!r}))"
        done = subprocess.run([self.program("python"), "-c", ask], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def _uv(self, *arguments: str) -> bool:
        # uv reads SSL_CERT_FILE but not pip's own variable
        certificates = os.environ.get("SSL_CERT_FILE") or os.environ.get("PIP_CERT")
        more = {"SSL_CERT_FILE": certificates} if certificates else {"UV_SYSTEM_CERTS": "1"}
        command = [str(Path(sys.executable).with_name("uv")), *arguments]
        try:
            done = subprocess.run(
                command, check=False, env=os.environ | more, stderr=subprocess.DEVNULL, timeout=PATIENCE_S
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0
