"""The audit log, as an admin reads it."""

from __future__ import annotations

from msgspec import Struct

from playhead.model.audit import AuditEntry


class AuditPagination(Struct, frozen=True, rename="camel", kw_only=True):
    """``total`` is exact; ``nextCursor`` asks for the entries before these."""

    limit: int
    total: int
    next_cursor: str | None = None


class AuditAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """A page of entries, newest first."""

    data: list[AuditEntry]
    pagination: AuditPagination
    success: bool = True
