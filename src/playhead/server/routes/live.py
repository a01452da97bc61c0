"""Live: following a session while it is being recorded."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from starlette.responses import Response

from playhead.errors import Invalid, SessionNotFound, Unavailable
from playhead.server.live import live_stream
from playhead.server.table import Call, Route
from playhead.server.witness import viewed


class LiveQuery(Struct, frozen=True, kw_only=True):
    """``GET /{sessionId}/live``: for readers that cannot send ``Last-Event-ID``, the seq to go on behind."""

    after: Annotated[int, Meta(ge=0, le=2**53)] = 0


async def follow_session(call: Call) -> Response:
    """Stream a session's events as they arrive; the key is asked for again as long as the stream is open."""
    key, gate = call.key, call.services.gate
    stream = await live_stream(
        call,
        call.project.no,
        call.params["session_id"],
        allowed=lambda: key is not None and gate.is_current(key),
    )
    await viewed(call)
    return stream


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/session-replay/{session_id}/live",
        scope="read",
        handler=follow_session,
        answer="text/event-stream",
        query=LiveQuery,
        errors=(SessionNotFound, Invalid, Unavailable),
        summary="Follow a session as server-sent events",
        tag="reading",
    ),
)
