"""ClickHouse: durable ingest through the store, statistics over a million calls, and bytes on the disk.

The engine is ClickHouse's own in a process beside this one (see ``tests/support/clickhouse``); the book and the keys
lie in SQLite. Ingest is compared with a bare insert of the same finished rows, in the format and in blocks such as they
have already, into tables of the same form in the same run: what is between the two is what the store adds. What the
engine used of the processors is told too.
"""

from __future__ import annotations

import gc
import shutil
import statistics
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

import httpx
from tests.support.clickhouse import ClickHouse, start_clickhouse

from benchmarks.harness import Figure
from benchmarks.store_append import NOW_US, interactions
from playhead.model.event import Call, NewEvent
from playhead.model.filters import SessionFilter
from playhead.model.results import Outcome
from playhead.model.session import NewSession
from playhead.server.run import COLLECT
from playhead.store.base import SessionChange
from playhead.store.opening import Opened, open_engine
from playhead.store.place import Place

BATCH: Final = 100
UNDER_WAY: Final = 80
SESSIONS: Final = 20
INTERACTIONS: Final = 20_000
ROUNDS: Final = 3
CALLS: Final = 20
MILLION: Final = 1_000_000
FOLD: Final = 20
ASKED: Final = 40
FAR: Final = 10_000_000
EVERY: Final = SessionFilter()


def run() -> Iterator[Figure]:
    """Measure recording, then statistics, then what a conversation takes."""
    folder = Path(tempfile.mkdtemp(prefix="playhead-bench-"))
    engine = start_clickhouse(folder / "engine")
    try:
        yield from ingest(engine, folder)
        yield from stats(engine, folder)
        yield growth(engine, folder)
    finally:
        engine.kill()
        shutil.rmtree(folder, ignore_errors=True)


class Store:
    """A store in a database of its own, with a project."""

    def __init__(self, engine: ClickHouse, folder: Path) -> None:
        url = engine.new_database()
        self.database = url.rpartition("/")[2]
        self.opened: Opened = open_engine(Place(folder / self.database, url))
        self.project = self.opened.registry.ensure_project("default", NOW_US).no

    def start(self, *ids: str) -> None:
        """Start sessions."""
        for id_ in ids:
            new = NewSession(id_, "chat", NOW_US)
            self.opened.store.start_session(self.project, new, NOW_US).result()

    def append(self, batches: list[tuple[str, list[NewEvent]]]) -> float:
        """Append batches, many under way, each durable when answered; return interactions a second."""
        under_way: deque[Future[list[Outcome]]] = deque()
        started = time.perf_counter()
        for session, events in batches:
            under_way.append(self.opened.store.append(self.project, session, events, NOW_US))
            if len(under_way) >= UNDER_WAY:
                under_way.popleft().result()
        for future in under_way:
            future.result()
        return sum(len(events) for _, events in batches) / (time.perf_counter() - started)


# --- ingest ----------------------------------------------------------------------------------------------------------


def ingest(engine: ClickHouse, folder: Path) -> Iterator[Figure]:
    """Measure interactions a second, in batches of 100 and 2.7 kB each, and bytes for each."""
    store = Store(engine, folder)
    ids = [f"s{number}" for number in range(SESSIONS)]
    store.start(*ids)
    ours, bare, used = [], [], []
    for round_ in range(ROUNDS + 1):
        events = interactions(INTERACTIONS, seed=round_)
        settle()
        places = range(0, INTERACTIONS, BATCH)
        before = cpu_s(engine)
        rate = store.append([(ids[at // BATCH % SESSIONS], events[at : at + BATCH]) for at in places])
        if round_:
            ours.append(rate)
            used.append((cpu_s(engine) - before) / INTERACTIONS * 1e6)
            bare.append(insert_bare(engine, store.database))
    engine.query(f"OPTIMIZE TABLE {store.database}.events FINAL")
    engine.query(f"OPTIMIZE TABLE {store.database}.messages FINAL")
    rate, reference = statistics.median(ours), statistics.median(bare)
    yield Figure(
        "ClickHouse: bulk ingest, durable", rate, "interactions/s", "≥ 15,000", reference, "bare Native insert"
    )
    yield Figure("ClickHouse: the engine's processor time for one", statistics.median(used), "µs", "-")
    stored = (ROUNDS + 1) * INTERACTIONS
    yield Figure("ClickHouse: on the disk for one of 2.7 kB", size(engine, store.database) / stored, "bytes", "-")
    store.opened.close()


def settle() -> None:
    """Let the interpreter work as in a server (see ``server.run``), and the load be nothing that it looks after."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)


def insert_bare(engine: ClickHouse, database: str) -> float:
    """Insert as many events and messages as they are stored, in blocks as large as a group; return events a second."""
    blocks = []
    for table, rows in (("messages", INTERACTIONS), ("events", INTERACTIONS)):
        engine.query(f"CREATE OR REPLACE TABLE {database}.bare_{table} AS {database}.{table}")
        for first in range(0, rows, rows // 4):
            chosen = f"SELECT * FROM {database}.{table} LIMIT {rows // 4} OFFSET {first} FORMAT Native"
            blocks.append((f"{database}.bare_{table}", native(engine, chosen)))
    started = time.perf_counter()
    for table, block in blocks:
        native(engine, f"INSERT INTO {table} FORMAT Native\n", block)
    return INTERACTIONS / (time.perf_counter() - started)


def native(engine: ClickHouse, query: str, data: bytes = b"") -> bytes:
    """Run a query whose data or answer are bytes."""
    url = f"http://127.0.0.1:{engine.port}/"
    response = httpx.post(url, content=query.encode() + data, timeout=120, trust_env=False)
    response.raise_for_status()
    return response.content


def cpu_s(engine: ClickHouse) -> float:
    """Return the processor time that the engine has used, in seconds."""
    fields = Path(f"/proc/{engine.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def size(engine: ClickHouse, database: str) -> int:
    """Return the bytes that a database takes on the disk."""
    active = f"active AND database = '{database}' AND table NOT LIKE 'bare%'"
    return int(engine.query(f"SELECT sum(bytes_on_disk) FROM system.parts WHERE {active}"))


# --- statistics ------------------------------------------------------------------------------------------------------


def stats(engine: ClickHouse, folder: Path) -> Iterator[Figure]:
    """Measure statistics over a million calls: some through the store, folded by the engine itself, and then merged."""
    store = Store(engine, folder)
    recorded = MILLION // FOLD // CALLS
    ids = [f"s{number:06d}" for number in range(recorded)]
    store.start(*ids[:1])
    for first in range(0, recorded, 250):
        _record(store, ids[first : first + 250])
    for times in range(1, FOLD):
        _fold(engine, store.database, times)
    opened = store.opened
    assert opened.store.stats(store.project, EVERY).interactions == MILLION
    wait_for_merges(engine)
    for name, where in (("all", EVERY), ("of one feature", SessionFilter(feature="chat"))):
        took = []
        for _ in range(ASKED):
            started = time.perf_counter()
            opened.store.stats(store.project, where)
            took.append((time.perf_counter() - started) * 1000)
        p95 = sorted(took)[int(0.95 * ASKED)]
        yield Figure(f"ClickHouse: stats over 1,000,000 calls, {name}, p95", p95, "ms", "≤ 50")
        yield Figure(f"ClickHouse: stats over 1,000,000 calls, {name}, median", statistics.median(took), "ms", "-")
    opened.close()


def wait_for_merges(engine: ClickHouse) -> None:
    """Wait until the engine merges nothing any more."""
    pause = threading.Event()
    while int(engine.query("SELECT count() FROM system.merges")):
        pause.wait(0.05)


def _record(store: Store, ids: list[str]) -> None:
    changes: list[SessionChange] = []
    for id_ in ids:
        number = int(id_[1:])
        started_us = NOW_US + number * 3_600_000_000
        feature = ("chat", "agent")[number % 2]
        changes.append(SessionChange(id_, NewSession(id_, feature, started_us, user_id=f"user{number % 97}")))
        changes += [SessionChange(id_, _call(number * CALLS + place, started_us)) for place in range(CALLS)]
    store.opened.store.apply(store.project, changes, NOW_US).result()


def _call(number: int, started_us: int) -> NewEvent:
    model = ("gpt-4o", "gpt-4o-mini", "claude", "gemini")[number * 7919 % 4]
    latency_ms = 100 + number * 7919 % 100_003 / 20
    call = Call(model, "openai", 100, 200, cost_nanos=1_000, cost_source="computed", latency_ms=latency_ms)
    data: dict[str, Any] = {"model": model, "prompt": f"question {number}", "response": "answer"}
    id_, time_us = f"call-{number}", started_us + number
    return NewEvent(id_, "interaction", time_us, time_us, data, latency_ms=latency_ms, call=call, size_bytes=90)


def _fold(engine: ClickHouse, database: str, times: int) -> None:
    """Copy what was recorded under other session numbers and ids."""
    moved = f"no + {times * FAR} AS no"
    events, sessions = (
        f"(SELECT * FROM {database}.{table} FINAL WHERE no < {FAR})" for table in ("events", "sessions")
    )
    engine.query(f"INSERT INTO {database}.events SELECT * REPLACE ({moved}) FROM {events}")
    engine.query(
        f"INSERT INTO {database}.sessions SELECT * REPLACE ({moved}, concat(id, '-{times}') AS id) FROM {sessions}"
    )


# --- conversations ---------------------------------------------------------------------------------------------------


def growth(engine: ClickHouse, folder: Path) -> Figure:
    """Measure the bytes of an agent's session whose calls send their whole history: of 200 calls against 100."""
    sizes = [_conversation(engine, folder, calls) for calls in (100, 200)]
    return Figure(
        "ClickHouse: a session of 200 calls with their history", sizes[1], "bytes", "ratio ≤ 2.3", sizes[0], "100 calls"
    )


def _conversation(engine: ClickHouse, folder: Path, calls: int) -> int:
    store = Store(engine, folder)
    store.start("agent")
    texts = [event.data["prompt"][1]["content"] for event in interactions(2 * calls, seed=calls)]
    history = [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(texts)]
    for number in range(calls):
        event = _call(number, NOW_US)
        data = event.data | {"prompt": history[: 2 * number + 1], "response": history[2 * number + 1]["content"]}
        whole = NewEvent(event.id, event.type, event.timestamp_us, event.received_us, data, call=event.call)
        store.opened.store.append(store.project, "agent", [whole], NOW_US).result()
    for table in ("events", "messages", "sessions"):
        engine.query(f"OPTIMIZE TABLE {store.database}.{table} FINAL")
    store.opened.close()
    return size(engine, store.database)
