"""Appending to the SQLite store, against the bare rows.

Measures interactions of about 2.7 kB a second, appended in batches of 100 with 4 batches under way, every one
durable; and beside it, in turn on the same disk, the same finished rows inserted by plain ``executemany`` into the
same tables in as many transactions with the same syncs. What is between the two is what the store adds: encoding,
compression, hashing, recognizing repeats, summaries, the queue. Prints medians of both and their ratio.

    python -m benchmarks.store_append [interactions] [rounds]
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import apsw
import msgspec

from playhead.model.event import Call, NewEvent
from playhead.model.session import NewSession
from playhead.store.sqlite.connection import DATABASE, open_database
from playhead.store.sqlite.store import open_sqlite

BATCH = 100
UNDER_WAY = 4
WORDS = 4_000
PROMPT_WORDS = 220
RESPONSE_WORDS = 95
TABLES = ("events", "calls", "messages", "nodes")
NOW_US = 1_700_000_000_000_000


def interactions(count: int, seed: int = 7) -> list[NewEvent]:
    """Return made-up interactions of about 2.7 kB each, with texts that compress as prose does."""
    draw = random.Random(seed)
    words = ["".join(draw.choices("etaoinshrdlucmfw", k=draw.randint(2, 11))) for _ in range(WORDS)]
    weights = [1 / (rank + 1) for rank in range(WORDS)]

    def text(length: int) -> str:
        return " ".join(draw.choices(words, weights, k=length))

    def one(number: int) -> NewEvent:
        data = {
            "model": "gpt-4o",
            "provider": "openai",
            "prompt": [
                {"role": "system", "content": "You are a helpful assistant for the customers of a bookshop."},
                {"role": "user", "content": text(PROMPT_WORDS)},
            ],
            "response": text(RESPONSE_WORDS),
            "tokens": {"input": 412, "output": 163},
            "latency": 812.5,
            "parameters": {"temperature": 0.2, "max_tokens": 512},
        }
        call = Call("gpt-4o", "openai", 412, 163, cost_nanos=2_660_000, cost_source="computed", latency_ms=812.5)
        return NewEvent(
            id=f"evt-{seed}-{number:09d}",
            type="interaction",
            timestamp_us=NOW_US + number,
            received_us=NOW_US + number,
            data=data,
            latency_ms=812.5,
            call=call,
            size_bytes=len(msgspec.json.encode(data)),
        )

    return [one(number) for number in range(count)]


def through_the_store(data_dir: Path, events: Sequence[NewEvent]) -> tuple[float, int]:
    """Append everything through the store; return the seconds that it took and the number of commits."""
    store = open_sqlite(data_dir)
    project = store.ensure_project("default", NOW_US).no
    names = [f"session-{number}" for number in range(UNDER_WAY)]
    for name in names:
        store.start_session(project, NewSession(name, "chat", NOW_US), NOW_US).result()
    before = store.gauges()["commits_total"]
    under_way: deque[Future[Any]] = deque()
    begin = time.perf_counter()
    for number, start in enumerate(range(0, len(events), BATCH)):
        if len(under_way) == UNDER_WAY:
            under_way.popleft().result()
        name = names[number % UNDER_WAY]
        under_way.append(store.append(project, name, events[start : start + BATCH], NOW_US))
    for future in under_way:
        future.result()
    seconds = time.perf_counter() - begin
    commits = store.gauges()["commits_total"] - before
    store.close()
    return seconds, int(commits)


def bare_rows(source: Path, target: Path, commits: int) -> float:
    """Insert the rows of one database into another with nothing around it; return the seconds that it took."""
    rows = {
        table: apsw.Connection(str(source / DATABASE)).execute(f"SELECT * FROM {table}").fetchall() for table in TABLES
    }
    db = open_database(target)
    begin = time.perf_counter()
    for part in range(commits):
        db.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            share = rows[table][part * len(rows[table]) // commits : (part + 1) * len(rows[table]) // commits]
            if share:
                marks = ", ".join("?" * len(share[0]))
                db.executemany(f"INSERT INTO {table} VALUES ({marks})", share)
        db.execute("COMMIT")
    seconds = time.perf_counter() - begin
    db.close()
    return seconds


def measure(count: int, rounds: int) -> tuple[float, float]:
    """Return the medians of interactions a second through the store and bare."""
    events = interactions(count)
    store_rates, bare_rates = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as scratch:
            first, second = Path(scratch, "store"), Path(scratch, "bare")
            second.mkdir()
            seconds, commits = through_the_store(first, events)
            store_rates.append(count / seconds)
            bare_rates.append(count / bare_rows(first, second, commits))
    return statistics.median(store_rates), statistics.median(bare_rates)


def main() -> None:
    """Measure and print one line."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    store, bare = measure(count, rounds)
    print(
        f"append: {store:,.0f} interactions/s through the store, {bare:,.0f}/s as bare rows, ratio {store / bare:.2f}"
        f" (median of {rounds}, {count:,} interactions of 2.7 kB, batches of {BATCH}, {UNDER_WAY} under way, durable)"
    )


if __name__ == "__main__":
    main()
