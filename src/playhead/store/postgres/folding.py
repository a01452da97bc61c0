"""Folding: news into rollups, a bounded number at a time, by one server at a time.

Owns ``rollups``, ``user_rollups``, ``model_rollups``, ``tag_rollups`` and ``latency_rollups``; nobody else writes them.
A fold is one transaction: what leaves the news and what enters the rollups never disagree, whoever reads meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from playhead.replay.histogram import EMPTY, histogram_of, packed, unpacked
from playhead.store.postgres.bulk import Columns, arrays, given
from playhead.store.postgres.connection import Db
from playhead.store.postgres.rollup_schema import (
    LATENCY_KEY,
    MODEL_KEY,
    MODEL_MEASURES,
    SESSION_KEY,
    SESSION_MEASURES,
    TAG_KEY,
    USER_KEY,
    start_sql,
)
from playhead.store.rows import Row
from playhead.store.spans import SPANS_US

LOCK: Final = 0x706C6179_00000004
"""The advisory lock that news are folded under."""
MOST_NEWS: Final = 400
"""So many news of one kind are left for readers to add: to fold a few costs as much as to fold many."""
AT_ONCE: Final = 10_000
"""News of one kind that are folded in one transaction."""

Targets: TypeAlias = Mapping[str, tuple[Sequence[str], Sequence[str]]]
"""Rollups by name: their keys and their measures."""

_SUMMED: Final[Mapping[str, Targets]] = {
    "session_news": {
        "rollups": (SESSION_KEY, tuple(SESSION_MEASURES)),
        "user_rollups": (USER_KEY, MODEL_MEASURES),
    },
    "model_news": {"model_rollups": (MODEL_KEY, MODEL_MEASURES)},
    "tag_news": {"tag_rollups": (TAG_KEY, ("sessions",))},
}
_CELL: Final[Columns] = {
    "project_no": "integer",
    "span_us": "bigint",
    "start_us": "bigint",
    "feature": "text",
    "model": "text",
}
_CELLS: Final[Columns] = {**_CELL, "calls": "bigint", "histogram": "bytea"}
_SAME: Final = " AND ".join(f"r.{name} = given.{name}" for name in _CELL)
_KNOWN: Final = (
    f"SELECT {', '.join(f'r.{name}' for name in _CELLS)} FROM {given(_CELL)} JOIN latency_rollups AS r ON {_SAME}"
)
_SAVE: Final = (
    f"MERGE INTO latency_rollups AS r USING {given(_CELLS)} ON {_SAME}"
    " WHEN MATCHED AND given.calls = 0 THEN DELETE"
    " WHEN MATCHED THEN UPDATE SET calls = given.calls, histogram = given.histogram"
    " WHEN NOT MATCHED AND given.calls = 0 THEN DO NOTHING"
    f" WHEN NOT MATCHED THEN INSERT VALUES ({', '.join(f'given.{name}' for name in _CELLS)})"
)


def fold(db: Db, most_left: int = MOST_NEWS) -> bool:
    """Fold news of each kind of which there are more than ``most_left``; say whether there may be more of them.

    Folds nothing while another server does.
    """
    with db.transaction():
        locked = db.execute("SELECT pg_try_advisory_xact_lock(%s)", (LOCK,)).fetchone()
        if locked is None or not locked[0]:
            return False
        folded = [_fold_sums(db, news, targets, most_left) for news, targets in _SUMMED.items()]
        folded.append(_fold_latencies(db, most_left))
        return AT_ONCE in folded


def _fold_sums(db: Db, news: str, targets: Targets, most_left: int) -> int:
    numbers = _oldest(db, news, most_left)
    if numbers:
        for rollups, (key, measures) in targets.items():
            db.execute(_merge_sql(news, rollups, key, measures), (numbers,))
        _forget(db, news, numbers)
    return len(numbers)


def _fold_latencies(db: Db, most_left: int) -> int:
    numbers = _oldest(db, "latency_news", most_left)
    if numbers:
        columns = ", ".join((*LATENCY_KEY, "sign", "latencies"))
        rows = db.execute(f"SELECT {columns} FROM latency_news WHERE no = ANY(%s)", (numbers,)).fetchall()
        _save(db, _gathered(rows))
        _forget(db, "latency_news", numbers)
    return len(numbers)


def _oldest(db: Db, news: str, most_left: int) -> list[int]:
    """Return the numbers of those that are folded now; none where there are few."""
    numbers = [no for (no,) in db.execute(f"SELECT no FROM {news} ORDER BY no LIMIT {AT_ONCE}")]
    return numbers if len(numbers) > most_left else []


def _forget(db: Db, news: str, numbers: list[int]) -> None:
    db.execute(f"DELETE FROM {news} WHERE no = ANY(%s)", (numbers,))


# --- sums ------------------------------------------------------------------------------------------------------------


def _merge_sql(news: str, rollups: str, key: Sequence[str], measures: Sequence[str]) -> str:
    """Return a statement that adds news to rollups; rows that come to nothing go away."""
    columns = {name: f"n.{name}" for name in key}
    spans = ""
    if "start_us" in key:
        columns |= {"start_us": start_sql("n.start_us", "span.span_us"), "span_us": "span.span_us"}
        spans = f" CROSS JOIN (VALUES {', '.join(f'({us})' for us in SPANS_US)}) AS span (span_us)"
    sums = ", ".join(f"sum(n.{name}) AS {name}" for name in measures)
    named = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    values = ", ".join(f"n.{name}" for name in (*columns, *measures))
    return (
        f"MERGE INTO {rollups} AS r USING (SELECT {named}, {sums} FROM {news} AS n{spans} WHERE n.no = ANY(%s)"
        f" GROUP BY {', '.join(columns.values())}) AS n ON {' AND '.join(f'r.{name} = n.{name}' for name in columns)}"
        f" WHEN MATCHED AND {' AND '.join(f'r.{name} + n.{name} = 0' for name in measures)} THEN DELETE"
        f" WHEN MATCHED THEN UPDATE SET {', '.join(f'{name} = r.{name} + n.{name}' for name in measures)}"
        f" WHEN NOT MATCHED AND {' AND '.join(f'n.{name} = 0' for name in measures)} THEN DO NOTHING"
        f" WHEN NOT MATCHED THEN INSERT ({', '.join((*columns, *measures))}) VALUES ({values})"
    )


# --- latencies -------------------------------------------------------------------------------------------------------


def _gathered(news: Iterable[Row]) -> dict[Row, tuple[int, int]]:
    """Return how many calls, and which histogram, are to be added to each span and cell."""
    changes: dict[Row, tuple[int, int]] = {}
    for project, start_us, feature, model, sign, latencies in news:
        histogram = sign * histogram_of(latencies)
        for span in SPANS_US:
            key = (project, span, start_us // span * span, feature, model)
            calls, known = changes.get(key, (0, EMPTY))
            changes[key] = (calls + sign * len(latencies), known + histogram)
    return changes


def _save(db: Db, changes: dict[Row, tuple[int, int]]) -> None:
    for *key, known_calls, data in db.execute(_KNOWN, arrays(_CELL, list(changes))):
        calls, histogram = changes[tuple(key)]
        changes[tuple(key)] = (known_calls + calls, unpacked(data) + histogram)
    rows: list[Any] = [(*key, calls, packed(histogram)) for key, (calls, histogram) in changes.items()]
    db.execute(_SAVE, arrays(_CELLS, rows))
