"""Live streams: a session's events as server-sent events, in order of arrival, until it ends.

A pending interaction is sent again when it is completed. So a place in a stream is two numbers, the seq of the last
event and the number of the last change; the id of a message is ``seq``, or ``seq-change`` once there was a change.

A stream wakes when this process stored something and looks once a second for what another process did. It holds one
small page at a time, so a slow reader costs little, and one that takes nothing at all for a while is let go.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncGenerator, Callable
from typing import Self, TypeAlias, TypeVar

import msgspec
from msgspec import Struct
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
T = TypeVar("T")
RETRY_MS = 1000
HEARTBEAT = b": keep-alive\n\n"
MAX_SEQ = 2**53
POSITION = re.compile(r"(\d{1,16})(?:-(\d{1,16}))?", re.ASCII)
View: TypeAlias = Callable[[StoredEvent], Object]


class Position(Struct, frozen=True):
    """How far a reader has come: the last event that arrived, and the last change of an earlier one."""

    seq: int
    change: int = 0

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the position that the id of a message says, or None when it is none."""
        found = POSITION.fullmatch(text)
        numbers = [int(part or 0) for part in found.groups()] if found else [MAX_SEQ + 1]
        return cls(*numbers) if max(numbers) <= MAX_SEQ else None

    def __str__(self) -> str:
        return f"{self.seq}-{self.change}" if self.change else f"{self.seq}"


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
    position = _position(call)
    await services.read(services.store.get_session, project, session_id)
    if services.meter.streams >= services.settings.live_clients:
        raise Unavailable(f"There are {services.meter.streams} live streams already (PLAYHEAD_LIVE_CLIENTS)")
    return LiveResponse(call, _Follower(call, (project, session_id), view, allowed).frames(position))


def _position(call: Call) -> Position:
    text = call.request.headers.get("last-event-id", "").strip()
    if not text:
        return Position(call.query.after if call.query is not None else 0)
    position = Position.read(text)
    if position is None:
        raise Invalid.field("Last-Event-ID", "expected the id of a message of this stream, as it came")
    return position


class _Follower:
    """Reads a session page by page, and waits where it ends."""

    def __init__(self, call: Call, place: Place, view: View, allowed: Callable[[], bool]) -> None:
        self._services = call.services
        self._place = place
        self._view = view
        self._allowed = allowed

    async def frames(self, position: Position) -> AsyncGenerator[bytes, None]:
        """Yield frames: events behind a position, heartbeats, and ``end`` when the session has ended or is gone."""
        yield f"retry: {RETRY_MS}\n\n".encode()
        heartbeat_s, quiet_s, asked_s = self._services.settings.live_heartbeat_s, 0.0, time.monotonic()
        with self._services.hub.listening(self._place) as signal:
            while not self._services.hub.closing:
                signal.clear()
                if time.monotonic() - asked_s >= ASK_S:
                    if not await self._services.read(self._allowed):
                        return
                    asked_s = time.monotonic()
                session, found = await self._look(position)
                for position, event in found:  # noqa: PLR1704 - where the reader stands now
                    yield self._frame(position, event)
                    quiet_s = 0.0
                if found:
                    continue
                if session is None or session.status != "active":
                    yield _end(session)
                    return
                quiet_s += await _wait(signal, min(POLL_S, heartbeat_s))
                if quiet_s >= heartbeat_s:
                    yield HEARTBEAT
                    quiet_s = 0.0

    async def _look(self, position: Position) -> tuple[Session | None, list[tuple[Position, StoredEvent]]]:
        """Return the session, read before its events so that one that has ended has no later ones unseen; and what is
        new, each event with the position behind it."""
        try:
            session = await self._read(self._services.store.get_session)
            changed = await self._changed(position, session)
            return session, changed or await self._arrived(position, session)
        except SessionNotFound:
            return None, []

    async def _changed(self, position: Position, session: Session) -> list[tuple[Position, StoredEvent]]:
        """Return events that were sent while they were pending and have been completed."""
        if position.seq == 0 or session.totals.changes <= position.change:
            return []
        page = await self._read(self._services.store.get_changed, position.change, position.seq, PAGE_EVENTS)
        return [(Position(position.seq, event.change), event) for event in page.events]

    async def _arrived(self, position: Position, session: Session) -> list[tuple[Position, StoredEvent]]:
        """Return events that the reader has not had, as they are after the changes that the session counts."""
        change = max(position.change, session.totals.changes)
        page = await self._read(self._services.store.get_events_since, position.seq, PAGE_EVENTS)
        return [(Position(event.seq, change), event) for event in page.events]

    async def _read(self, question: Callable[..., T], *arguments: int) -> T:
        return await self._services.read(question, *self._place, *arguments)

    def _frame(self, position: Position, event: StoredEvent) -> bytes:
        data = msgspec.json.encode(self._view(event))
        return b"id: %b\ndata: %b\n\n" % (str(position).encode(), data)


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
