"""Sharing: making, listing and revoking links to sessions. What their visitors see is in ``shared``."""

from __future__ import annotations

from playhead.errors import Invalid, SessionNotFound, ShareNotFound, Unavailable
from playhead.model.answers import Answer, SharedData, ShareItem, SharesAnswer
from playhead.model.audit import Target
from playhead.model.moment import from_us
from playhead.model.requests import ShareRequest, SharesQuery
from playhead.server.present import share_item
from playhead.server.project_shares import project_shares
from playhead.server.routes.reading import BASE
from playhead.server.shares import Shares
from playhead.server.table import Call, Route


async def share_session(call: Call) -> Answer[SharedData]:
    """Make a link to a session."""
    shares = Shares(call.services.registry, call.services.gate.secret, call.now_us)
    share, token = await call.services.read(
        shares.make,
        call.project.no,
        call.params["session_id"],
        call.body,
        call.services.random_bytes,
        call.origin,
    )
    return Answer(
        data=SharedData(
            share_id=share.id,
            share_token=token,
            share_url=f"{call.base_url}/shared/session/{token}",
            access_level=share.access_level,
            expires_at=from_us(share.expires_us),
        )
    )


async def list_shares(call: Call) -> Answer[list[ShareItem]]:
    """Return a session's links, without their tokens."""
    shares = await call.services.read(call.services.registry.list_shares, call.project.no, call.params["session_id"])
    return Answer(data=[share_item(share, call.now_us) for share in shares])


async def list_project_shares(call: Call) -> SharesAnswer:
    """Return a page of all links of the project, newest first."""
    query: SharesQuery = call.query
    store, registry = call.services.store, call.services.registry
    return await call.services.read(project_shares, store, registry, call.project.no, query, call.now_us)


async def revoke_share(call: Call) -> Answer[ShareItem]:
    """Close a link at once."""
    session_id, share_id = call.params["session_id"], call.params["share_id"]
    share = await call.services.read(
        call.services.registry.revoke_share,
        call.project.no,
        session_id,
        share_id,
        call.now_us,
        call.entry("share.revoke", Target("share", share_id, session_id)),
    )
    return Answer(data=share_item(share, call.now_us))


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path=f"{BASE}/{{session_id}}/share",
        scope="admin",
        handler=share_session,
        body=ShareRequest,
        optional=True,
        answer=Answer[SharedData],
        status=201,
        summary="Make a link to a session",
        tag="sharing",
        errors=(SessionNotFound, Invalid, Unavailable),
    ),
    Route(
        method="GET",
        path=f"{BASE}/{{session_id}}/shares",
        scope="admin",
        handler=list_shares,
        answer=Answer[list[ShareItem]],
        summary="List a session's links",
        tag="sharing",
        errors=(SessionNotFound,),
    ),
    Route(
        method="GET",
        path=f"{BASE}/shares",
        scope="admin",
        handler=list_project_shares,
        query=SharesQuery,
        answer=SharesAnswer,
        summary="List all links of the project, with the sessions that they open",
        tag="sharing",
    ),
    Route(
        method="DELETE",
        path=f"{BASE}/{{session_id}}/shares/{{share_id}}",
        scope="admin",
        handler=revoke_share,
        answer=Answer[ShareItem],
        summary="Revoke a link at once",
        tag="sharing",
        errors=(SessionNotFound, ShareNotFound, Unavailable),
    ),
)
