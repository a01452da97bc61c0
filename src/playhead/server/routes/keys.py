"""Keys of the caller's own project: made (and shown once), listed, revoked."""

from __future__ import annotations

from typing import Any

from playhead.errors import Invalid, InvalidJson, KeyNotFound, TooLarge, UnsupportedMedia
from playhead.model.answers import Answer, KeyItem, NewKeyData
from playhead.model.moment import from_us
from playhead.model.requests import KeyRequest
from playhead.model.results import KeyRecord
from playhead.replay.events import moment_us
from playhead.server.keyring import entry_of_key, make_key
from playhead.server.table import Call, Route


async def create_key(call: Call) -> Answer[NewKeyData]:
    """Make a key; its text is in this answer and nowhere else."""
    services, body = call.services, call.body
    expires_us = None if body.expires_at is None else moment_us("expiresAt", body.expires_at)
    if expires_us is not None and expires_us <= call.now_us:
        raise Invalid.field("expiresAt", "has passed already")
    record, key = await services.read(
        make_key,
        services.registry,
        call.project,
        scope=body.scope,
        now_us=call.now_us,
        random_bytes=services.random_bytes,
        label=body.label,
        expires_us=expires_us,
        origin=call.origin,
    )
    return Answer(data=NewKeyData(**_members(record), key=key))


async def list_keys(call: Call) -> Answer[list[KeyItem]]:
    """List the project's keys, also revoked and expired ones."""
    records = await call.services.read(call.services.registry.list_keys, call.project.no)
    return Answer(data=[KeyItem(**_members(record)) for record in records])


async def revoke_key(call: Call) -> Answer[KeyItem]:
    """Revoke a key at once; revoking it again is harmless."""
    return Answer(data=KeyItem(**_members(await call.services.read(_revoke, call, call.params["key_id"]))))


def _revoke(call: Call, key_id: str) -> KeyRecord:
    registry = call.services.registry
    record = registry.get_key(key_id)
    if record is None:
        raise KeyNotFound
    entry = entry_of_key("key.revoke", record, call.origin, call.now_us)
    return registry.revoke_key(key_id, call.now_us, call.project.no, entry)


def _members(record: KeyRecord) -> dict[str, Any]:
    return {
        "key_id": record.id,
        "project": record.project.name,
        "scope": record.scope,
        "label": record.label,
        "created_at": from_us(record.created_us),
        "expires_at": None if record.expires_us is None else from_us(record.expires_us),
        "revoked_at": None if record.revoked_us is None else from_us(record.revoked_us),
    }


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/api/keys",
        scope="admin",
        handler=create_key,
        answer=Answer[NewKeyData],
        status=201,
        body=KeyRequest,
        optional=True,
        errors=(Invalid, InvalidJson, TooLarge, UnsupportedMedia),
        summary="Make a key",
        tag="keys",
    ),
    Route(
        method="GET",
        path="/api/keys",
        scope="admin",
        handler=list_keys,
        answer=Answer[list[KeyItem]],
        summary="List the project's keys",
        tag="keys",
    ),
    Route(
        method="DELETE",
        path="/api/keys/{key_id}",
        scope="admin",
        handler=revoke_key,
        answer=Answer[KeyItem],
        errors=(KeyNotFound,),
        summary="Revoke a key",
        tag="keys",
    ),
)
