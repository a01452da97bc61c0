"""Rollups: the histograms of latencies that are kept beside the sums.

Sums are kept by triggers (``rollup_schema``); this module keeps ``latency_rollups``, a histogram for each span, feature
and model, and ``latency_news``, what is to be added to them. It never reads ``events``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import apsw

from playhead.replay.histogram import EMPTY, histogram_of, packed, unpacked
from playhead.store.ledger import Ledger
from playhead.store.payload import from_json, to_json
from playhead.store.rows import MAX_SEQ, SEQ_BITS, Row
from playhead.store.spans import HOUR_US, SPANS_US
from playhead.store.sqlite.bulk import insert_rows

Cell: TypeAlias = tuple[int, int, str, str]
"""Project, a moment in microseconds, feature, model: what a histogram is of, but for the span."""

CELL: Final = "project_no, start_us, feature, model"
MOST_NEWS: Final = 400
_KEY: Final = "project_no, span_us, start_us, feature, model"
_LOAD: Final = (
    f"SELECT json_group_array(json_array({_KEY}, calls, hex(histogram))) FROM json_each(?) AS asked"
    " CROSS JOIN latency_rollups ON project_no = asked.value ->> 0 AND span_us = asked.value ->> 1"
    " AND start_us = asked.value ->> 2 AND feature = asked.value ->> 3 AND model = asked.value ->> 4"
)
_SAVE: Final = f"INSERT INTO latency_rollups ({_KEY}, calls, histogram)"
_SAVE_TAIL: Final = "ON CONFLICT DO UPDATE SET calls = excluded.calls, histogram = excluded.histogram"


# --- histograms of latencies -----------------------------------------------------------------------------------------


def save_latencies(db: apsw.Connection, ledgers: Iterable[Ledger]) -> None:
    """Add the latencies of the calls that ledgers have taken: as news, which are put into the histograms when there are
    many, because to change a histogram costs more than to note what is new."""
    gathered: defaultdict[Cell, list[float]] = defaultdict(list)
    for ledger in ledgers:
        start_us = ledger.started_us // HOUR_US * HOUR_US
        for model, latencies in ledger.latencies.items():
            gathered[ledger.project_no, start_us, ledger.feature, model] += latencies
    if gathered:
        rows = [(*cell, len(latencies), packed(histogram_of(latencies))) for cell, latencies in gathered.items()]
        insert_rows(db, f"INSERT INTO latency_news ({CELL}, calls, histogram)", rows)
        if db.last_insert_rowid() >= MOST_NEWS:  # they begin from 1 again when there are none
            take_news(db)


def take_news(db: apsw.Connection) -> None:
    """Put the news into the histograms."""
    gathered = _Gathered()
    rows: list[Row] = db.execute(f"SELECT {CELL}, calls, histogram FROM latency_news").fetchall()
    for project, start_us, feature, model, calls, histogram in rows:
        gathered.add((project, start_us, feature, model), calls, unpacked(histogram))
    db.execute("DELETE FROM latency_news")
    gathered.save(db)


def forget_latencies(db: apsw.Connection, session_no: int) -> None:
    """Take a session's latencies out of the histograms; to be called while its calls are there."""
    take_news(db)
    gathered = _Gathered()
    for cell, latencies in _recorded(db, "s.no = ?", (session_no,)):
        gathered.add(cell, -len(latencies), -histogram_of(latencies))
    gathered.save(db)
    db.execute("DELETE FROM latency_rollups WHERE calls = 0")


def fill_latencies(db: apsw.Connection) -> None:
    """Make the histograms of everything that is there; to be called when there are none."""
    gathered = _Gathered()
    for cell, latencies in _recorded(db, "1", ()):
        gathered.add(cell, len(latencies), histogram_of(latencies))
    gathered.save(db)


class _Gathered:
    """What is to be added to the histograms: a count and a histogram for each span and cell."""

    def __init__(self) -> None:
        self._changes: dict[tuple[Any, ...], tuple[int, int]] = {}

    def add(self, cell: Cell, calls: int, histogram: int) -> None:
        """Take calls, or with a minus take them away."""
        project, started_us, feature, model = cell
        for span in SPANS_US:
            key = (project, span, started_us // span * span, feature, model)
            known_calls, known = self._changes.get(key, (0, EMPTY))
            self._changes[key] = (known_calls + calls, known + histogram)

    def save(self, db: apsw.Connection) -> None:
        """Add everything to the rows of the histograms."""
        if not self._changes:
            return
        known = from_json(db.execute(_LOAD, (to_json(list(self._changes)).decode(),)).get)
        for *key, known_calls, data in known:
            calls, histogram = self._changes[tuple(key)]
            self._changes[tuple(key)] = (known_calls + calls, unpacked(bytes.fromhex(data)) + histogram)
        rows = [(*key, calls, packed(histogram)) for key, (calls, histogram) in self._changes.items()]
        insert_rows(db, _SAVE, rows, _SAVE_TAIL)


def _recorded(db: apsw.Connection, condition: str, values: Sequence[int]) -> Iterator[tuple[Cell, list[float]]]:
    """Yield the latencies of each session and model, behind the cell that they belong into."""
    rows = db.execute(
        "SELECT s.project_no, s.started_us, s.feature, json_group_array(json_array(c.model, c.latency_ms))"
        f" FROM sessions AS s CROSS JOIN calls AS c ON c.no BETWEEN s.no << {SEQ_BITS} AND (s.no << {SEQ_BITS}) +"
        f" {MAX_SEQ} WHERE {condition} AND c.latency_ms IS NOT NULL GROUP BY s.no",
        values,
    )
    for project, started_us, feature, calls in rows:
        by_model: defaultdict[str, list[float]] = defaultdict(list)
        for model, latency_ms in from_json(calls):
            by_model[model].append(latency_ms)
        for model, latencies in by_model.items():
            yield (project, started_us, feature, model), latencies
