"""However a process ends, what it recorded arrives: sent by itself, or by the next process, from the spool."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.faults.children import LAST_NS, lost, running
from tests.support.server import Server

RUNS = range(20)
AT_ONCE = 4
ABRUPT_AT_ONCE = 2
"""Fewer, because the last 100 ms are of a program that has a processor when it wants one."""

# Python itself ends with 1 instead of by SIGINT when anything is imported after an unhandled KeyboardInterrupt.
AFTER_CTRL_C = (-signal.SIGINT, 1)

ENDS: dict[str, tuple[int | None, int]] = {  # program: the signal it gets, its exit status
    "returns": (None, 0),
    "exits": (None, 3),
    "raises": (None, 1),
    "loops": (None, 0),
    "terminated": (signal.SIGTERM, -signal.SIGTERM),
    "handles_term": (signal.SIGTERM, 5),
    "interrupted": (signal.SIGINT, -signal.SIGINT),
    "forks": (None, 0),
    "multi_fork": (None, 0),
    "multi_spawn": (None, 0),
    "preloads": (None, 0),
}
ABRUPT_ENDS: dict[str, tuple[int | None, int]] = {"ends_abruptly": (None, 7), "killed": (signal.SIGKILL, -9)}


def end(name: str, run: int, server: Server, client: httpx.Client, folder: Path) -> tuple[list[int], int]:
    """Run a program to its end; return the moments of what was lost, and the last moment of the ledger."""
    number, status = (ENDS | ABRUPT_ENDS)[name]
    with running(name, run, server.url, server.admin_key, folder) as child:
        if number is not None:
            assert child.line() == "ready"
            threading.Event().wait(child.dice.uniform(0, 0.15))
            child.process.send_signal(number)
        ended = child.wait()
        assert ended == status or (name == "interrupted" and ended in AFTER_CTRL_C), (folder / "stderr").read_text()
        if run % 2:
            child.proxy.listen()
        return lost(child, client), child.ledger()[-1][0]


@pytest.mark.parametrize("name", ENDS)
def test_nothing_is_lost_by_a_process_that_ends(
    name: str, server: Server, looker: httpx.Client, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ends = pool.map(lambda run: end(name, run, server, looker, tmp_path / str(run)), RUNS)
        assert [missing for missing, _ in ends] == [[] for _ in RUNS]


@pytest.mark.parametrize("name", ABRUPT_ENDS)
def test_a_process_that_ends_without_warning_loses_its_last_100_ms_at_most(
    name: str, server: Server, looker: httpx.Client, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(ABRUPT_AT_ONCE) as pool:
        for missing, last_ns in pool.map(lambda run: end(name, run, server, looker, tmp_path / str(run)), RUNS):
            assert [last_ns - moment for moment in missing if moment < last_ns - LAST_NS] == []
