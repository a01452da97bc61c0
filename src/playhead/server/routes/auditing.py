"""The audit log of the caller's own project: read page by page, and exported. Nothing here changes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from playhead.model.answers.audit import AuditAnswer, AuditPagination
from playhead.model.audit import AuditEntry, EntryFilter, Target, canonical
from playhead.model.moment import format_us
from playhead.model.requests import AuditExportQuery, AuditFilter, AuditFormat, AuditQuery
from playhead.replay.tables import line
from playhead.server.exports import MEDIA_TYPES
from playhead.server.query import span_us
from playhead.server.routes.reading import BASE
from playhead.server.streaming import file_name, streamed
from playhead.server.table import Call, Route
from playhead.store.audit import AuditLog

LOG: Final = Target("audit")
COLUMNS: Final = (
    "no",
    "at",
    "action",
    "outcome",
    "reason",
    "actorKind",
    "actorId",
    "actorLabel",
    "targetKind",
    "targetId",
    "sessionId",
    "address",
    "agent",
    "details",
)


async def read_audit(call: Call) -> AuditAnswer:
    """Return a page of the log, newest first; that it is read is entered in it."""
    query: AuditQuery = call.query
    where = entry_filter(query)
    await call.services.audit.enter_once(call.entry("audit.read", LOG))
    page = await call.services.read(
        call.services.registry.list_entries, call.project.no, where, before=query.cursor, limit=query.limit
    )
    following = None if page.next is None else str(page.next)
    return AuditAnswer(
        data=page.entries, pagination=AuditPagination(limit=query.limit, total=page.total, next_cursor=following)
    )


async def export_audit(call: Call) -> Response:
    """Return the log as lines, oldest first; that it is exported is entered in it."""
    query: AuditExportQuery = call.query
    where = entry_filter(query)
    await call.services.audit.enter(call.entry("audit.export", LOG, format=query.format))
    chunks = audit_chunks(call.services.registry, call.project.no, where, query.format)
    return await streamed(call.services, chunks, MEDIA_TYPES[query.format], file_name("audit", query.format))


def entry_filter(query: AuditFilter) -> EntryFilter:
    """Return a query's filters in the log's units. Raises Invalid for a time that is none and a reversed range."""
    first_us, last_us = span_us(("from", query.from_), ("to", query.to))
    return EntryFilter(
        actions=tuple(dict.fromkeys(query.action or ())),
        actor=query.actor,
        target=query.target,
        session_id=query.session_id,
        from_us=first_us,
        until_us=None if last_us is None else last_us + 1,
    )


def audit_chunks(log: AuditLog, project: int, where: EntryFilter, kind: AuditFormat) -> Iterator[bytes]:
    """Yield a project's entries that match as lines of a kind, in order of their numbers: of NDJSON each in its
    canonical form. Blocks; in memory that does not grow with the log."""
    as_line = _csv_line if kind == "csv" else _json_line
    after, head = 0, line(list(COLUMNS)) if kind == "csv" else b""
    while entries := log.copy_entries(project, after):
        chunk = head + b"".join(as_line(entry) for entry in entries if where.matches(entry))
        after, head = entries[-1].no, b""
        if chunk:
            yield chunk
    if head:
        yield head


def _json_line(entry: AuditEntry) -> bytes:
    return canonical(entry) + b"\n"


def _csv_line(entry: AuditEntry) -> bytes:
    actor, target = entry.actor, entry.target
    said = (entry.no, format_us(entry.at_us), entry.action, entry.outcome, entry.reason)
    who = (actor.kind, actor.id, actor.label, target.kind, target.id, target.session_id)
    return line([*said, *who, entry.address, entry.agent, entry.details or None])


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{BASE}/audit",
        scope="admin",
        handler=read_audit,
        query=AuditQuery,
        answer=AuditAnswer,
        summary="Read the audit log: who did what, newest first",
        tag="audit",
    ),
    Route(
        method="GET",
        path=f"{BASE}/audit/export",
        scope="admin",
        handler=export_audit,
        query=AuditExportQuery,
        answer="text/csv",
        also=("application/x-ndjson",),
        summary="Export the audit log as CSV or NDJSON, oldest first",
        tag="audit",
    ),
)
