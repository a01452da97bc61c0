"""What visitors see of a shared session: read-only, without a key. Links are made in ``sharing``."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.responses import Response

from playhead.errors import (
    Forbidden,
    Invalid,
    PasswordRequired,
    ShareNotFound,
    SignInRequired,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from playhead.model.answers import Answer, EventsAnswer, Outline, PlayerData, Replay
from playhead.model.audit import NewEntry
from playhead.model.requests import EventsQuery, OutlineQuery, PlayerQuery, UnlockRequest
from playhead.model.results import KeyRecord, ShareRecord
from playhead.server.live import live_stream
from playhead.server.outline import outline
from playhead.server.player import player_data
from playhead.server.present import flat_event, redacted_event
from playhead.server.problems import struct_response
from playhead.server.routes.live import LiveQuery
from playhead.server.routes.reading import events_answer, replay_response
from playhead.server.shares import UNLOCKED_S, Admission, Shares, Visit, target_of, visitor
from playhead.server.table import Call, Route
from playhead.server.view import View

SHARED: Final = "/api/shared/{token}"
TICKET: Final = "playhead_share_ticket"
UNLOCKED: Final = "playhead_share_unlocked"
NO_LONGER: Final = (ShareNotFound, PasswordRequired, SignInRequired, Forbidden)


class Unlocked(Struct, frozen=True):
    """The password was right; the cookie that came with this opens the link."""

    unlocked: bool = True


async def get_shared(call: Call) -> Response:
    """Return the shared session's replay and count a view."""
    admission = await _admit(call, opening=True)
    return await _shown(call, admission, await replay_response(call, _view(call, admission.share)))


async def get_shared_player(call: Call) -> Response:
    """Return what the player loads first of the shared session."""
    admission = await _admit(call)
    data = await call.services.read(player_data, _view(call, admission.share), call.query, call.now_us)
    return await _shown(call, admission, struct_response(Answer(data=data), 200))


async def get_shared_outline(call: Call) -> Response:
    """Return the shared session from afar."""
    admission = await _admit(call)
    data = await call.services.read(outline, _view(call, admission.share), call.query.event)
    return await _shown(call, admission, struct_response(Answer(data=data), 200))


async def get_shared_events(call: Call) -> Response:
    """Return a page of the shared session's events."""
    admission = await _admit(call)
    answer = await events_answer(call, _view(call, admission.share))
    return await _shown(call, admission, struct_response(answer, 200))


async def follow_shared(call: Call) -> Response:
    """Stream the shared session's events as they arrive, as long as the link lasts."""
    admission = await _admit(call)
    share = admission.share
    stream = await live_stream(
        call,
        share.project_no,
        share.session_id,
        view=(lambda event: flat_event(redacted_event(event))) if share.redact else flat_event,
        allowed=lambda: _shares(call).still_lasts(call.params["token"]),
    )
    return await _shown(call, admission, stream)


async def unlock_shared(call: Call) -> Response:
    """Set the cookie of a visitor who knows the password. Raises Unauthorized for a wrong one, without saying more."""
    shares, attempts, body = _shares(call), call.services.attempts, call.body
    share = await call.services.read(shares.lockable, call.params["token"])
    try:
        attempts.spend(share.id, call.now_us)
    except TooManyRequests:
        await call.services.audit.enter_once(_unlocking(call, share, "too many passwords were tried"))
        raise
    unlocked = await call.services.read(shares.unlock, share, body.password)
    await call.services.audit.enter(_unlocking(call, share, "wrong password" if unlocked is None else None))
    if unlocked is None:
        raise PasswordRequired("This does not open the link")
    attempts.give_back(share.id)
    response = struct_response(Answer(data=Unlocked()), 200)
    _set_cookie(call, response, UNLOCKED, unlocked)
    return response


def _unlocking(call: Call, share: ShareRecord, refused: str | None) -> NewEntry:
    origin = call.origin_of(visitor(share))
    return origin.entry(share.project_no, call.now_us, "share.unlock", target_of(share), refused=refused)


def _shares(call: Call) -> Shares:
    return Shares(call.services.registry, call.services.gate.secret, call.now_us)


async def _admit(call: Call, *, opening: bool = False) -> Admission:
    cookies = call.request.cookies
    visit = Visit(
        token=call.params["token"],
        ticket=cookies.get(TICKET, ""),
        unlocked=cookies.get(UNLOCKED, ""),
        key=await call.services.read(_visitors_key, call),
    )
    return await call.services.read(_shares(call).admit, visit, opening=opening)


def _visitors_key(call: Call) -> KeyRecord | None:
    """Return the key of a visitor who has one; credentials of another kind are none of a link's business."""
    try:
        return call.services.gate.identify(call.request)
    except Unauthorized:
        return None


def _view(call: Call, share: ShareRecord) -> View:
    return View(
        store=call.services.store,
        project=share.project_no,
        session_id=share.session_id,
        base_url=call.base_url,
        url=f"{call.base_url}/api/shared/{call.params['token']}",
        redact=share.redact,
        shared=True,
    )


async def _shown(call: Call, admission: Admission, response: Response) -> Response:
    """Return what is shown, and count the view: not one that failed, and none of who asked for the head alone."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    if admission.is_view and call.request.method != "HEAD":
        origin = call.origin_of(admission.actor)
        _set_cookie(call, response, TICKET, await call.services.read(_shares(call).count, admission.share, origin))
    return response


def _set_cookie(call: Call, response: Response, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=UNLOCKED_S,
        path=f"{urlsplit(call.base_url).path}/api/shared/{call.params['token']}",
        secure=call.base_url.startswith("https:"),
        httponly=True,
        samesite="strict",
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=SHARED,
        scope=None,
        handler=get_shared,
        answer=Answer[Replay],
        summary="Open a link: the session's replay",
        tag="sharing",
        errors=NO_LONGER,
    ),
    Route(
        method="GET",
        path=f"{SHARED}/player",
        scope=None,
        handler=get_shared_player,
        query=PlayerQuery,
        answer=Answer[PlayerData],
        summary="Get what the player loads first, of a shared session",
        tag="sharing",
        errors=(*NO_LONGER, Invalid),
    ),
    Route(
        method="GET",
        path=f"{SHARED}/outline",
        scope=None,
        handler=get_shared_outline,
        query=OutlineQuery,
        answer=Answer[Outline],
        summary="Get a long shared session from afar",
        tag="sharing",
        errors=(*NO_LONGER, Invalid),
    ),
    Route(
        method="GET",
        path=f"{SHARED}/events",
        scope=None,
        handler=get_shared_events,
        query=EventsQuery,
        answer=EventsAnswer,
        summary="Page through a shared session's events",
        tag="sharing",
        errors=(*NO_LONGER, Invalid),
    ),
    Route(
        method="GET",
        path=f"{SHARED}/live",
        scope=None,
        handler=follow_shared,
        query=LiveQuery,
        answer="text/event-stream",
        summary="Follow a shared session as server-sent events",
        tag="sharing",
        errors=(*NO_LONGER, Invalid, Unavailable),
    ),
    Route(
        method="POST",
        path=f"{SHARED}/unlock",
        scope=None,
        handler=unlock_shared,
        body=UnlockRequest,
        answer=Answer[Unlocked],
        summary="Unlock a link by its password",
        tag="sharing",
        errors=(ShareNotFound, Unauthorized, Invalid, TooManyRequests),
    ),
)
