"""Shares: links that open one session to whoever has them, for a while.

Owns their tokens, passwords and tickets, and the decision whether a visitor may look. A link that is unknown, expired,
revoked or used up is ShareNotFound, and nothing tells these apart. Showing counts a view and gives a ticket, with which
the requests that follow count none. Blocks its thread; belongs on a reader thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from msgspec import Struct

from playhead.errors import Forbidden, Invalid, PasswordRequired, ShareNotFound, SignInRequired
from playhead.model.audit import THE_SERVER, Actor, Details, Origin, Target
from playhead.model.moment import format_us
from playhead.model.requests import ShareRequest
from playhead.model.results import KeyRecord, ShareRecord
from playhead.server.keyring import keyed_hash, random_text
from playhead.server.present import is_open
from playhead.server.signing import Signer
from playhead.store.base import Registry

SECOND_US: Final = 1_000_000
TICKET_S: Final = 4 * 3600
UNLOCKED_S: Final = 12 * 3600

# OWASP's parameters for argon2id with little memory: many visitors may unlock at once.
HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.ID)


class Pass(Struct, frozen=True, array_like=True):
    """What a ticket says: for which share it is, and until when."""

    share_id: str
    until_us: int


PASSES: Final = msgspec.msgpack.Decoder(Pass)


class Visit(Struct, frozen=True):
    """What a visitor brings: the link's token, tickets from before, and perhaps a key of their own."""

    token: str
    ticket: str = ""
    unlocked: str = ""
    key: KeyRecord | None = None


class Admission(Struct, frozen=True):
    """A visitor who may look; ``is_view`` says whether it is a view when something is shown (``count``). ``actor`` is
    who looks: of a team's link the visitor's own key."""

    share: ShareRecord
    is_view: bool
    actor: Actor


class Shares:
    """Makes and opens links. Keeps nothing itself."""

    def __init__(self, registry: Registry, secret: bytes, now_us: int) -> None:
        self._registry = registry
        self._secret = secret
        self._now_us = now_us
        self._tickets = Signer(secret, "share ticket")
        self._unlocked = Signer(secret, "share unlocked")

    def make(
        self,
        project: int,
        session_id: str,
        wanted: ShareRequest,
        random_bytes: Callable[[int], bytes],
        origin: Origin = THE_SERVER,
    ) -> tuple[ShareRecord, str]:
        """Make and keep a share, and enter that; returns it and its token, which is shown this once.

        Raises SessionNotFound, and Invalid where password and access level contradict each other.
        """
        _check_password(wanted)
        token = random_text(random_bytes)
        share = ShareRecord(
            id=f"share_{random_text(random_bytes, 10)}",
            project_no=project,
            session_id=session_id,
            access_level=wanted.access_level,
            created_us=self._now_us,
            expires_us=self._now_us + wanted.expires_in * SECOND_US,
            password_hash=None if wanted.password is None else HASHER.hash(wanted.password),
            max_views=wanted.max_views,
            redact=wanted.redact,
        )
        entry = origin.entry(project, self._now_us, "share.create", target_of(share), details=_terms(share))
        self._registry.add_share(share, self._hash(token), entry)
        return share, token

    def admit(self, visit: Visit, *, opening: bool) -> Admission:
        """Let a visitor look, or raise why not. Counts nothing.

        ``opening`` is a view whatever ticket there is; without it only where no ticket is valid. Raises ShareNotFound,
        PasswordRequired, SignInRequired, Forbidden.
        """
        share = self._registry.find_share(self._hash(visit.token))
        has_ticket = share is not None and not opening and self._passes(self._tickets, visit.ticket, share)
        if share is None or not self._lasts(share) or not (has_ticket or is_open(share, self._now_us)):
            raise ShareNotFound
        self._check_access(share, visit)
        key = visit.key if share.access_level == "team" else None
        actor = visitor(share) if key is None else Actor("key", key.id, key.label)
        return Admission(share, is_view=not has_ticket, actor=actor)

    def count(self, share: ShareRecord, origin: Origin = THE_SERVER) -> str:
        """Count and enter a view, atomically, and return its ticket. Raises ShareNotFound when others had the last."""
        details: Details = {"accessLevel": share.access_level}
        entry = origin.entry(share.project_no, self._now_us, "share.open", target_of(share), details=details)
        if not self._registry.count_view(share.id, self._now_us, entry):
            raise ShareNotFound
        return self._pass(self._tickets, share, TICKET_S)

    def lockable(self, token: str) -> ShareRecord:
        """Return the share of a link that could be opened now, its lock aside. Raises ShareNotFound."""
        share = self._registry.find_share(self._hash(token))
        if share is None or not is_open(share, self._now_us):
            raise ShareNotFound
        return share

    def unlock(self, share: ShareRecord, password: str) -> str | None:
        """Return the ticket of a visitor who knows the password, or None for a wrong one."""
        if share.access_level != "password" or not _is_password(share, password):
            return None
        return self._pass(self._unlocked, share, UNLOCKED_S)

    def still_lasts(self, token: str) -> bool:
        """Say whether a link that was opened may still be looked through."""
        share = self._registry.find_share(self._hash(token))
        return share is not None and self._lasts(share)

    def _check_access(self, share: ShareRecord, visit: Visit) -> None:
        if share.access_level == "password" and not self._passes(self._unlocked, visit.unlocked, share):
            raise PasswordRequired
        if share.access_level != "team":
            return
        if visit.key is None:
            raise SignInRequired
        if visit.key.project.no != share.project_no:
            raise ShareNotFound
        if visit.key.scope == "ingest":
            raise Forbidden("This link asks for a key that may read")

    def _lasts(self, share: ShareRecord) -> bool:
        return share.revoked_us is None and self._now_us < share.expires_us

    def _pass(self, signer: Signer, share: ShareRecord, lifetime_s: int) -> str:
        until_us = min(self._now_us + lifetime_s * SECOND_US, share.expires_us)
        return signer.sign(msgspec.msgpack.encode(Pass(share.id, until_us)))

    def _passes(self, signer: Signer, text: str, share: ShareRecord) -> bool:
        payload = signer.open(text)
        if payload is None:
            return False
        said = PASSES.decode(payload)
        return said.share_id == share.id and self._now_us < said.until_us

    def _hash(self, token: str) -> bytes:
        return keyed_hash(self._secret, "share", token)


def visitor(share: ShareRecord) -> Actor:
    """Return whoever has a link, as an actor: of that person nothing else is known."""
    return Actor("share", share.id)


def target_of(share: ShareRecord) -> Target:
    """Return a share as a target."""
    return Target("share", share.id, share.session_id)


def _terms(share: ShareRecord) -> Details:
    return {
        "accessLevel": share.access_level,
        "expiresAt": format_us(share.expires_us),
        "maxViews": share.max_views,
        "redact": share.redact,
    }


def _check_password(wanted: ShareRequest) -> None:
    if wanted.access_level == "password" and wanted.password is None:
        raise Invalid.field("password", "required when accessLevel is password")
    if wanted.access_level != "password" and wanted.password is not None:
        raise Invalid.field("password", f"accessLevel {wanted.access_level} asks for none; say accessLevel: password")


def _is_password(share: ShareRecord, password: str) -> bool:
    try:
        return share.password_hash is not None and HASHER.verify(share.password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
