"""The shape of a route: one row of the table that binding, OpenAPI, authorization, docs and tests all read.

A handler gets a ``Call`` with everything decoded and checked, and returns a struct, or a Starlette response where an
answer is a download or a stream. This module says what a row is; it binds nothing and knows no route.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from msgspec import Struct
from starlette.requests import Request

from playhead.errors import PlayheadError, Unauthorized
from playhead.model.audit import MAX_AGENT_CHARS, Action, Actor, NewEntry, Origin, Target
from playhead.model.results import KeyRecord, Project, Scope
from playhead.server.services import Services

Method: TypeAlias = Literal["GET", "POST", "PATCH", "DELETE"]
Needs: TypeAlias = Scope | Literal["any"] | None
"""What a caller must hold: a scope (``admin`` has them all), any key, or nothing."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way to a handler: ``query`` and ``body`` are structs of the kinds that the route names."""

    request: Request
    services: Services
    key: KeyRecord | None
    query: Any = None
    body: Any = None

    @property
    def params(self) -> dict[str, str]:
        """The path's parameters, decoded."""
        params: dict[str, str] = self.request.path_params
        return params

    @property
    def project(self) -> Project:
        """The project that the key decides. Raises Unauthorized on a call without one."""
        if self.key is None:
            raise Unauthorized
        return self.key.project

    @property
    def origin(self) -> Origin:
        """Whose key asks, and from where, as the audit log says it. Raises Unauthorized on a call without one."""
        if self.key is None:
            raise Unauthorized
        return self.origin_of(Actor("key", self.key.id, self.key.label))

    def origin_of(self, actor: Actor) -> Origin:
        """Return an actor with where this call comes from."""
        client, agent = self.request.client, self.request.headers.get("user-agent", "")
        return Origin(actor, client.host if client is not None else "", agent[:MAX_AGENT_CHARS])

    def entry(self, action: Action, target: Target, **details: Any) -> NewEntry:
        """Return the audit log's entry of this call."""
        return self.origin.entry(self.project.no, self.now_us, action, target, details=details)

    @property
    def now_us(self) -> int:
        """The moment, in microseconds since the epoch."""
        return self.services.clock()

    @property
    def base_url(self) -> str:
        """Where people reach this server, without a slash at the end: for the links in answers."""
        url = self.services.settings.public_url
        return url.rstrip("/") if url else str(self.request.base_url).rstrip("/")


Handler: TypeAlias = Callable[[Call], Awaitable[Any]]


class Route(Struct, frozen=True, kw_only=True):
    """One row.

    ``answer`` is the struct of a success, or a media type for what is no JSON; ``also`` names further structs and
    media types that a success may have, ``accepts`` those of a body beside JSON. ``raw`` hands the handler the body's
    bytes (unpacked, within the limit), which ``body`` then only documents; ``optional`` takes an empty body for the
    struct's defaults.
    """

    method: Method
    path: str
    scope: Needs
    handler: Handler
    answer: Any
    summary: str
    tag: str
    query: type[Struct] | None = None
    body: Any = None
    status: int = 200
    statuses: tuple[int, ...] = ()
    errors: tuple[type[PlayheadError], ...] = ()
    also: tuple[Any, ...] = ()
    accepts: tuple[str, ...] = ()
    raw: bool = False
    optional: bool = False
    hidden: bool = False

    @property
    def takes_body(self) -> bool:
        """Whether a request body is read at all."""
        return self.raw or self.body is not None

    @property
    def name(self) -> str:
        """The handler's name: the operation's id in OpenAPI."""
        return getattr(self.handler, "__name__", "handler")
