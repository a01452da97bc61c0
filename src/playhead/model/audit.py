"""The audit log: who did what, when and from where, one entry after the other for each project. Entries never change.

They hold ids, names and numbers: no secrets, and nothing of what was recorded. Each has one canonical form, the same
on every engine, so that a hash over it means the same everywhere.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from playhead.model.moment import from_us, to_us
from playhead.model.session import Erasure

Action: TypeAlias = Literal[
    "sign-in",
    "session.view",
    "session.change",
    "session.erase",
    "session.export",
    "sessions.export",
    "search",
    "share.create",
    "share.revoke",
    "share.unlock",
    "share.open",
    "key.create",
    "key.revoke",
    "settings.change",
    "note.create",
    "note.change",
    "note.delete",
    "audit.read",
    "audit.export",
]
ActorKind: TypeAlias = Literal["key", "share", "server", "command-line"]
TargetKind: TypeAlias = Literal["project", "session", "share", "key", "note", "settings", "audit"]
AuditOutcome: TypeAlias = Literal["ok", "refused"]
Details: TypeAlias = dict[str, Any]
"""Texts, whole numbers, booleans, null, and lists and objects of them: what has one form as JSON."""

MAX_AGENT_CHARS: Final = 200


class Actor(Struct, frozen=True, rename="camel"):
    """Who did something: a key, the visitor of a share, the server by itself, or a command (``id`` is the user of the
    operating system). ``label`` is what it was called then."""

    kind: ActorKind
    id: str = ""
    label: str = ""


class Origin(Struct, frozen=True):
    """Who asks for something, and from where."""

    actor: Actor
    address: str = ""
    agent: str = ""

    def entry(
        self,
        project_no: int,
        at_us: int,
        action: Action,
        target: Target,
        *,
        details: Details | None = None,
        refused: str | None = None,
    ) -> NewEntry:
        """Return the entry of what was asked for; ``refused`` says why it was not done."""
        return NewEntry(
            project_no=project_no,
            at_us=at_us,
            action=action,
            actor=self.actor,
            target=target,
            address=self.address,
            agent=self.agent,
            details=details or {},
            outcome="ok" if refused is None else "refused",
            reason=refused,
        )


class Target(Struct, frozen=True, rename="camel"):
    """What something was done to. ``session_id`` is the session that it belongs to, or that it is."""

    kind: TargetKind
    id: str = ""
    session_id: str | None = None


THE_SERVER: Final = Origin(Actor("server"))
"""The origin of what a server does by itself."""


def session_target(session_id: str) -> Target:
    """Return a session as a target."""
    return Target("session", session_id, session_id)


class NewEntry(Struct, frozen=True, kw_only=True):
    """An entry before it has its number. ``address`` and ``agent`` are empty for what came over no network."""

    project_no: int
    at_us: int
    action: Action
    actor: Actor
    target: Target
    address: str = ""
    agent: str = ""
    details: Details = field(default_factory=dict)
    outcome: AuditOutcome = "ok"
    reason: str | None = None


class AuditEntry(Struct, frozen=True, kw_only=True, rename="camel"):
    """An entry of a project's log. Numbers begin with 1 and have no holes."""

    no: int
    at: datetime
    action: Action
    actor: Actor
    target: Target
    address: str
    agent: str
    details: Details
    outcome: AuditOutcome
    reason: str | None

    @property
    def at_us(self) -> int:
        """When it was, in microseconds since the epoch."""
        return to_us(self.at)


class EntryFilter(Struct, frozen=True, kw_only=True):
    """Which entries are asked for: None and nothing ask for all. ``until_us`` is the first moment behind them."""

    actions: tuple[Action, ...] = ()
    actor: str | None = None
    target: str | None = None
    session_id: str | None = None
    from_us: int | None = None
    until_us: int | None = None

    def matches(self, entry: AuditEntry) -> bool:
        """Say whether an entry is one that is asked for."""
        return (
            (not self.actions or entry.action in self.actions)
            and self.actor in (None, entry.actor.id)
            and self.target in (None, entry.target.id)
            and self.session_id in (None, entry.target.session_id)
            and (self.from_us is None or entry.at_us >= self.from_us)
            and (self.until_us is None or entry.at_us < self.until_us)
        )


class EntryPage(Struct, frozen=True):
    """Entries, newest first; how many match in all; and the number before which the next page begins."""

    entries: list[AuditEntry]
    total: int
    next: int | None = None


_DECODER: Final = msgspec.json.Decoder(AuditEntry)


def numbered(entry: NewEntry, no: int) -> AuditEntry:
    """Return the entry that has a number."""
    return AuditEntry(
        no=no,
        at=from_us(entry.at_us),
        action=entry.action,
        actor=entry.actor,
        target=entry.target,
        address=entry.address,
        agent=entry.agent[:MAX_AGENT_CHARS],
        details=entry.details,
        outcome=entry.outcome,
        reason=entry.reason,
    )


def canonical(entry: AuditEntry) -> bytes:
    """Return an entry as JSON in its one form: members by name, no spaces, UTF-8."""
    return msgspec.json.encode(entry, order="sorted")


def of_canonical(text: str | bytes) -> AuditEntry:
    """Return the entry that a canonical form stands for."""
    return _DECODER.decode(text)


def with_erasure(entry: NewEntry, erasure: Erasure) -> NewEntry:
    """Return the entry of an erasure with what was removed."""
    removed = {"events": erasure.events, "messages": erasure.messages, "shares": erasure.shares}
    return replace(entry, details={**entry.details, **removed})
