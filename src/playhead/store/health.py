"""Health: what an engine finds when its database is examined. One form for every engine.

Structs alone; an engine fills them (``Doctor``) and ``playhead doctor`` prints them. A finding is a sentence for
somebody who does not know the tables, and says what to do where there is something to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

Level: TypeAlias = Literal["ok", "warning", "error"]
"""What a finding means: in order; works, but look at it; recordings are damaged or missing."""


class Finding(Struct, frozen=True):
    """One thing that was looked at, and how it is."""

    level: Level
    subject: str
    message: str


class Size(Struct, frozen=True, rename="camel"):
    """The bytes that a file, table or index takes on the disk."""

    name: str
    size_bytes: int


class Health(Struct, frozen=True, rename="camel"):
    """How a database is: findings in the order in which they were made, sizes biggest first, counts by name."""

    engine: str
    place: str
    findings: list[Finding]
    files: list[Size]
    tables: list[Size]
    counts: dict[str, int]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is damaged."""
        return all(finding.level != "error" for finding in self.findings)


class Doctor(Protocol):
    """Examines a database, beside whoever uses it, and changes nothing."""

    def __call__(self, data_dir: Path, /, *, thorough: bool = False) -> Health:
        """Return how it is. ``thorough`` reads every page and every event rather than samples of them.

        Damage is a finding and not raised. Raises StoreFull when the disk has not even the room to look.
        """
        ...


class Compaction(Struct, frozen=True, rename="camel"):
    """What compacting did: bytes of the files before and after, payloads made shorter, and what was left undone."""

    before_bytes: int
    after_bytes: int
    dictionary: int
    repacked: int
    repacked_before_bytes: int
    repacked_after_bytes: int
    remarks: list[str]
