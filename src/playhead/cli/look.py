"""How things look in a terminal: tables, times, money, and recorded text that cannot steer the terminal.

Recorded text is foreign: control characters and those that reverse a line's direction are shown, never sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

ELASTIC_WIDTH = 16
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def safe(text: str) -> str:
    """Return foreign text with what a terminal would obey made visible."""
    return UNSAFE.sub(lambda found: f"\\x{ord(found.group()):02x}", text.replace("\r\n", "\n"))


def line(text: str, limit: int = 120) -> str:
    """Return foreign text on one line, cut with an ellipsis."""
    folded = " ".join(safe(text).split())
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"


def print_table(
    console: Console,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    elastic: str,
    spare: Sequence[str] = (),
) -> None:
    """Print a table: drawn in a terminal, tab-separated and whole for whatever else reads it.

    In a narrow terminal the ``spare`` columns are left out, the first named first; the ``elastic`` one is cut, and no
    other, since half an id is none.
    """
    cells = [list(columns), *map(list, rows)]
    if not console.is_terminal:
        for row in cells:
            print("\t".join(row))
        return
    shown = _that_fit(console.width, cells, elastic, list(spare))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place in shown:
        cut = columns[place] == elastic
        width = None if cut else max(cell_len(row[place]) for row in cells)
        table.add_column(columns[place], no_wrap=not cut, min_width=width)
    for row in cells[1:]:
        table.add_row(*(Text(row[place], no_wrap=True, overflow="ellipsis") for place in shown))
    console.print(table)


def _that_fit(width: int, cells: list[list[str]], elastic: str, spare: list[str]) -> list[int]:
    """Return the places of the columns that a terminal has room for."""
    header = cells[0]
    widths = [max(cell_len(row[place]) for row in cells) for place in range(len(header))]
    widths[header.index(elastic)] = ELASTIC_WIDTH
    shown = list(range(len(header)))
    while spare and sum(widths[place] + 1 for place in shown) > width:
        shown.remove(header.index(spare.pop(0)))
    return shown


def when(moment: datetime) -> str:
    """Return a moment in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def lasted(milliseconds: float) -> str:
    """Return a length of time as a person would say it."""
    seconds = milliseconds / 1000
    if seconds < 1:
        return f"{milliseconds:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def offset(milliseconds: float) -> str:
    """Return a place in a session as minutes, seconds and tenths."""
    minutes, rest = divmod(max(milliseconds, 0.0) / 1000, 60)
    return f"{int(minutes):02d}:{rest:04.1f}"


def known_cost(cost: float, unpriced: int) -> str:
    """Return what calls cost, and ``unknown`` where none of it is known: ``unpriced`` of them have no known price."""
    return "unknown" if unpriced and not cost else dollars(cost)


def dollars(cost: float) -> str:
    """Return US dollars, with as many digits as a small amount needs."""
    return f"${cost:.2f}" if cost >= 1 or cost == 0 else f"${cost:.6f}".rstrip("0")
