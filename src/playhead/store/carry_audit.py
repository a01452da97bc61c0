"""Carrying a project's audit log into another store: entry by entry, with the numbers that they have, and compared."""

from __future__ import annotations

from playhead.errors import Conflict
from playhead.model.audit import canonical
from playhead.store.audit import AuditLog


def carry_audit(source: AuditLog, project: int, target: AuditLog, made: int) -> int:
    """Append what the target lacks of a project's log, and return how many entries both have now.

    Raises Conflict when the target's log has gone another way, or does not give back what it was given.
    """
    after = count = 0
    while entries := source.copy_entries(project, after):
        target.keep_entries(made, entries)
        kept = target.copy_entries(made, after, len(entries))
        if [canonical(entry) for entry in kept] != [canonical(entry) for entry in entries]:
            raise Conflict("The target gives back other entries than it was given")
        after = entries[-1].no
        count += len(entries)
    return count
