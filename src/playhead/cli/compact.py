"""``playhead compact``: brings a data directory to its smallest form and says what that gained."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from playhead.cli.doctor import directory_of
from playhead.cli.options import DataDir

if TYPE_CHECKING:
    from playhead.store.health import Compaction


def compact(
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Make the recordings smaller: train a dictionary, compress again what older ones made, write files without gaps.

    May be cut off at any point and run again. Beside a running server it works in steps of some milliseconds and leaves
    the files' gaps alone; without one it needs as much free room as the recordings take.
    """
    directory = directory_of(data_dir)
    os.environ.setdefault("SQLITE_TMPDIR", str(directory))  # a copy of recordings belongs nowhere else
    from playhead.store.sqlite.compacting import compact as compact_directory

    done = compact_directory(directory, _say)
    if as_json:
        import msgspec

        print(msgspec.json.format(msgspec.json.encode(done)).decode())
    else:
        _print(done)


def _say(what: str) -> None:
    print(f"{what} …", file=sys.stderr, flush=True)


def _print(done: Compaction) -> None:
    saved = done.before_bytes - done.after_bytes
    share = abs(saved) / done.before_bytes if done.before_bytes else 0
    change = "less" if saved >= 0 else "more"
    print(f"{done.before_bytes:,} bytes before, {done.after_bytes:,} after: {abs(saved):,} {change} ({share:.0%})")
    if done.repacked:
        print(
            f"{done.repacked:,} payloads compressed again: "
            f"{done.repacked_before_bytes:,} bytes before, {done.repacked_after_bytes:,} after"
        )
    for remark in done.remarks:
        print(remark)
