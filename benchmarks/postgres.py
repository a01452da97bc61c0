"""PostgreSQL: durable ingest over HTTP against bare COPY of the same rows, and reading beside SQLite's in the same run.

The database is a real one of its own on this machine, with its default settings: it syncs every commit.
``PLAYHEAD_BENCH_SESSIONS`` is how many sessions of 20 calls are read from: 50,000 for a million calls.
``PLAYHEAD_BENCH_DATA`` names where what is read from is kept, a directory of PostgreSQL's among them: to be made once.
"""

from __future__ import annotations

import http.client
import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
import psycopg
from tests.support.postgres import PostgresServer

from benchmarks.dataset import FIRST_US, LONG_S, SEED, VERSION, dataset, fill
from benchmarks.harness import Figure, Server
from benchmarks.ingest import BATCH, CONNECTIONS, ROUNDS, drive, prepare
from benchmarks.queries import ANY_LIST_MS, FEW, GOALS_MS, p95s, questions, serving, slowest, times_of_cells
from playhead.server.keyring import DEFAULT_PROJECT
from playhead.store.postgres.store import open_postgres

SESSIONS: Final = int(os.environ.get("PLAYHEAD_BENCH_SESSIONS", FEW))
DATABASE: Final = "recording"
BY_RATIO: Final = 2
"""How many times as long as SQLite, which is asked in its own process, a database behind a socket may take."""


def run() -> Iterator[Figure]:
    """Measure recording, then reading."""
    database = PostgresServer()
    try:
        yield from ingest(database)
    finally:
        database.remove()
    yield from reading()


def ingest(database: PostgresServer) -> Iterator[Figure]:
    """Measure interactions a second: batches of 100 over 4 connections, 2.7 kB each, acknowledged when durable."""
    ours, bare = [], []
    running = Server(database.new_database())
    try:
        for round_ in range(ROUNDS + 1):
            loads = [prepare(running) for _ in range(CONNECTIONS)]
            rate = drive(running, loads)
            reference = write_bare(database.new_database(), loads)
            if round_:
                ours.append(rate)
                bare.append(reference)
    finally:
        running.stop()
    rate, reference = statistics.median(ours), statistics.median(bare)
    yield Figure("PostgreSQL: bulk ingest, durable", rate, "interactions/s", "≥ 5,000", reference, "bare COPY")


def write_bare(url: str, loads: list[list[bytes]]) -> float:
    """Write the same events as raw JSON rows, over as many connections, a COPY and a commit a batch; return rows a
    second."""
    rows = [
        [
            [(one["sessionId"], one["id"], msgspec.json.encode(one).decode()) for one in events]
            for events in (msgspec.json.decode(body)["events"] for body in bodies)
        ]
        for bodies in loads
    ]
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("CREATE TABLE rows (session text, id text, json text)")
    ready = threading.Barrier(len(rows) + 1)
    threads = [threading.Thread(target=_copy, args=(url, batches, ready)) for batches in rows]
    for thread in threads:
        thread.start()
    ready.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    return sum(map(len, rows)) * BATCH / (time.perf_counter() - started)


def _copy(url: str, batches: Sequence[Sequence[tuple[str, str, str]]], ready: threading.Barrier) -> None:
    with psycopg.connect(url) as db:
        ready.wait()
        for batch in batches:
            with db.cursor().copy("COPY rows FROM STDIN") as copy:
                for row in batch:
                    copy.write_row(row)
            db.commit()


def reading() -> Iterator[Figure]:
    """Measure lists by every filter in every order, replays, searches and statistics over one recording in both."""
    root = Path(os.environ.get("PLAYHEAD_BENCH_DATA", Path(tempfile.gettempdir()) / "playhead-bench-data"))
    database, url = recorded(SESSIONS, root)
    try:
        with serving(url) as there, serving(dataset(SESSIONS, root)) as here:
            yield from _compared(there, here)
    finally:
        database.remove()


def _compared(there: http.client.HTTPConnection, here: http.client.HTTPConnection) -> Iterator[Figure]:
    """Measure what SQLite is asked, and the slowest list by any filter in any order."""
    of_there, of_here = questions(there, SESSIONS), questions(here, SESSIONS)
    for name, goal in GOALS_MS.items():
        yield _figure(name, p95s((there, of_there[name]), (here, of_here[name])), goal)
    cell, took = slowest(times_of_cells(there, here))
    yield _figure(f"list: any filter and sort, the slowest ({' by '.join(cell)})", took, ANY_LIST_MS)


def _figure(name: str, took: Sequence[float], goal: int) -> Figure:
    return Figure(f"PostgreSQL: {name}, p95", took[0], "ms", f"≤ {BY_RATIO * goal}", took[1], "SQLite")


def recorded(sessions: int, root: Path) -> tuple[PostgresServer, str]:
    """Return a server whose data are kept, and its database with so many sessions, made when it is not there."""
    home = root / f"postgres-{VERSION}-{SEED}-{sessions}"
    making = home.with_suffix(".part")
    if not home.is_dir():
        shutil.rmtree(making, ignore_errors=True)
        database = PostgresServer(home=making)
        try:
            _record(database, sessions)
        finally:
            database.remove()
        making.rename(home)
    database = PostgresServer(home=home)
    return database, database.url(DATABASE)


def _record(database: PostgresServer, sessions: int) -> None:
    with psycopg.connect(database.url(), autocommit=True) as db:
        db.execute(f"CREATE DATABASE {DATABASE}")
    store = open_postgres(database.url(DATABASE))
    try:
        project = store.ensure_project(DEFAULT_PROJECT, FIRST_US).no
        store.set_timeout(project, LONG_S)  # what is active stays so, whenever the data set is used
        fill(store, project, sessions)
        assert store.wait_for_index(3600)
    finally:
        store.close()
    with psycopg.connect(database.url(DATABASE), autocommit=True) as db:
        db.execute("VACUUM ANALYZE")
