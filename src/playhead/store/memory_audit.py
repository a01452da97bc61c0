"""The memory store's audit log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from playhead.errors import Conflict
from playhead.model.audit import AuditEntry, EntryFilter, EntryPage, NewEntry, canonical, numbered, of_canonical


class MemoryAudit:
    """Implements ``AuditLog`` in a list for each project."""

    def __init__(self) -> None:
        self._entries: defaultdict[int, list[AuditEntry]] = defaultdict(list)

    def add_entries(self, entries: Sequence[NewEntry]) -> None:
        """Append entries, each with the next number of its project."""
        for entry in entries:
            self._enter(entry)

    def list_entries(
        self, project: int, where: EntryFilter, *, before: int | None = None, limit: int = 100
    ) -> EntryPage:
        """Return a page of a project's entries, newest first."""
        found = [entry for entry in reversed(self._entries[project]) if where.matches(entry)]
        behind = [entry for entry in found if before is None or entry.no < before]
        shown = behind[:limit]
        return EntryPage(shown, len(found), shown[-1].no if len(behind) > limit else None)

    def copy_entries(self, project: int, after: int = 0, limit: int = 1000) -> list[AuditEntry]:
        """Return entries in order of their numbers, from behind one."""
        return self._entries[project][after : after + limit]

    def keep_entries(self, project: int, entries: Sequence[AuditEntry]) -> None:
        """Append entries with the numbers that they have."""
        there = self._entries[project]
        kept = list(there)
        for entry in entries:
            if entry.no <= len(kept):
                if canonical(kept[entry.no - 1]) != canonical(entry):
                    raise Conflict
            elif entry.no == len(kept) + 1:
                kept.append(entry)
            else:
                raise Conflict
        self._entries[project] = kept

    def _enter(self, entry: NewEntry | None) -> None:
        """Append the entry of a change, if it has one."""
        if entry is not None:
            log = self._entries[entry.project_no]
            log.append(of_canonical(canonical(numbered(entry, len(log) + 1))))
