"""How things look in a terminal: tables, times, money, and recorded text that cannot steer the terminal.

Recorded text is foreign: control characters and those that reverse a line's direction are shown, never sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def safe(text: str) -> str:
    """Return foreign text with what a terminal would obey made visible."""
    return UNSAFE.sub(lambda found: f"\\x{ord(found.group()):02x}", text.replace("\r\n", "\n"))


def line(text: str, limit: int = 120) -> str:
    """Return foreign text on one line, cut with an ellipsis."""
    folded = " ".join(safe(text).split())
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"


def print_table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: drawn in a terminal, tab-separated for whatever else reads it."""
    if not console.is_terminal:
        for row in (columns, *rows):
            print("\t".join(row))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold" if column == "session" else "ellipsis", no_wrap=column != "session")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


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


def dollars(cost: float) -> str:
    """Return US dollars, with as many digits as a small amount needs."""
    return f"${cost:.2f}" if cost >= 1 or cost == 0 else f"${cost:.6f}".rstrip("0")
