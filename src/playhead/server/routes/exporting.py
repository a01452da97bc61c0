"""Exporting: one session as a file (one of them a page) or inside an answer, many sessions as a stream of lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct
from starlette.responses import Response

from playhead.errors import Invalid, NotBuilt, SessionNotFound, TooLarge
from playhead.model.answers import ExportAnswer, Replay
from playhead.model.audit import Target, session_target
from playhead.model.filters import SessionFilter
from playhead.model.requests import (
    BulkExportQuery,
    BulkExportRequest,
    BulkFormat,
    ExportFormat,
    ExportQuery,
    ExportRequest,
    FilterQuery,
)
from playhead.replay.events import decode_json
from playhead.server.body import check_depth
from playhead.server.documents import replay_chunks
from playhead.server.exports import MEDIA_TYPES, bulk_chunks, export_chunks, html_chunks
from playhead.server.present import api_url
from playhead.server.problems import of_decoding
from playhead.server.query import convert, filter_of
from playhead.server.routes.reading import BASE, in_envelope, view_of
from playhead.server.streaming import file_name, streamed
from playhead.server.table import Call, Route
from playhead.server.view import View
from playhead.server.witness import filter_names

OWN_MEMBERS: Final = ("format", "redact", "filters")


async def export_session(call: Call) -> Response:
    """Return one session: as JSON in the envelope or bare as a download, or as a download of lines or of a page."""
    query: ExportQuery = call.query
    body: ExportRequest = call.body or ExportRequest()
    kind = query.format or body.format
    view = view_of(call, redact=body.redact if query.redact is None else query.redact)
    response = await _exported(call, view, kind, download=query.download)
    target = session_target(view.session_id)
    await call.services.audit.enter(call.entry("session.export", target, format=kind, redact=view.redact))
    return response


async def _exported(call: Call, view: View, kind: ExportFormat, *, download: bool) -> Response:
    if kind == "html":
        return await _download(call, html_chunks(view), view.session_id, kind)
    if kind != "json":
        return await _download(call, export_chunks(view, kind), view.session_id, kind)
    document = replay_chunks(view, limit=None)
    if download:
        return await _download(call, document, view.session_id, kind)
    return await streamed(call.services, in_envelope(document, b'"format":"json",'), MEDIA_TYPES["json"])


async def get_export(call: Call) -> Response:
    """Return one session as the query wants it."""
    return await export_session(call)


async def export_sessions(call: Call) -> Response:
    """Return every session that matches, as lines; filters stand in the query, in the body, or in both."""
    wanted = _wanted(call)
    asked = _both(call.query, wanted.filters)
    kind: BulkFormat = call.query.format or wanted.format
    redact = wanted.redact if call.query.redact is None else call.query.redact
    chunks = bulk_chunks(_views(call, filter_of(asked), redact=redact), kind)
    response = await _download(call, chunks, "sessions", kind)
    details = {"format": kind, "redact": redact, "filters": filter_names(asked)}
    await call.services.audit.enter(call.entry("sessions.export", Target("project", call.project.name), **details))
    return response


async def _download(call: Call, chunks: Iterator[bytes], stem: str, kind: str) -> Response:
    return await streamed(call.services, chunks, MEDIA_TYPES[kind], file_name(stem, kind))


def _views(call: Call, where: SessionFilter, *, redact: bool) -> Iterator[View]:
    store, project, base_url, notes = call.services.store, call.project.no, call.base_url, call.services.registry
    for session in store.export_sessions(project, where):
        yield View(store, project, session.id, base_url, api_url(base_url, session.id), redact, kept_notes=notes)


class _Wanted(Struct, frozen=True):
    """What the body of a bulk export says."""

    filters: FilterQuery
    format: BulkFormat
    redact: bool


def _wanted(call: Call) -> _Wanted:
    members = _members(call)
    filters = members.get("filters")
    if filters is not None and not isinstance(filters, dict):
        raise Invalid.field("filters", "expected an object")
    said = {name: members[name] for name in OWN_MEMBERS if members.get(name) is not None}
    try:
        request = msgspec.convert(said, BulkExportRequest)
    except msgspec.ValidationError as error:
        raise of_decoding(error) from None
    beside = {name: value for name, value in members.items() if name not in OWN_MEMBERS}
    pairs = [*_pairs(beside), *_pairs(filters or {})]
    return _Wanted(convert(FilterQuery, pairs), request.format, request.redact)


def _members(call: Call) -> dict[str, Any]:
    raw: bytes = call.body
    if not raw.strip():
        return {}
    check_depth(raw, call.services.settings.max_depth)
    members = decode_json(raw)
    if not isinstance(members, dict):
        raise Invalid.field("body", "expected an object")
    return members


def _pairs(filters: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield filters of a JSON body as a query would name them; null does not ask."""
    for name, value in filters.items():
        if name == "metadata" and isinstance(value, dict):
            yield from ((f"metadata.{key}", one) for key, one in value.items())
        elif value is not None:
            yield name, value


def _both(query: FilterQuery, body: FilterQuery) -> FilterQuery:
    """Return the filters of query and body together; one that both name is refused."""
    values: dict[str, Any] = {}
    for each in msgspec.structs.fields(FilterQuery):
        asked = [value for value in (getattr(query, each.name), getattr(body, each.name)) if value is not None]
        if len(asked) > 1:
            raise Invalid.field(each.encode_name, "given in the query and in the body")
        values[each.name] = asked[0] if asked else None
    return FilterQuery(**values)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=f"{BASE}/{{session_id}}/export",
        scope="read",
        handler=get_export,
        query=ExportQuery,
        answer=ExportAnswer,
        also=(Replay, "text/csv", "application/x-ndjson", "text/html"),
        summary="Export a session as JSON, CSV, NDJSON or a page that plays it",
        tag="export",
        errors=(SessionNotFound, TooLarge, NotBuilt),
    ),
    Route(
        method="POST",
        path=f"{BASE}/{{session_id}}/export",
        scope="read",
        handler=export_session,
        query=ExportQuery,
        body=ExportRequest,
        optional=True,
        answer=ExportAnswer,
        also=(Replay, "text/csv", "application/x-ndjson", "text/html"),
        summary="Export a session as JSON, CSV, NDJSON or a page that plays it, on request without personal data",
        tag="export",
        errors=(SessionNotFound, TooLarge, NotBuilt),
    ),
    Route(
        method="POST",
        path=f"{BASE}/export",
        scope="read",
        handler=export_sessions,
        query=BulkExportQuery,
        body=BulkExportRequest,
        raw=True,
        optional=True,
        answer="application/x-ndjson",
        also=("text/csv",),
        summary="Export every session that matches, as NDJSON or CSV",
        tag="export",
    ),
)
