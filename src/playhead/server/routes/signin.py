"""Signing in: the dashboard trades a link's token, or a key, for its cookie; and who the caller is."""

from __future__ import annotations

from msgspec import Struct
from starlette.responses import Response

from playhead.errors import Forbidden, Invalid, InvalidJson, TooLarge, Unauthorized, UnsupportedMedia
from playhead.model.answers import Answer, WhoAmI
from playhead.model.audit import Actor, NewEntry, Target
from playhead.model.requests import SignInRequest
from playhead.model.results import KeyRecord
from playhead.server.keyring import hash_key
from playhead.server.problems import struct_response
from playhead.server.table import Call, Route


class SignedOut(Struct, frozen=True):
    """Nobody is signed in any more."""

    signed_in: bool = False


async def sign_in(call: Call) -> Response:
    """Set the cookie of whoever a token or key stands for. Raises Unauthorized without saying more."""
    gate, settings = call.services.gate, call.services.settings
    if call.request.headers.get("origin"):
        gate.check_origin(call.request)
    key = await call.services.read(gate.sign_in, call.body.token)
    if key is None:
        refused = await call.services.read(_refusal, call)
        if refused is not None:
            await call.services.audit.enter_stranger(refused)
        raise Unauthorized("This link or key is not valid, or not any more")
    origin = call.origin_of(Actor("key", key.id, key.label))
    target = Target("project", key.project.name)
    await call.services.audit.enter(origin.entry(key.project.no, call.now_us, "sign-in", target))
    response = struct_response(_who(key), 200)
    response.set_cookie(
        gate.cookie,
        gate.make_token("cookie", key, settings.cookie_s),
        max_age=int(settings.cookie_s),
        secure=call.base_url.startswith("https:"),
        httponly=True,
        samesite="strict",
    )
    return response


def _refusal(call: Call) -> NewEntry | None:
    """Return the entry of a sign-in that is refused: in the log of the project that the key was of or names; else, as
    a link's token tells nothing, in the first one's."""
    registry, given = call.services.registry, call.body.token
    key = registry.find_key(hash_key(call.services.gate.secret, given))
    named = given.split("_")[1] if given.startswith("ph_") and given.count("_") > 1 else None
    projects = registry.list_projects()
    project = (
        key.project if key else next((each for each in projects if each.name == named), next(iter(projects), None))
    )
    if project is None:
        return None
    reason = "unknown key or link"
    if key is not None:
        reason = "the key was revoked" if key.revoked_us is not None else "the key has expired"
    actor = Actor("key") if key is None else Actor("key", key.id, key.label)
    target = Target("project", project.name)
    return call.origin_of(actor).entry(project.no, call.now_us, "sign-in", target, refused=reason)


async def sign_out(call: Call) -> Response:
    """Take the cookie back."""
    response = struct_response(Answer(data=SignedOut()), 200)
    response.delete_cookie(
        call.services.gate.cookie, httponly=True, samesite="strict", secure=call.base_url.startswith("https:")
    )
    return response


async def who_am_i(call: Call) -> Answer[WhoAmI]:
    """Say whose key this is, and what it may do."""
    if call.key is None:
        raise Unauthorized
    return _who(call.key)


def _who(key: KeyRecord) -> Answer[WhoAmI]:
    return Answer(data=WhoAmI(project=key.project.name, scope=key.scope))


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/api/sign-in",
        scope=None,
        handler=sign_in,
        answer=Answer[WhoAmI],
        body=SignInRequest,
        errors=(Unauthorized, Forbidden, Invalid, InvalidJson, TooLarge, UnsupportedMedia),
        summary="Sign in by a link's token or a key, for the dashboard's cookie",
        tag="keys",
    ),
    Route(
        method="POST",
        path="/api/sign-out",
        scope=None,
        handler=sign_out,
        answer=Answer[SignedOut],
        summary="Sign out",
        tag="keys",
    ),
    Route(
        method="GET",
        path="/api/whoami",
        scope="any",
        handler=who_am_i,
        answer=Answer[WhoAmI],
        summary="Say whose key this is",
        tag="keys",
    ),
)
