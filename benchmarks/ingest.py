"""Durable bulk ingest over HTTP, against bare apsw writing the same rows as raw JSON with the same commits."""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import msgspec

from benchmarks.harness import BASE, Figure, Server, events, request, server, starts

CONNECTIONS, BATCH, BATCHES, SESSIONS, ROUNDS = 4, 100, 40, 5, 3


def run() -> Iterator[Figure]:
    """Measure interactions a second: batches of 100 over 4 connections, 2.7 kB each, acknowledged when durable."""
    ours, bare = [], []
    with server() as running:
        for round_ in range(ROUNDS + 1):
            loads = [prepare(running, round_, connection) for connection in range(CONNECTIONS)]
            rate = drive(running, loads)
            reference = write_bare(loads)
            if round_:
                ours.append(rate)
                bare.append(reference)
        peak = running.memory_mb("VmHWM")
    rate, reference = statistics.median(ours), statistics.median(bare)
    yield Figure("bulk ingest, durable", rate, "interactions/s", "≥ 5,000", reference, "bare apsw executemany")
    yield Figure("memory at full ingest", peak, "MB", "≤ 400")


def prepare(running: Server, round_: int, connection: int) -> list[bytes]:
    """Start this connection's sessions and return its request bodies, encoded."""
    bodies = []
    for batch in range(BATCHES):
        number = ((round_ * CONNECTIONS + connection) * BATCHES + batch) * BATCH
        ids = [f"bench-{number}-{session}" for session in range(SESSIONS)]
        running.send("POST", f"{BASE}/events", starts(ids))
        bodies.append(msgspec.json.encode({"events": events(ids, number, BATCH)}))
    return bodies


def drive(running: Server, loads: list[list[bytes]]) -> float:
    """Send every load over a connection of its own, and return the interactions acknowledged a second."""
    ready = threading.Barrier(len(loads) + 1)

    def send(bodies: list[bytes]) -> None:
        connection = running.connect()
        connection.connect()
        ready.wait()
        for body in bodies:
            answer = msgspec.json.decode(request(connection, "POST", f"{BASE}/events", body))
            assert answer["data"]["accepted"] == BATCH, answer
        connection.close()

    threads = [threading.Thread(target=send, args=(bodies,)) for bodies in loads]
    for thread in threads:
        thread.start()
    ready.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return len(loads) * BATCHES * BATCH / (time.perf_counter() - started)


def write_bare(loads: list[list[bytes]]) -> float:
    """Write the same events as raw JSON rows, one transaction and fsync a batch, and return rows a second."""
    rows = [
        [(one["sessionId"], one["id"], msgspec.json.encode(one)) for one in msgspec.json.decode(body)["events"]]
        for bodies in loads
        for body in bodies
    ]
    with tempfile.TemporaryDirectory(prefix="playhead-bench-") as folder:
        database = apsw.Connection(str(Path(folder) / "bare.db"))
        database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE rows (session TEXT, id TEXT, json BLOB)")
        started = time.perf_counter()
        for batch in rows:
            with database:
                database.executemany("INSERT INTO rows VALUES (?, ?, ?)", batch)
        took = time.perf_counter() - started
        database.close()
    return len(rows) * BATCH / took
