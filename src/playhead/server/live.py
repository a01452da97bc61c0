"""Live streams: a session's events as server-sent events, in order of arrival, until it ends.

A stream wakes when this process stored something and looks once a second for what another process did. It holds one
small page at a time, so a slow reader costs little, and one that takes nothing at all for a while is let go.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from typing import TypeAlias

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from playhead.errors import Invalid, SessionNotFound, Unavailable
from playhead.model.event import Object, StoredEvent
from playhead.model.session import Session
from playhead.server.hub import Place
from playhead.server.present import flat_event
from playhead.server.table import Call

POLL_S = 1.0
ASK_S = 1.0
STALL_S = 60.0
PAGE_EVENTS = 32
RETRY_MS = 1000
HEARTBEAT = b": keep-alive\n\n"
MAX_SEQ = 2**53
View: TypeAlias = Callable[[StoredEvent], Object]


async def live_stream(
    call: Call,
    project: int,
    session_id: str,
    *,
    view: View = flat_event,
    allowed: Callable[[], bool] = lambda: True,
) -> Response:
    """Return the stream of a session from behind the ``Last-Event-ID`` (or ``?after=``) that the request names.

    ``view`` says what of an event is shown; ``allowed`` is asked every second whether the reader may still read.
    Raises SessionNotFound, Invalid, Unavailable when there are too many streams.
    """
    services = call.services
    seq = _position(call)
    await services.read(services.store.get_session, project, session_id)
    if services.meter.streams >= services.settings.live_clients:
        raise Unavailable(f"There are {services.meter.streams} live streams already (PLAYHEAD_LIVE_CLIENTS)")
    return LiveResponse(call, _Follower(call, (project, session_id), view, allowed).frames(seq))


def _position(call: Call) -> int:
    text = call.request.headers.get("last-event-id", "").strip()
    if not text:
        return call.query.after if call.query is not None else 0
    if not (text.isascii() and text.isdecimal() and int(text) <= MAX_SEQ):
        raise Invalid.field("Last-Event-ID", "expected the id of an event of this stream, a whole number")
    return int(text)


class _Follower:
    """Reads a session page by page, and waits where it ends."""

    def __init__(self, call: Call, place: Place, view: View, allowed: Callable[[], bool]) -> None:
        self._services = call.services
        self._place = place
        self._view = view
        self._allowed = allowed

    async def frames(self, seq: int) -> AsyncGenerator[bytes, None]:
        """Yield frames: events behind ``seq``, heartbeats, and ``end`` when the session has ended or is gone."""
        yield f"retry: {RETRY_MS}\n\n".encode()
        heartbeat_s, quiet_s, asked_s = self._services.settings.live_heartbeat_s, 0.0, time.monotonic()
        with self._services.hub.listening(self._place) as signal:
            while not self._services.hub.closing:
                signal.clear()
                if time.monotonic() - asked_s >= ASK_S:
                    if not await self._services.read(self._allowed):
                        return
                    asked_s = time.monotonic()
                session, events = await self._look(seq)
                for event in events:
                    yield self._frame(event)
                    seq, quiet_s = event.seq, 0.0
                if events:
                    continue
                if session is None or session.status != "active":
                    yield _end(session)
                    return
                quiet_s += await _wait(signal, min(POLL_S, heartbeat_s))
                if quiet_s >= heartbeat_s:
                    yield HEARTBEAT
                    quiet_s = 0.0

    async def _look(self, seq: int) -> tuple[Session | None, list[StoredEvent]]:
        """Return the session, read before its events so that one that has ended has no later ones unseen."""
        services, (project, session_id) = self._services, self._place
        try:
            session = await services.read(services.store.get_session, project, session_id)
            page = await services.read(services.store.get_events_since, project, session_id, seq, PAGE_EVENTS)
        except SessionNotFound:
            return None, []
        return session, page.events

    def _frame(self, event: StoredEvent) -> bytes:
        data = msgspec.json.encode(self._view(event))
        return b"id: %d\ndata: %b\n\n" % (event.seq, data)


def _end(session: Session | None) -> bytes:
    data = {"status": session.status, "endReason": session.end_reason} if session else {"status": "erased"}
    return b"event: end\ndata: %b\n\n" % msgspec.json.encode(data)


async def _wait(signal: asyncio.Event, timeout_s: float) -> float:
    """Wait for a signal; return the seconds that passed without one."""
    try:
        async with asyncio.timeout(timeout_s):
            await signal.wait()
    except TimeoutError:
        return timeout_s
    return 0.0


class LiveResponse(Response):
    """Sends frames until they end, the reader goes away, or it takes nothing for ``STALL_S`` seconds."""

    def __init__(self, call: Call, frames: AsyncGenerator[bytes, None]) -> None:
        super().__init__(
            None, 200, {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}, media_type="text/event-stream"
        )
        del self.headers["content-length"]
        self._meter = call.services.meter
        self._frames = frames

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] != "HEAD":
            self._meter.streams += 1
            try:
                await self._until_gone(receive, send)
            finally:
                self._meter.streams -= 1
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _until_gone(self, receive: Receive, send: Send) -> None:
        tasks = {asyncio.create_task(self._send_all(send)), asyncio.create_task(_disconnected(receive))}
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for task in done:
            task.result()

    async def _send_all(self, send: Send) -> None:
        async with contextlib.aclosing(self._frames) as frames:
            async for frame in frames:
                try:
                    async with asyncio.timeout(STALL_S):
                        await send({"type": "http.response.body", "body": frame, "more_body": True})
                except TimeoutError:
                    return


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
