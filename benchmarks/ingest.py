"""Durable ingest over HTTP: in batches, one interaction a request, and beside another project's flood.

Interactions of 2.7 kB, written in prose, each acknowledged when it is on stable storage. Batches are compared with bare
apsw, which writes the same rows as raw JSON, in the same run and in as many transactions, each with its fsync. Client
and server share the machine's processors: what each of them used is told too.

    python -m benchmarks ingest
"""

from __future__ import annotations

import http.client
import multiprocessing
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import count
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import apsw
import msgspec

from benchmarks.connections import encoded, exchange, percentile_ms
from benchmarks.harness import BASE, HEADERS, KEY, Figure, Server, starts
from benchmarks.prose import Prose

ROUNDS = 3
CONNECTIONS, BATCH, BATCHES, SESSIONS = 4, 100, 60, 5
SINGLES, EACH = 32, 150
QUIET, FLOODING = 400, 8
CALLS = 4_000
SIZE = 2700
START_MS = 1_760_000_000_000
_numbers = count()


def run() -> Iterator[Figure]:
    """Measure batches, then single requests, then a quiet key alone and beside a flood; at the end the memory."""
    with tempfile.TemporaryDirectory(prefix="playhead-bench-") as folder:
        running = Server(Path(folder))
        try:
            yield from bulk(running)
            yield from singles(running)
            yield from fairness(running, Path(folder))
            yield Figure("memory at full ingest, at most", running.memory_mb("VmHWM"), "MB", "≤ 400")
        finally:
            running.stop()


# --- what is sent ----------------------------------------------------------------------------------------------------


@cache
def calls() -> list[dict[str, Any]]:
    """Return the data of some thousand model calls, in prose."""
    prose = Prose(1)
    half = (SIZE - 380) // 2
    return [prose.call(prose.text(half), prose.text(half)) for _ in range(CALLS)]


def interaction() -> dict[str, Any]:
    """Return the next interaction as it is sent to a session."""
    number = next(_numbers)
    return {
        "id": f"bench-{number:012d}",
        "type": "interaction",
        "timestamp": START_MS + number * 10,
        "data": calls()[number % CALLS],
    }


def sessions(running: Server, number: int, key: str = KEY) -> list[str]:
    """Start sessions and return their ids."""
    ids = [f"bench-{next(_numbers)}" for _ in range(number)]
    exchange(running.port, [[encoded(f"{BASE}/events", starts(ids), key)]])
    return ids


def batch(ids: Sequence[str]) -> bytes:
    """Return a bulk body whose interactions are spread evenly over sessions."""
    each = BATCH // len(ids)
    return msgspec.json.encode({"events": [{"sessionId": ids[at // each], **interaction()} for at in range(BATCH)]})


def single(session_id: str, key: str = KEY) -> bytes:
    """Return a request that records one interaction."""
    return encoded(f"{BASE}/{session_id}/snapshot", msgspec.json.encode(interaction()), key)


# --- batches ---------------------------------------------------------------------------------------------------------


def bulk(running: Server) -> Iterator[Figure]:
    """Measure interactions a second: batches of 100 over 4 connections."""
    rounds = [bulk_round(running) for _ in range(ROUNDS + 1)][1:]
    rate, reference, server_us, client_us = (statistics.median(column) for column in zip(*rounds, strict=True))
    name = "bare apsw executemany, as many fsyncs"
    yield Figure("bulk ingest, durable", rate, "interactions/s", "≥ 15,000, ratio ≥ 0.5", reference, name)
    yield Figure("processor time of the server for each", server_us, "µs")
    yield Figure("processor time of the client for each", client_us, "µs")


def bulk_round(running: Server) -> tuple[float, float, float, float]:
    """Return ours and bare interactions a second, and the microseconds that server and client used for each."""
    loads = [prepare(running) for _ in range(CONNECTIONS)]
    total = CONNECTIONS * BATCHES * BATCH
    commits, server_s, client_s = commits_of(running), processor_s(running), own_processor_s()
    rate = drive(running, loads)
    server_us = (processor_s(running) - server_s) / total * 1e6
    client_us = (own_processor_s() - client_s) / total * 1e6
    return rate, write_bare(loads, int(commits_of(running) - commits)), server_us, client_us


def prepare(running: Server) -> list[bytes]:
    """Start a connection's sessions and return its request bodies, encoded."""
    return [batch(sessions(running, SESSIONS)) for _ in range(BATCHES)]


def drive(running: Server, loads: list[list[bytes]]) -> float:
    """Send every load over a connection of its own, and return the interactions acknowledged a second."""
    requests = [[encoded(f"{BASE}/events", body) for body in bodies] for bodies in loads]
    rate, _ = exchange(running.port, requests, answered=b'"accepted":%d,' % BATCH)
    return rate * BATCH


def write_bare(loads: list[list[bytes]], commits: int) -> float:
    """Write the same interactions as raw JSON rows in this many transactions, and return rows a second."""
    bodies = [msgspec.json.decode(body)["events"] for load in loads for body in load]
    rows = [[(one["sessionId"], one["id"], msgspec.json.encode(one)) for one in events] for events in bodies]
    with tempfile.TemporaryDirectory(prefix="playhead-bench-") as folder:
        database = apsw.Connection(str(Path(folder) / "bare.db"))
        database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE rows (session TEXT, id TEXT, json BLOB)")
        started = time.perf_counter()
        for number in range(commits):
            with database:
                for part in rows[number * len(rows) // commits : (number + 1) * len(rows) // commits]:
                    database.executemany("INSERT INTO rows VALUES (?, ?, ?)", part)
        took = time.perf_counter() - started
        database.close()
    return len(rows) * BATCH / took


def commits_of(running: Server) -> float:
    """Return how many transactions the server has committed."""
    found = re.search(rb"^playhead_store_commits_total (\S+)", running.get("/metrics"), re.MULTILINE)
    assert found is not None
    return float(found[1])


def processor_s(running: Server) -> float:
    """Return the processor time that the server has used, in seconds."""
    fields = Path(f"/proc/{running.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def own_processor_s() -> float:
    """Return the processor time that this process has used, in seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


# --- single requests -------------------------------------------------------------------------------------------------


def singles(running: Server) -> Iterator[Figure]:
    """Measure requests a second and how long they take: one interaction each, 32 connections."""
    rounds = []
    for _ in range(ROUNDS + 1):
        loads = [[single(one) for _ in range(EACH)] for one in sessions(running, SINGLES)]
        rate, took = exchange(running.port, loads)
        rounds.append((rate, percentile_ms(took, 0.5), percentile_ms(took, 0.99)))
    rate, middle, late = (statistics.median(column) for column in zip(*rounds[1:], strict=True))
    yield Figure("one interaction a request, 32 connections", rate, "requests/s", "≥ 3,000")
    yield Figure("acknowledged, p50", middle, "ms")
    yield Figure("acknowledged, p99", late, "ms", "≤ 25")


# --- fairness --------------------------------------------------------------------------------------------------------


def fairness(running: Server, data_dir: Path) -> Iterator[Figure]:
    """Measure how long one key's requests take while another project's key floods the server."""
    key = make_key(data_dir, "quiet")
    alone = quiet_p99(running, key)
    context = multiprocessing.get_context("spawn")
    flooding, ending = context.Event(), context.Event()
    flood = context.Process(target=send_flood, args=(running.port, make_key(data_dir, "loud"), flooding, ending))
    flood.start()
    try:
        assert flooding.wait(60)
        beside = quiet_p99(running, key)
    finally:
        ending.set()
        flood.join(60)
    yield Figure("one key's p99 beside another's flood", beside, "ms", "", alone, "the same key alone")


def make_key(data_dir: Path, project: str) -> str:
    """Make a key beside the running server, in a project of its own."""
    command = [sys.executable, "-m", "playhead", "keys", "create", "--project", project, "--data-dir", str(data_dir)]
    made = subprocess.run(command, check=True, capture_output=True, text=True)
    found = re.search(r"ph_\S+", made.stdout)
    assert found is not None, made.stdout
    return found[0]


def quiet_p99(running: Server, key: str) -> float:
    """Return the p99 of a key that records over two connections, in milliseconds."""
    loads = [[single(one, key) for _ in range(QUIET)] for one in sessions(running, 2, key)]
    return percentile_ms(exchange(running.port, loads)[1], 0.99)


def send_flood(port: int, key: str, flooding: Event, ending: Event) -> None:
    """Send large batches over several connections, in a process of its own, whatever the answers are."""
    ids = [f"flood-{number}" for number in range(SESSIONS)]
    exchange(port, [[encoded(f"{BASE}/events", starts(ids), key)]])
    headers = HEADERS | {"Authorization": f"Bearer {key}"}
    bodies = [batch(ids) for _ in range(50)]

    def send() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        for number in count():
            if ending.is_set():
                return
            fresh = bodies[number % 50].replace(b'"bench-', f'"{threading.get_ident()}-{number}-'.encode())
            connection.request("POST", f"{BASE}/events", fresh, headers)
            connection.getresponse().read()
            flooding.set()

    threads = [threading.Thread(target=send) for _ in range(FLOODING)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
