"""What every engine promises of the audit log, and what engines with SQL share of it. Held to by the contract suite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from playhead.model.audit import AuditEntry, EntryFilter, EntryPage, NewEntry, canonical
from playhead.store.rows import Row


class AuditLog(Protocol):
    """Part of ``Registry``: an append-only log for each project.

    Entries of changes come with the changes (``entry``) and are committed with them, or not at all. Nothing changes or
    removes an entry, also not the erasing of what it is about.
    """

    def add_entries(self, entries: Sequence[NewEntry]) -> None:
        """Append entries, each with the next number of its project. Blocks until they are on stable storage; atomic."""
        ...

    def list_entries(
        self, project: int, where: EntryFilter, *, before: int | None = None, limit: int = 100
    ) -> EntryPage:
        """Return a page of a project's entries, newest first, from in front of the number ``before``."""
        ...

    # --- copying -------------------------------------------------------------------------------------------------

    def copy_entries(self, project: int, after: int = 0, limit: int = 1000) -> list[AuditEntry]:
        """Return entries in order of their numbers, from behind one."""
        ...

    def keep_entries(self, project: int, entries: Sequence[AuditEntry]) -> None:
        """Append entries with the numbers that they have; those that are there already are left. Atomic.

        Raises Conflict when another entry has one of the numbers, or when a number would be left out.
        """
        ...


AUDIT_COLUMNS: Final = ("project_no", "no", "at_us", "action", "actor_id", "target_id", "session_id", "entry")
"""The columns of ``audit``: what is asked for, and the entry in its canonical form, which is the truth."""


def entry_row(project: int, entry: AuditEntry) -> Row:
    """Return the values of ``AUDIT_COLUMNS``."""
    target = entry.target
    said = canonical(entry).decode()
    return (project, entry.no, entry.at_us, entry.action, entry.actor.id, target.id, target.session_id, said)


def conditions(project: int, where: EntryFilter, mark: str) -> tuple[str, list[object]]:
    """Return what stands behind WHERE for a filter, with a driver's mark for values, and the values."""
    asked: list[tuple[str, object]] = [
        ("project_no =", project),
        ("actor_id =", where.actor),
        ("target_id =", where.target),
        ("session_id =", where.session_id),
        ("at_us >=", where.from_us),
        ("at_us <", where.until_us),
    ]
    asked = [(condition, value) for condition, value in asked if value is not None]
    texts = [f"{condition} {mark}" for condition, _ in asked]
    if where.actions:
        texts.append(f"action IN ({', '.join([mark] * len(where.actions))})")
    return " AND ".join(texts), [*(value for _, value in asked), *where.actions]
