"""Spans: the hours and days that rollups are kept by, and which part of a question they answer.

Runs no statement. A question is divided so that no session is in two parts: whole days, whole hours around them,
and the edges, which have to be asked of sessions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from playhead.model.filters import SessionFilter
from playhead.model.moment import DAY_US
from playhead.store.rows import comparable

HOUR_US: Final = DAY_US // 24
SPANS_US: Final = (HOUR_US, DAY_US)
EVERY: Final = SessionFilter()
KNOWN: Final = {
    "rollups": ("feature", "source", "status"),
    "model_rollups": ("feature", "source"),
    "latency_rollups": ("feature",),
}
"""The members of a filter that rollups know beside the time."""


class Rolled(Struct, frozen=True):
    """A part of a question that rollups answer: spans of one length, from a start on and until another, None: all."""

    span_us: int
    first_us: int | None = None
    until_us: int | None = None

    def where(self, project: int, where: SessionFilter, members: Sequence[str]) -> tuple[str, list[Any]]:
        """Return the condition on a table of rollups, with ``?`` for its values, and these."""
        return _conjunction([("span_us = ?", self.span_us), *self._clauses(project, where, members)])

    def spanless_where(self, project: int, where: SessionFilter, members: Sequence[str]) -> tuple[str, list[Any]]:
        """Return the same on a table without spans: of what is to be added to rollups, or of sums over any time."""
        return _conjunction(self._clauses(project, where, members))

    def _clauses(self, project: int, where: SessionFilter, members: Sequence[str]) -> list[tuple[str, Any]]:
        clauses: list[tuple[str, Any]] = [("project_no = ?", project)]
        if self.first_us is not None:
            clauses.append(("start_us >= ?", comparable(self.first_us)))
        if self.until_us is not None:
            clauses.append(("start_us < ?", comparable(self.until_us)))
        return clauses + [(f"{name} = ?", value) for name in members if (value := getattr(where, name)) is not None]


def parts_of(
    where: SessionFilter, members: Sequence[str], longest_us: int = DAY_US
) -> tuple[list[Rolled], list[SessionFilter]]:
    """Divide a question into what rollups answer and what has to be asked of sessions; no session is in two parts.

    ``members`` are those of a filter that the rollups know beside the time, ``longest_us`` is the longest span wanted.
    """
    if not _is_known(where, members):
        return [], [where]
    first, until = where.started_from_us, _after(where.started_until_us)
    hours = (_up(first, HOUR_US), _down(until, HOUR_US))
    if _is_empty(*hours):
        return [], [where]
    rest = [*_edge(where, first, hours[0]), *_edge(where, hours[1], until)]
    days = (_up(first, DAY_US), _down(until, DAY_US))
    if longest_us < DAY_US or _is_empty(*days):
        return [Rolled(HOUR_US, *hours)], rest
    around = [Rolled(HOUR_US, hours[0], days[0]), Rolled(HOUR_US, days[1], hours[1])]
    return [Rolled(DAY_US, *days), *(one for one in around if one.first_us != one.until_us)], rest


def _is_known(where: SessionFilter, members: Sequence[str]) -> bool:
    unknown = set(SessionFilter.__struct_fields__) - {*members, "started_from_us", "started_until_us"}
    return all(getattr(where, name) == getattr(EVERY, name) for name in unknown)


def _edge(where: SessionFilter, first_us: int | None, until_us: int | None) -> Iterator[SessionFilter]:
    if first_us is not None and until_us is not None and first_us < until_us:
        yield replace(where, started_from_us=first_us, started_until_us=until_us - 1)


def _is_empty(first_us: int | None, until_us: int | None) -> bool:
    return first_us is not None and until_us is not None and first_us >= until_us


def _after(last_us: int | None) -> int | None:
    return None if last_us is None else last_us + 1


def _up(moment_us: int | None, span_us: int) -> int | None:
    return None if moment_us is None else -(-moment_us // span_us) * span_us


def _down(moment_us: int | None, span_us: int) -> int | None:
    return None if moment_us is None else moment_us // span_us * span_us


def _conjunction(clauses: list[tuple[str, Any]]) -> tuple[str, list[Any]]:
    return " AND ".join(sql for sql, _ in clauses), [value for _, value in clauses]
