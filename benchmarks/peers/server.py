"""A contender's server: its processes, from start to kill, and what they take of memory and disk."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from benchmarks.recorder import free_port

START_PATIENCE_S = 100.0
STOP_PATIENCE_S = 20.0
ASK_EVERY_S = 0.02


class Failed(Exception):  # noqa: N818  # said as it reads: Phoenix failed
    """A contender did not do what it was asked to, in words."""


class Contender(Protocol):
    """Who takes part: how its server is run, and how it takes and counts interactions."""

    name: str
    health: str
    path: str
    headers: dict[str, str]

    def command(self, folder: Path, port: int) -> list[str]:
        """Return what starts the server on a directory of its own."""
        ...

    def environment(self, folder: Path, port: int) -> dict[str, str]:
        """Return the variables that it wants beside the environment's."""
        ...

    def bodies(self, count: int) -> list[bytes]:
        """Return the requests that bring so many interactions, encoded."""
        ...

    def count(self, server: Server, wanted: int) -> int:
        """Ask the server how many of ``wanted`` interactions it has."""
        ...


class Server:
    """A running server in a session of its own, so that all its processes are known."""

    def __init__(self, contender: Contender, folder: Path) -> None:
        self.contender = contender
        self.port = free_port()
        started = time.perf_counter()
        with (folder.parent / "log").open("ab") as log:
            self._process = subprocess.Popen(
                contender.command(folder, self.port),
                env=os.environ | contender.environment(folder, self.port),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait_until_it_answers(started + START_PATIENCE_S)
        except BaseException:
            self.kill()
            raise
        self.first_answer_s = time.perf_counter() - started

    def connect(self, timeout_s: float = 60.0) -> http.client.HTTPConnection:
        """Return a new connection to the server."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Make one request and return the body of a 2xx. Raises Failed."""
        connection = self.connect()
        try:
            connection.request(method, path, body, {**self.contender.headers, "Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"{method} {path} was not answered: {error}") from None
        finally:
            connection.close()
        if response.status >= 300:
            raise Failed(f"{method} {path} answered {response.status}: {answer[:200]!r}")
        return answer

    def memory_mb(self) -> float:
        """Return the memory of all its processes in megabytes, shared pages counted once (PSS)."""
        return sum(map(_pss_kb, self._processes())) / 1000

    def cpu_s(self) -> float:
        """Return the seconds of CPU time that all its processes have taken so far."""
        return sum(map(_cpu_s, self._processes()))

    def kill(self) -> None:
        """End all its processes at once, as a power cut would."""
        for pid in self._processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(STOP_PATIENCE_S)

    def stop(self) -> None:
        """End it as an operator would; what does not end is killed."""
        self._process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_PATIENCE_S)
        self.kill()

    def _processes(self) -> list[int]:
        found = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        return [pid for pid in found if _session(pid) == self._process.pid]

    def _wait_until_it_answers(self, until: float) -> None:
        while time.perf_counter() < until:
            if self._process.poll() is not None:
                raise Failed(f"its server ended with status {self._process.returncode}")
            with suppress(Failed):
                self.ask("GET", self.contender.health)
                return
            time.sleep(ASK_EVERY_S)
        raise Failed(f"its server did not answer within {START_PATIENCE_S:.0f} s")


def _session(pid: int) -> int:
    """Return the session that a process belongs to, 0 for one that is gone."""
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return 0


def _cpu_s(pid: int) -> float:
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ProcessLookupError):
        return 0.0
    user, system = after_name[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _pss_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (OSError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
