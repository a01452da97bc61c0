"""What recordings take on the disk, and how far the search index is behind them.

Interactions of 2.7 kB, written in prose, go to a real server over HTTP at a steady rate, 100 a request, in sessions of
20 of which 50 are under way at once. The index is watched from outside: at every moment, how long ago that was queued
which it does not hold yet. When the server has stopped, every table's pages are counted, and compared with the JSON
that was sent. An agent's session sends its whole history with each call.

    python -m benchmarks storage
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import apsw
import msgspec

from benchmarks.harness import BASE, Figure, Server, request, starts
from benchmarks.prose import Prose

SIZE, BATCH, EACH, AT_ONCE = 2700, 100, 20, 50
CALLS = 100
RATE, SECONDS = 2_000, 25
SENDERS = 2
WATCH_S = 0.02
PATIENCE_S = 300.0
FILES = ("playhead.db", "search.db")
SIZES = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name"
START_MS = 1_760_000_000_000


def run() -> Iterator[Figure]:
    """Measure the lag of the index, bytes an interaction, and the growth of an agent's session."""
    yield from steady()
    yield from agent()


# --- interactions at a steady rate -----------------------------------------------------------------------------------


def steady() -> Iterator[Figure]:
    """Measure how far the index is behind while interactions arrive, and then what they take: by file, by table."""
    load = list(bodies(Prose(1), RATE * SECONDS))
    raw = sum(size for _, size in load) / (RATE * SECONDS)
    with tempfile.TemporaryDirectory(prefix="playhead-bench-") as folder:
        data_dir = Path(folder)
        yield from lag(data_dir, [body for body, _ in load])
        yield from taken(data_dir, raw)
        compact(data_dir)
        size = sum((data_dir / name).stat().st_size for name in FILES) / (RATE * SECONDS)
        yield Figure("bytes an interaction, compacted", size, "B", "ratio ≤ 0.75", raw, "raw JSON")


def lag(data_dir: Path, load: Sequence[bytes]) -> Iterator[Figure]:
    """Send all that at the rate, wait for the index, stop the server."""
    running = Server(data_dir)
    try:
        watch = Lag(data_dir)
        took = send_steadily(running, load)
        watch.stop()
        wait_for_index(data_dir)
    finally:
        running.stop()
    name = f"index lag at {RATE * SECONDS / took:,.0f} interactions/s for {took:.0f} s"
    yield Figure(f"{name}, p95", statistics.quantiles(watch.seconds, n=20)[-1], "s", "≤ 1")
    yield Figure(f"{name}, most", max(watch.seconds), "s", "≤ 1")


def taken(data_dir: Path, raw: float) -> Iterator[Figure]:
    """Measure the bytes of an interaction: in all, by file, by table."""
    number = RATE * SECONDS
    files = {name: (data_dir / name).stat().st_size / number for name in FILES}
    yield Figure("bytes an interaction", sum(files.values()), "B", "ratio ≤ 0.75", raw, "raw JSON")
    for name, size in files.items():
        yield Figure(f"… {name}", size, "B", "", raw, "raw JSON")
    for name, size in sizes(data_dir):
        if size / number >= 2:
            yield Figure(f"… … {name}", size / number, "B", "", raw, "raw JSON")


def compact(data_dir: Path) -> None:
    """Have the command line compact a directory."""
    command = [sys.executable, "-m", "playhead", "compact", "--data-dir", str(data_dir)]
    subprocess.run(command, check=True, capture_output=True)


def bodies(prose: Prose, number: int) -> Iterator[tuple[bytes, int]]:
    """Yield request bodies, and how many bytes of each are interactions: sessions that go on in turn, some at once."""
    for first in range(0, number, EACH * AT_ONCE):
        ids = [f"inapp_chat_{START_MS + first}_{prose.hexadecimal(26)}" for _ in range(AT_ONCE)]
        yield starts(ids), 0
        for done in range(0, EACH * AT_ONCE, BATCH):
            events = [event(prose, first + done + place) for place in range(BATCH)]
            sent = [{"sessionId": ids[place % AT_ONCE], **one} for place, one in enumerate(events)]
            yield msgspec.json.encode({"events": sent}), sum(len(msgspec.json.encode(one)) for one in events)


def event(prose: Prose, number: int) -> dict[str, Any]:
    """Return an interaction as it is sent, about 2.7 kB of JSON."""
    size = (SIZE - 500) // 2
    return {
        "id": prose.hexadecimal(32),
        "type": "interaction",
        "timestamp": START_MS + number * 10,
        "data": prose.call(prose.text(size), prose.text(size)),
    }


def sizes(data_dir: Path) -> list[tuple[str, int]]:
    """Return the bytes of every table and index of both files, biggest first."""
    found: list[tuple[str, int]] = []
    for name in FILES:
        with closing(apsw.Connection(str(data_dir / name))) as db:
            rows: list[Any] = db.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall()
            found += rows
    return sorted(found, key=lambda each: -each[1])


def wait_for_index(data_dir: Path) -> None:
    """Return when the index holds everything that was acknowledged."""
    with closing(Watch(data_dir)) as watch:
        until = time.monotonic() + PATIENCE_S
        while watch.look()[1] < watch.look()[0]:
            if time.monotonic() > until:
                raise SystemExit("the index does not catch up")
            time.sleep(WATCH_S)


# --- an agent's session ----------------------------------------------------------------------------------------------


def agent() -> Iterator[Figure]:
    """Measure what a session takes whose calls each repeat all that was said before."""
    empty = session_of(0)
    once, twice = session_of(CALLS), session_of(2 * CALLS)
    for name in ("playhead.db", "search.db"):
        yield Figure(
            f"an agent's session of {2 * CALLS} calls, {name}",
            (twice[name] - empty[name]) / 1000,
            "kB",
            "ratio ≤ 2.3",
            (once[name] - empty[name]) / 1000,
            f"{CALLS} calls",
        )


def session_of(calls: int) -> dict[str, int]:
    """Record an agent's session of so many calls; return the bytes of both files' used pages.

    Compacted, because an index whose parts happen to have been merged just now is that much smaller than another.
    """
    prose = Prose(2)
    with tempfile.TemporaryDirectory(prefix="playhead-bench-") as folder:
        data_dir = Path(folder)
        running = Server(data_dir)
        try:
            running.send("POST", f"{BASE}/events", starts(["agent"]))
            said = [{"role": "system", "content": prose.text(1000)}]
            for number in range(calls):
                said.append({"role": "user", "content": prose.text(500)})
                answer = prose.text(800)
                one = {
                    "sessionId": "agent",
                    "id": prose.hexadecimal(32),
                    "type": "interaction",
                    "timestamp": START_MS + number * 1000,
                    "data": prose.call(said, answer),
                }
                running.send("POST", f"{BASE}/events", msgspec.json.encode({"events": [one]}))
                said.append({"role": "assistant", "content": answer})
            wait_for_index(data_dir)
        finally:
            running.stop()
        compact(data_dir)
        return {name: used(data_dir / name) for name in FILES}


def used(path: Path) -> int:
    """Return the bytes of a database's pages without the free ones."""
    with closing(apsw.Connection(str(path))) as db:
        return int((db.pragma("page_count") - db.pragma("freelist_count")) * db.pragma("page_size"))


# --- watching --------------------------------------------------------------------------------------------------------


class Watch:
    """Looks at the queue of the index and at its position, from outside the server."""

    def __init__(self, data_dir: Path) -> None:
        self._db = apsw.Connection(str(data_dir / FILES[0]))
        self._index = apsw.Connection(str(data_dir / FILES[1]))
        for db in (self._db, self._index):
            db.set_busy_timeout(5000)

    def look(self) -> tuple[int, int]:
        """Return the last row that was queued, and the last that is in the index."""
        queued = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'index_queue'").get or 0
        return int(queued), int(self._index.execute("SELECT queue_no FROM position").get)

    def close(self) -> None:
        """Close both files."""
        self._db.close()
        self._index.close()


class Lag:
    """Takes down, again and again, how long ago that was queued which is not in the index; a thread of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.seconds: list[float] = []
        self._data_dir = data_dir
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        """Take nothing more down."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        waiting: list[tuple[float, int]] = []
        with closing(Watch(self._data_dir)) as watch:
            while not self._over.wait(WATCH_S):
                now = time.perf_counter()
                queued, indexed = watch.look()
                if not waiting or queued > waiting[-1][1]:
                    waiting.append((now, queued))
                waiting = [each for each in waiting if each[1] > indexed]
                self.seconds.append(now - waiting[0][0] if waiting else 0.0)


def send_steadily(running: Server, load: Sequence[bytes]) -> float:
    """Send the bodies in order at the rate, over a few connections; return the seconds that it took."""
    numbers = count()
    started = time.perf_counter()
    every_s = SECONDS / len(load)

    def send() -> None:
        with closing(running.connect()) as connection:
            while (number := next(numbers)) < len(load):
                time.sleep(max(0.0, started + number * every_s - time.perf_counter()))
                request(connection, "POST", f"{BASE}/events", load[number])

    threads = [threading.Thread(target=send) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started
