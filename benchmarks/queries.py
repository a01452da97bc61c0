"""Reading at 100,000 and at 1,000,000 recorded calls: lists, replays, searches and statistics over HTTP.

Each figure is the 95th percentile of many different requests over one connection, after one round of the same to warm
up; its reference is the same with a tenth of the sessions, asked in turns with it. Of every filter in every order
(``matrix``) two figures are shown: the slowest, and what grew most. ``PLAYHEAD_BENCH_DATA`` names where the data sets
are kept.
"""

from __future__ import annotations

import http.client
import os
import random
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise, product
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeAlias
from urllib.parse import quote, urlencode

import msgspec

from benchmarks.dataset import DAY_US, FIRST_US, SEED, dataset, session_id
from benchmarks.harness import BASE, Figure, Server, request
from benchmarks.matrix import Cell, cells, orders
from benchmarks.vocabulary import RARE_WORDS, Vocabulary
from playhead.replay.percentiles import percentile

FEW, MANY = 5_000, 50_000
DEPTH: Final = 0.8
REPEATS: Final = 3
GOALS_MS: Final = {
    "list: first page": 20,
    "list: first page, two filters": 20,
    "list: cursor at 80% of the depth": 20,
    "list: cursor at 80% of the depth, filtered": 20,
    "replay of 20 calls": 10,
    "search: rare word": 25,
    "search: common words": 60,
    "search: rare word, filtered": 25,
    "search: common word, filtered": 60,
    "search: phrase of a sentence": 2_500,
    "search: phrase of common words": 2_500,
    "statistics of all": 25,
    "statistics, filtered": 60,
    "facets of all": 60,
    "facets, filtered": 60,
}
ANY_LIST_MS: Final = 20
FILTERS: Final[tuple[dict[str, str], ...]] = (
    {"appFeature": "chat"},
    {"appFeature": "experimentation"},
    {"userId": "user-0001"},
    {"userId": "user-0700"},
    {"status": "completed"},
    {"status": "error"},
    {"status": "active"},
    {"hasErrors": "true"},
    {"hasErrors": "false"},
    {"aiModel": "gpt-4o"},
    {"aiModel": "deepseek-r1"},
    {"provider": "google"},
    {"tag": "prod"},
    {"tag": "legacy"},
    {"metadata.plan": "pro"},
    {"metadata.build": "77"},
    {"source": "telemetry"},
    {"source": "in-app"},
    {"label": "Checkout 7"},
    {"workspaceId": "workspace-07"},
    {"bookmarked": "true"},
    {"startDate": "2025-09-01", "endDate": "2025-09-30"},
    {"startDate": "2025-10-06"},
    {"minCost": "0.2"},
    {"maxTokens": "10000"},
    {"minDuration": "600000"},
    {"search": "stea"},
)
PAIRS: Final[tuple[dict[str, str], ...]] = (
    {"appFeature": "chat", "status": "error"},
    {"appFeature": "agent", "hasErrors": "true"},
    {"appFeature": "chat", "aiModel": "gpt-4o"},
    {"tag": "prod", "hasErrors": "true"},
    {"tag": "prod", "aiModel": "gpt-4o-mini"},
    {"userId": "user-0001", "status": "completed"},
    {"metadata.plan": "pro", "appFeature": "agent"},
    {"startDate": "2025-09-01", "hasErrors": "true"},
    {"startDate": "2025-09-20", "endDate": "2025-10-01", "tag": "web"},
    {"source": "in-app", "minCost": "0.1"},
    {"hasErrors": "true", "minDuration": "300000"},
    {"tag": "vip", "metadata.plan": "enterprise"},
    {"search": "stea", "tag": "prod"},
    {"search": "cipo", "appFeature": "experimentation"},
)


Asked: TypeAlias = tuple[http.client.HTTPConnection, Sequence[str]]
"""A connection to a server, and the paths that it is asked for."""


def run() -> Iterator[Figure]:
    """Measure both sizes, and answer with the larger beside the smaller."""
    root = Path(os.environ.get("PLAYHEAD_BENCH_DATA", Path(tempfile.gettempdir()) / "playhead-bench-data"))
    with serving(dataset(FEW, root)) as few, serving(dataset(MANY, root)) as many:
        of_few, of_many = questions(few, FEW), questions(many, MANY)
        for name, goal in GOALS_MS.items():
            yield _figure(name, p95s((many, of_many[name]), (few, of_few[name])), goal)
        yield from _of_cells(many, few)


def _of_cells(many: http.client.HTTPConnection, few: http.client.HTTPConnection) -> Iterator[Figure]:
    """Measure each filter in each order, and answer with the slowest and with what grew most."""
    took = times_of_cells(many, few)
    grown = max(took, key=lambda cell: took[cell][0] / took[cell][1])
    for what, cell in (("the slowest", slowest(took)[0]), ("grown most", grown)):
        yield _figure(f"list: any filter and sort, {what} ({' by '.join(cell)})", took[cell], ANY_LIST_MS)


def times_of_cells(*connections: http.client.HTTPConnection) -> dict[Cell, list[float]]:
    """Return the 95th percentile of lists by each filter in each order, of each of some servers."""
    took: dict[Cell, list[float]] = {}
    for cell, queries in cells():
        paths = [_path("list", query) for query in queries]
        took[cell] = p95s(*((connection, paths) for connection in connections), repeat=REPEATS)
    return took


def slowest(took: Mapping[Cell, list[float]]) -> tuple[Cell, list[float]]:
    """Return the filter and order that takes the first server longest."""
    return max(took.items(), key=lambda each: each[1][0])


def _figure(name: str, took: Sequence[float], goal: int) -> Figure:
    return Figure(f"{name}, p95", took[0], "ms", f"≤ {goal}, ratio ≤ 2", took[1], f"{20 * FEW:,} calls")


@contextmanager
def serving(place: Path | str) -> Iterator[http.client.HTTPConnection]:
    """Yield a connection to a server of its own on a data directory or a database."""
    running = Server(place)
    try:
        yield running.connect()
    finally:
        running.stop()


def p95(connection: http.client.HTTPConnection, paths: Sequence[str]) -> float:
    """Return the 95th percentile of the times that requests take, after each was made once to warm up."""
    return p95s((connection, paths))[0]


def p95s(*asked: Asked, repeat: int = 1) -> list[float]:
    """Return the same for each of some servers, which are asked in turns, so that whatever else the machine does meets
    all alike. A request that is repeated counts with its median.

    ``PLAYHEAD_BENCH_SLOWEST`` says how many of the slowest are printed.
    """
    for connection, paths in asked:
        for path in paths:
            request(connection, "GET", path)
    took: list[list[tuple[float, str]]] = [[] for _ in asked]
    for place in range(max(len(paths) for _, paths in asked)):
        for found, (connection, paths) in zip(took, asked, strict=True):
            for path in paths[place : place + 1]:
                found.append((median(_took(connection, path) for _ in range(repeat)), path))
    return [_p95(found) for found in took]


def _p95(found: list[tuple[float, str]]) -> float:
    took = sorted(found)
    for milliseconds, path in took[-1 : -1 - int(os.environ.get("PLAYHEAD_BENCH_SLOWEST", "0")) : -1]:
        print(f"{milliseconds:8.1f} ms {path[:150]}", flush=True)
    return percentile([milliseconds for milliseconds, _ in took], 95) or 0.0


def questions(connection: http.client.HTTPConnection, sessions: int) -> dict[str, list[str]]:
    """Return the requests of each group; those with cursors ask the server for them."""
    chance = random.Random(SEED)
    vocabulary = Vocabulary(SEED)
    rare = [vocabulary.rare(chance.randrange(RARE_WORDS)) for _ in range(60)]
    common = vocabulary.common[:60]
    groupings = [{"groupBy": name} for name in ("day", "model", "feature", "user")]
    days = [_days(chance) for _ in range(40)]
    return {
        "list: first page": [_list(where, order) for where, order in product(({}, *FILTERS), orders())],
        "list: first page, two filters": [_list(where, order) for where, order in product(PAIRS, orders())],
        "list: cursor at 80% of the depth": _deep(connection, [{}, *_ranges(chance, 5)]),
        "list: cursor at 80% of the depth, filtered": _deep(connection, FILTERS),
        "replay of 20 calls": [f"{BASE}/{session_id(chance.randrange(sessions))}" for _ in range(100)],
        "search: rare word": [_path("search", {"q": word}) for word in rare],
        "search: common words": [_path("search", {"q": " ".join(common[n : n + 1 + n % 3])}) for n in range(50)],
        "search: rare word, filtered": [
            _path("search", {"q": word} | where) for word, where in zip(rare, _cycle(FILTERS[:-1]), strict=False)
        ],
        "search: common word, filtered": [
            _path("search", {"q": word} | where) for word, where in zip(common, _cycle(FILTERS[:-1]), strict=False)
        ],
        "search: phrase of a sentence": [
            _path("search", {"q": f'"{sentence.rstrip(".")}"'}) for sentence in vocabulary.sentences[:20]
        ],
        "search: phrase of common words": [
            _path("search", {"q": f'"{one} {other}"'}) for one, other in pairwise(common[:11])
        ],
        "statistics of all": [_path("stats", one) for one in groupings * 10],
        "statistics, filtered": [_path("stats", one) for one in (*FILTERS[:-1], *days)],
        "facets of all": [_path("facets", {})] * 40,
        "facets, filtered": [_path("facets", one) for one in (*FILTERS[:-1], *days)],
    }


def _list(where: Mapping[str, str], order: Mapping[str, str], **more: str) -> str:
    return _path("list", {**where, **order, **more})


def _path(name: str, query: Mapping[str, str]) -> str:
    return f"{BASE}/{name}?{urlencode(query, quote_via=quote)}"


def _deep(connection: http.client.HTTPConnection, wheres: Iterable[Mapping[str, str]]) -> list[str]:
    """Return lists that go on behind a cursor, far down, in each order."""
    paths = []
    for where, order in product(wheres, orders()):
        total = _get(connection, _list(where, order))["pagination"]["total"]
        page = max(1, int(DEPTH * total / 20))
        cursor = _get(connection, _list(where, order, page=str(page)))["pagination"]["nextCursor"]
        if cursor is not None:
            paths.append(_list(where, order, cursor=cursor))
    return paths


def _ranges(chance: random.Random, count: int) -> list[dict[str, str]]:
    return [{"startDate": _date(chance.randrange(20))} for _ in range(count)]


def _days(chance: random.Random) -> dict[str, str]:
    first = chance.randrange(80)
    return {"startDate": _date(first), "endDate": _date(first + chance.choice((0, 1, 7)))}


def _date(day: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime((FIRST_US + day * DAY_US) / 1_000_000))


def _cycle(wheres: tuple[dict[str, str], ...]) -> Iterator[dict[str, str]]:
    return (wheres[n % len(wheres)] for n in range(10_000))


def _get(connection: http.client.HTTPConnection, path: str) -> Any:
    return msgspec.json.decode(request(connection, "GET", path))


def _took(connection: http.client.HTTPConnection, path: str) -> float:
    started = time.perf_counter()
    request(connection, "GET", path)
    return (time.perf_counter() - started) * 1000
