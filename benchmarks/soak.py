"""A soak: ingest at full rate for minutes, and the server's memory from its start to its end.

Batches of 100 interactions over 4 connections, in sessions that are ended when they are full, with the search index
following. Memory that grows with what was recorded, and not with what is under way, would show as a rising column.

    python -m benchmarks.soak --minutes 10
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import msgspec

from benchmarks.harness import BASE, Server, request, starts
from benchmarks.ingest import BATCH, CONNECTIONS, SESSIONS, batch, calls

ROWS = 10
FULL = 20
"""Batches after which a connection's sessions are ended and others begun."""
SETTLING = 0.2
"""The part of the time in which caches fill, which says nothing of growth."""
_numbers = count()


def main() -> None:
    """Run for as long as is asked, printing a row for each tenth of it, and how much the memory grew."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    minutes = parser.parse_args().minutes
    calls()
    with tempfile.TemporaryDirectory(prefix="playhead-bench-") as folder:
        running = Server(Path(folder))
        try:
            print(f"at the start: {running.memory_mb():.0f} MB")
            memories = list(soak(running, minutes * 60))
            running.get("/api/session-replay/list")
            settled = memories[int(len(memories) * SETTLING) :]
            half = len(settled) // 2
            first, second = statistics.median(settled[:half]), statistics.median(settled[half:])
            print(f"at the end: {running.memory_mb():.0f} MB, at most {running.memory_mb('VmHWM'):.0f} MB")
            print(f"first half {first:.0f} MB, second half {second:.0f} MB: {second / first - 1:+.1%}")
        finally:
            running.stop()


def soak(running: Server, seconds: float) -> Iterator[float]:
    """Send until the time is over; yield the memory in megabytes ten times a row, and print the rows."""
    ending = threading.Event()
    sent = [0] * CONNECTIONS
    threads = [threading.Thread(target=send, args=(running, ending, sent, number)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    try:
        for row in range(ROWS):
            before, began = sum(sent), time.perf_counter()
            memories = []
            for _ in range(10):
                ending.wait(seconds / ROWS / 10)
                memories.append(running.memory_mb())
            yield from memories
            rate = (sum(sent) - before) / (time.perf_counter() - began)
            print(
                f"{(row + 1) * seconds / ROWS:6.0f} s  {rate:8,.0f} interactions/s  {memories[-1]:6.0f} MB", flush=True
            )
    finally:
        ending.set()
        for thread in threads:
            thread.join()


def send(running: Server, ending: threading.Event, sent: list[int], number: int) -> None:
    """Record in sessions of this connection's own until it is time to end."""
    connection = running.connect()
    while not ending.is_set():
        ids = [f"soak-{next(_numbers)}" for _ in range(SESSIONS)]
        request(connection, "POST", f"{BASE}/events", starts(ids))
        for _ in range(FULL):
            request(connection, "POST", f"{BASE}/events", batch(ids))
            sent[number] += BATCH
        request(connection, "POST", f"{BASE}/events", ends(ids))
    connection.close()


def ends(ids: list[str]) -> bytes:
    """Return the bulk body that ends sessions."""
    return msgspec.json.encode({"events": [{"sessionId": one, "type": "session.end"} for one in ids]})


if __name__ == "__main__":
    main()
