"""Start and rest: the time to the first answered request of a second start, and the memory of an idle server."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness import Figure, Server

ROUNDS = 5


def run() -> Iterator[Figure]:
    """Measure starts on a data directory that holds the recorded samples; the reference is bare Python."""
    with tempfile.TemporaryDirectory(prefix="playhead-bench-") as folder:
        data_dir = Path(folder)
        demo = [sys.executable, "-m", "playhead", "demo", "--no-serve", "--data-dir", folder]
        subprocess.run(demo, check=True, stdout=subprocess.DEVNULL)
        Server(data_dir).stop()
        times, memories, bare = [], [], []
        for _ in range(ROUNDS):
            running = Server(data_dir)
            times.append(running.first_answer_s)
            running.get("/api/session-replay/list")
            memories.append(running.memory_mb())
            running.stop()
            bare.append(_bare_python_s())
    yield Figure(
        "second start to first answer", statistics.median(times), "s", "≤ 1.0", statistics.median(bare), "bare Python"
    )
    yield Figure("idle memory", statistics.median(memories), "MB", "≤ 100")


def _bare_python_s() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - started
