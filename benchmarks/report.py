"""What becomes of figures: a table to read, JSON to compare, both with the machine that they were measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from benchmarks.harness import Figure

RESULTS = Path(__file__).parent / "results"
HEADER = (
    "| measured | figure | goal | met | reference, same run | ratio |",
    "| --- | ---: | ---: | --- | ---: | ---: |",
)


class Part(msgspec.Struct, frozen=True):
    """One benchmark's figures, and why it ended before its time if it did."""

    name: str
    figures: Sequence[Figure]
    failure: str = ""


class Machine(msgspec.Struct, frozen=True):
    """What was measured on. ``load`` is how busy the machine was in the last minute, in running processes."""

    cores: int
    memory_gib: float
    python: str
    system: str
    day: str
    load: float

    def __str__(self) -> str:
        return (
            f"{self.cores} cores, {self.memory_gib:.0f} GiB, Python {self.python}, {self.system}, {self.day},"
            f" load {self.load:.1f}"
        )


def machine() -> Machine:
    """Return this machine."""
    return Machine(
        cores=os.cpu_count() or 0,
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        python=platform.python_version(),
        system=platform.system(),
        day=str(datetime.now(UTC).date()),
        load=round(os.getloadavg()[0], 2),
    )


def keep(parts: Sequence[Part], folder: Path = RESULTS) -> str:
    """Write ``results.md`` and ``results.json``, and return the table."""
    here = machine()
    table = as_table(here, parts)
    folder.mkdir(exist_ok=True)
    (folder / "results.md").write_text(table + "\n", encoding="utf-8")
    (folder / "results.json").write_bytes(msgspec.json.format(msgspec.json.encode(as_json(here, parts))))
    return table


def as_table(here: Machine, parts: Sequence[Part]) -> str:
    """Return figures as a Markdown table, and below it what failed."""
    rows = [row(figure) for part in parts for figure in part.figures]
    failed = [f"{part.name} failed: {part.failure}" for part in parts if part.failure]
    return "\n".join([str(here), "", *HEADER, *rows, *(["", *failed] if failed else [])])


def row(figure: Figure) -> str:
    """Return one line of the table."""
    reference = f"{number(figure.reference)} ({figure.reference_name})" if figure.reference is not None else ""
    ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else ""
    met = {None: "", True: "yes", False: "no"}[figure.met]
    return f"| {figure.name} | {number(figure.value)} {figure.unit} | {figure.goal} | {met} | {reference} | {ratio} |"


def as_json(here: Machine, parts: Sequence[Part]) -> object:
    """Return the same for a program: each figure with its ratio, and whether its goal was met (null: it has none)."""
    return {
        "machine": here,
        "figures": [
            {"benchmark": part.name, **msgspec.structs.asdict(figure), "ratio": figure.ratio, "met": figure.met}
            for part in parts
            for figure in part.figures
        ],
        "failures": {part.name: part.failure for part in parts if part.failure},
    }


def number(value: float) -> str:
    """Return a figure with three or four significant digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
