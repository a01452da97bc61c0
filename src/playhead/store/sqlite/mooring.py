"""Mooring: whether what a connection writes is still what lies in the directory.

A file that is deleted, moved or replaced under a program goes on taking what is written to it, and nobody finds that
again. Owns the look at the directory that keeps such writes from being acknowledged; opens and writes nothing.
"""

from __future__ import annotations

from pathlib import Path

from playhead.errors import Unavailable


class Mooring:
    """Files that are open, known from now on; one that is not there yet from when it first is."""

    def __init__(self, *paths: Path) -> None:
        self._paths = paths
        self._known = {path: place for path in paths if (place := _place_of(path)) is not None}

    def check(self) -> None:
        """Raise Unavailable when a file is gone, or is another than it was."""
        for path in self._paths:
            place = _place_of(path)
            if place is None or self._known.setdefault(path, place) != place:
                raise Unavailable(f"{path.name} was deleted, moved or replaced: put it back, or start the server again")


def _place_of(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
