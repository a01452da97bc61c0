"""Run every benchmark that is there, or those named: ``python -m benchmarks [ingest startup storage long_session]``.

Prints a table, and writes it and its JSON into ``benchmarks/results/`` (not kept in git), with the machine's size. A
part that fails is said, does not hide the others, and makes the command leave with 1.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback

from benchmarks.harness import Figure
from benchmarks.report import Part, keep

BENCHMARKS = (
    "startup",
    "ingest",
    "queries",
    "storage",
    "long_session",
    "postgres",
    "clickhouse",
)
"""What runs when nothing is named, as far as it is there; ``recorder`` and ``peers`` want packages of others."""


def main(names: list[str]) -> int:
    """Measure, print and keep; return 1 if a part failed."""
    parts = [measured(name) for name in names or BENCHMARKS if names or is_there(name)]
    print(keep(parts))
    return int(any(part.failure for part in parts))


def is_there(name: str) -> bool:
    """Say whether there is a benchmark of this name."""
    return importlib.util.find_spec(f"benchmarks.{name}") is not None


def measured(name: str) -> Part:
    """Run one benchmark as far as it goes."""
    print(f"measuring {name} …", file=sys.stderr, flush=True)
    figures: list[Figure] = []
    try:
        for figure in importlib.import_module(f"benchmarks.{name}").run():
            figures.append(figure)  # noqa: PERF402  # one by one: what was measured before a failure stays
    except (Exception, SystemExit) as failure:  # noqa: BLE001  # whatever it is, the others are measured
        traceback.print_exc()
        return Part(name, figures, f"{type(failure).__name__}: {failure}")
    return Part(name, figures)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
