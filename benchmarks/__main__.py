"""Run every benchmark, or those named: ``python -m benchmarks [ingest startup storage long_session]``.

Prints a table, and writes it with its JSON into ``benchmarks/results/`` (not kept in git), with the machine's size.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmarks.harness import Figure

BENCHMARKS = ("startup", "ingest", "storage", "long_session", "queries")
RESULTS = Path(__file__).parent / "results"


def main(names: list[str]) -> None:
    """Measure, print and keep."""
    figures: list[Figure] = []
    for name in names or BENCHMARKS:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        figures += importlib.import_module(f"benchmarks.{name}").run()
    table = f"{machine()}\n\n{as_table(figures)}"
    print(table)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "results.md").write_text(table + "\n", encoding="utf-8")
    (RESULTS / "results.json").write_bytes(msgspec.json.format(msgspec.json.encode(figures)))


def machine() -> str:
    """Return what the figures were measured on."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    today = datetime.now(UTC).date()
    return (
        f"{os.cpu_count()} cores, {memory_gb:.0f} GiB, Python {platform.python_version()}, {platform.system()}, {today}"
    )


def as_table(figures: list[Figure]) -> str:
    """Return figures as a Markdown table."""
    rows = ["| measured | figure | goal | reference, same run | ratio |", "| --- | ---: | ---: | ---: | ---: |"]
    for one in figures:
        reference = f"{number(one.reference)} ({one.reference_name})" if one.reference is not None else ""
        ratio = f"{one.ratio:.2f}" if one.ratio is not None else ""
        rows.append(f"| {one.name} | {number(one.value)} {one.unit} | {one.goal} | {reference} | {ratio} |")
    return "\n".join(rows)


def number(value: float) -> str:
    """Return a figure with three or four significant digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main(sys.argv[1:])
